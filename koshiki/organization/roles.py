"""Who belongs where: every question of permission that the organisation answers is a function here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q, QuerySet

from koshiki import clock
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Absence, Deputy, Division, Person, Posting, RoleGrant

IP = Division.Service.INFORMATION_POLICY
PR = Division.Service.PUBLIC_RELATIONS


def belongs(person: Person, division: Division | int) -> bool:
    """Is the person posted in the division today?"""
    return _id(division) in person.standing.divisions


def heads(person: Person, division: Division | int) -> bool:
    """Is the person the division's head (所属長) today?"""
    return _id(division) in person.standing.headed


def deputises(person: Person, division: Division | int, *, due: datetime | None = None,
              took_part: Iterable[int] = ()) -> bool:
    """May the person decide for the division's head now (代決)?

    While every head of the division is absent or none is in office, or when the head's due time has passed by
    what the guideline file says; the first deputy in order who is present; never somebody who took part in
    the matter (`took_part`: ids of persons).
    """
    if _id(division) not in person.standing.deputy_of or person.pk in set(took_part):
        return False
    if present_heads(division) and not _overdue(due):
        return False
    return first_deputy(division, took_part=took_part) == person


def first_deputy(division: Division | int, *, took_part: Iterable[int] = ()) -> Person | None:
    """The first deputy in order who is there and took no part in the matter."""
    absent = Absence.objects.current().values("person")
    present = Deputy.objects.current().filter(division=_id(division), person__is_active=True).select_related("person")
    first = present.exclude(person__in=absent).exclude(person__in=list(took_part)).order_by("order", "pk").first()
    return first.person if first else None


def acts_as_head(person: Person, division: Division | int, *, due: datetime | None = None,
                 took_part: Iterable[int] = ()) -> Literal["", "head", "deputy"]:
    """How the person may decide for the division: as its head, as deputy, or ("") not at all."""
    if heads(person, division):
        return "head"
    return "deputy" if deputises(person, division, due=due, took_part=took_part) else ""


def present_heads(division: Division | int) -> list[Person]:
    """The heads of the division who are in office and not absent today."""
    absent = Absence.objects.current().values("person")
    return list(heads_of(division).exclude(pk__in=absent))


def heads_of(division: Division | int) -> QuerySet[Person]:
    """The heads of the division in office today."""
    return _posted(Q(division=_id(division)), head=True)


def heads_of_service(service: str) -> QuerySet[Person]:
    """The heads of the division that has this service of the guideline."""
    return _posted(Q(division__service=service), head=True)


def members_of(division: Division | int) -> QuerySet[Person]:
    """The people posted in the division today."""
    return _posted(Q(division=_id(division)))


def in_service(person: Person, *services: str) -> bool:
    """Is the person posted in one of the divisions of duty?"""
    return bool(person.standing.services & set(services or (IP, PR)))


def heads_service(person: Person, service: str) -> bool:
    """Is the person the head of the division of duty?"""
    return service in person.standing.headed_services


def is_auditor(person: Person) -> bool:
    return RoleGrant.Role.AUDITOR in person.standing.roles


def is_it(person: Person) -> bool:
    return RoleGrant.Role.IT in person.standing.roles


def it_people() -> QuerySet[Person]:
    """Who keeps the system (システム管理) today."""
    grants = RoleGrant.objects.current().filter(role=RoleGrant.Role.IT)
    return Person.objects.filter(is_active=True, role_grants__in=grants).distinct()


def sees_division(person: Person, division: Division | int) -> bool:
    """May the person see the division's work that is not yet public?"""
    return person.standing.sees_everything or belongs(person, division)


def confirmed_until(person: Person) -> datetime | None:
    """Until when the person's confirmation of the guideline's edition in force holds (§4(1)); None if lapsed."""
    return person.standing.confirmed_until


def require_confirmation(person: Person) -> None:
    """Raises Refused §4(1) unless the person has confirmed the guideline within the year."""
    if not person.standing.confirmed:
        raise Refused(
            "§4(1)", f"{person.name}さんは、ガイドラインの今の版（{guideline().edition}）を確認していません。",
            now="ガイドラインを確認すると、続きから進められます。", who=f"{person.name}さん本人",
        )


def _overdue(due: datetime | None) -> bool:
    grace = timedelta(hours=guideline().deadlines["deputy_after_hours"])
    return due is not None and clock.now() > due + grace


def _posted(where: Q, *, head: bool = False) -> QuerySet[Person]:
    postings = Posting.objects.current().filter(where)
    if head:
        postings = postings.filter(position__in=[p.name for p in guideline().positions.values() if p.head])
    return Person.objects.filter(is_active=True, pk__in=postings.values("person")).order_by("staff_number")


def _id(division: Division | int) -> int:
    return division if isinstance(division, int) else division.pk
