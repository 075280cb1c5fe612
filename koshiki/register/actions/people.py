"""The head names who drafts and who approves for an account, from–to (§8(1))."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.organization.roles import belongs, require_confirmation
from koshiki.register.flow import FLOW, HEAD
from koshiki.register.models import Account, Assignment
from koshiki.register.moves import locked_for, pass_on
from koshiki.workflow import lock

Role = Assignment.Role


def name_author(account: Account, person: Person, *, start: date, by: Person, end: date | None = None) -> Assignment:
    """Name a 情報発信担当者. Raises Refused §8(1), §4(1), K-role."""
    return _name(account, person, Role.AUTHOR, (start, end), by=by)


def name_approver(account: Account, person: Person, *, start: date, by: Person, end: date | None = None) -> Assignment:
    """Name a 情報発信責任者: グループ長又は係長以上の職にある者. Raises Refused §8(1), §4(1), K-role."""
    return _name(account, person, Role.APPROVER, (start, end), by=by)


@transaction.atomic
def _name(account: Account, person: Person, role: Role, term: tuple[date, date | None], *, by: Person) -> Assignment:
    start, end = term
    locked = locked_for(account, "name_people", by=by)
    if person == by:
        raise Refused("K-role", "自分を担当者・責任者に指定することはできません。", now="代決者が指定します。", who="代決者")
    _require_able(locked, person.afresh(), role)
    if _overlapping(locked, person, role, start, end):
        raise Refused("§8(1)", f"{person.name}さんは、その期間にすでに{role.label}です。",
                      now="期間を確かめてください。", who=HEAD)
    assignment = Assignment.objects.create(account=locked, person=person, role=role, start=start, end=end,
                                           named_by=by, named_at=clock.now())
    pass_on(locked, "name_people", by=by, role=role.label, person=person.staff_number, start=str(start),
            end=str(end or ""))
    return assignment


def _require_able(account: Account, person: Person, role: Role) -> None:
    if not person.is_active or not belongs(person, account.division_id):
        raise Refused("§8(1)", f"{person.name}さんは、{account.division}に配属されていません。",
                      now=f"{account.division}の職員から指定してください。", who=HEAD)
    if role == Role.APPROVER and person.standing.rank.get(account.division_id, 0) < guideline().approver_rank():
        raise Refused("§8(1)", f"責任者は、{guideline().approval['words']}から指定します。{person.name}さんは当たりません。",
                      now="係長・グループ長以上の職員を指定してください。", who=HEAD)
    require_confirmation(person)


def _overlapping(account: Account, person: Person, role: Role, start: date, end: date | None) -> bool:
    held = account.assignments.filter(person=person, role=role, revoked_for="")
    return any((a.end is None or a.end >= start) and (end is None or a.start <= end) for a in held)


@transaction.atomic
def end_assignment(assignment: Assignment, *, end: date, by: Person) -> Assignment:
    """The assignment holds to the end of this day; what was approved before stays approved."""
    account = locked_for(assignment.account, "name_people", by=by)
    locked = lock(assignment)
    if end < locked.start:
        raise Refused("§8(1)", "終了日が、開始日より前になっています。", now="日付を確かめてください。", who=HEAD)
    locked.end = end
    locked.save(update_fields=["end"])
    record("assignment.end", locked, by=by, clause="§8(1)", account=account.pk, person=locked.person.staff_number,
           role=locked.get_role_display(), end=str(end))
    return locked


@transaction.atomic
def revoke_assignment(assignment: Assignment, reason: str, *, by: Person) -> Assignment:
    """End an assignment for cause, at once: what this person approved and is not yet sent does not go out."""
    account = locked_for(assignment.account, "name_people", by=by)
    locked = lock(assignment)
    if not reason.strip():
        raise Refused("§8(1)", "指定を取り消すには、理由が要ります。", now="理由を書いてください。", who=HEAD)
    locked.end, locked.revoked_for = max(locked.start, clock.today() - timedelta(days=1)), reason
    locked.save(update_fields=["end", "revoked_for"])
    record("assignment.revoke", locked, by=by, clause="§8(1)", account=account.pk, person=locked.person.staff_number,
           role=locked.get_role_display(), reason=reason)
    return locked


def may_name(account: Account, person: Person) -> bool:
    """Does the page offer the person to name people?"""
    return FLOW.allows(account, "name_people", person)
