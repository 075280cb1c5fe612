"""People, their postings and roles, as IT keeps them. Nobody gives anything to themself (K-role)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from koshiki import clock
from koshiki.audit.log import Act, record, record_all
from koshiki.database.locks import lock
from koshiki.guideline import Refused
from koshiki.organization.flow import CLAUSE, IT_WORD, require_another, require_it
from koshiki.organization.models import Division, Person, Posting, RoleGrant
from koshiki.organization.sign_in import end_sessions, one_time_password, staff_number, waiting_for_password


@sensitive_variables("password")
@transaction.atomic
def add_person(number: str, name: str, *, by: Person, **more: str) -> tuple[Person, str]:
    """Enter a person; gives the person and the one-time password. Raises Refused K-person when known already."""
    password = one_time_password()
    person = Person(staff_number=staff_number(number), name=name, must_change_password=True, **more)
    person.set_password(password)
    _enter([person], by)
    return person, password


@transaction.atomic
def add_people(people: list[Person], *, by: Person) -> list[Person]:
    """Enter many at once. Nobody can sign in as they until `give_first_passwords`. Raises Refused K-person."""
    for person in people:
        person.staff_number = staff_number(person.staff_number)
        person.must_change_password = True
        person.set_unusable_password()
    return _enter(people, by)


@sensitive_variables("passwords")
@transaction.atomic
def give_first_passwords(people: list[Person], *, by: Person) -> list[tuple[Person, str]]:
    """A one-time password for each who never had one; gives them with it, once. Others are left as they are."""
    require_it(by)
    waiting = waiting_for_password().select_for_update().filter(pk__in=[p.pk for p in people])
    passwords = [(person, one_time_password()) for person in waiting.order_by("staff_number")]
    for person, password in passwords:
        person.set_password(password)
    Person.objects.bulk_update([person for person, _ in passwords], ["password"])
    record_all([Act("person.first_password", person, CLAUSE) for person, _ in passwords], by=by)
    return passwords


@transaction.atomic
def change_person(person: Person, *, by: Person, **fields: str) -> Person:
    """Correct name, kana, mail or extension. The 職員番号 never changes: people are told by it."""
    require_it(by)
    locked = lock(person)
    changed = {name: value for name, value in fields.items() if getattr(locked, name) != value}
    for name, value in changed.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changed))
    if changed:
        record("person.change", locked, by=by, clause=CLAUSE, changed=sorted(changed))
    return locked


@transaction.atomic
def deactivate(person: Person, *, by: Person, reason: str) -> Person:
    """Shut a person out at once: no sign-in, no session, no role. Never deleted (K-history)."""
    require_it(by)
    require_another(by, person, "ログインの停止")
    _keep_one_it(person)
    locked = lock(person)
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    ended = end_sessions(locked)
    record("person.deactivate", locked, by=by, clause="K-history", reason=reason, sessions=ended)
    return locked


@sensitive_variables("password")
@transaction.atomic
def reactivate(person: Person, *, by: Person) -> tuple[Person, str]:
    """Let a deactivated person in again, with a new one-time password. Gives both."""
    require_it(by)
    locked = lock(person)
    locked.is_active = True
    password = _give_password(locked)
    record("person.reactivate", locked, by=by, clause=CLAUSE)
    return locked, password


@sensitive_variables("password")
@transaction.atomic
def reset_password(person: Person, *, by: Person) -> str:
    """A new one-time password, given once; every session of the person ends."""
    require_it(by)
    require_another(by, person, "パスワードの再発行")
    locked = lock(person)
    password = _give_password(locked)
    end_sessions(locked)
    record("person.reset_password", locked, by=by, clause=CLAUSE)
    return password


@sensitive_variables("password")
@transaction.atomic
def change_password(person: Person, password: str) -> None:
    """The person's own new password; the first one from another's hand is thereby done with."""
    locked = lock(person)
    locked.set_password(password)
    locked.must_change_password = False
    locked.save(update_fields=["password", "must_change_password"])
    record("person.change_password", locked, by=locked)
    person.password, person.must_change_password = locked.password, False


@transaction.atomic
def post(person: Person, division: Division, position: str, *, start: date, by: Person,
         end: date | None = None) -> Posting:
    """Post a person to a division (配属). Raises Refused K-role for oneself: heads are told by their position."""
    return post_all([Posting(person=person, division=division, position=position, start=start, end=end)], by=by)[0]


@transaction.atomic
def post_all(postings: list[Posting], *, by: Person) -> list[Posting]:
    """Many postings at once. Raises Refused K-role when one of them is one's own."""
    require_it(by)
    for posting in postings:
        require_another(by, posting.person, "配属")
    made: list[Posting] = Posting.objects.bulk_create(postings)
    record_all([Act("posting.add", p, CLAUSE, {"person": p.person.staff_number, "start": str(p.start),
                                               "end": str(p.end or "")}) for p in made], by=by)
    return made


@transaction.atomic
def end_posting(posting: Posting, *, end: date, by: Person) -> Posting:
    """End a posting on a day, inclusive."""
    require_it(by)
    require_another(by, posting.person, "配属")
    ended: Posting = _end(posting, end)
    record("posting.end", ended, by=by, clause=CLAUSE, person=ended.person.staff_number, end=str(end))
    return ended


@transaction.atomic
def grant_role(person: Person, role: str, *, start: date, by: Person, end: date | None = None) -> RoleGrant:
    """Give the role of auditor or IT. Raises Refused K-role for oneself, also for the first administrator."""
    require_it(by)
    require_another(by, person, "役割の付与")
    grant = RoleGrant.objects.create(person=person, role=role, start=start, end=end, granted_by=by)
    record("rolegrant.add", grant, by=by, clause="K-role", person=person.staff_number, role=role, start=str(start),
           end=str(end or ""))
    return grant


@transaction.atomic
def end_role(grant: RoleGrant, *, end: date, by: Person) -> RoleGrant:
    """End a role on a day, inclusive. Raises Refused K-administrator when nobody would keep the system."""
    require_it(by)
    require_another(by, grant.person, "役割の終了")
    if grant.role == RoleGrant.Role.IT:
        _keep_one_it(grant.person)
    ended: RoleGrant = _end(grant, end)
    record("rolegrant.end", ended, by=by, clause="K-role", person=ended.person.staff_number, role=ended.role,
           end=str(end))
    return ended


def _enter(people: list[Person], by: Person) -> list[Person]:
    require_it(by)
    known = Person.objects.filter(staff_number__in=[person.staff_number for person in people]).first()
    if known:
        raise Refused("K-person", f"職員番号 {known.staff_number} のログインは、すでにあります（{known.name}さん）。",
                      now="その職員のページで、直すか、有効に戻してください。", who=IT_WORD)
    made = Person.objects.bulk_create(people)
    record_all([Act("person.add", p, CLAUSE, {"number": p.staff_number}) for p in made], by=by)
    return made


@sensitive_variables("password")
def _give_password(person: Person) -> str:
    password = one_time_password()
    person.set_password(password)
    person.must_change_password = True
    person.save(update_fields=["password", "must_change_password", "is_active"])
    return password


def _end(row: Any, end: date) -> Any:
    locked = lock(row)
    locked.end = max(end, locked.start)
    locked.save(update_fields=["end"])
    return locked


def _keep_one_it(leaving: Person) -> None:
    """Raises Refused K-administrator when nobody else keeps the system until further notice. Locks the grants."""
    grants = RoleGrant.objects.select_for_update(of=("self",)).filter(role=RoleGrant.Role.IT, end__isnull=True)
    staying = grants.filter(start__lte=clock.today(), person__is_active=True).exclude(person=leaving)
    if not list(staying):
        raise Refused("K-administrator", f"{leaving.name}さんのほかに、期限なくシステム管理を担当する職員がいません。",
                      now="先に、ほかの職員へシステム管理の役割を与えてください。", who=IT_WORD)
