"""Who belongs where: every question of permission that the organisation answers is a function here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from koshiki import clock
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Absence, Confirmation, Deputy, Division, Person, Posting, RoleGrant

IP = Division.Service.INFORMATION_POLICY
PR = Division.Service.PUBLIC_RELATIONS


@dataclass(frozen=True)
class Standing:
    """Where a person stands today."""

    divisions: frozenset[int]
    names: tuple[str, ...]  # of these divisions, for the head of the page
    headed: frozenset[int]
    served: dict[str, int]  # service of the guideline → the division of duty, where posted there
    headed_services: frozenset[str]
    roles: frozenset[str]
    rank: dict[int, int]  # division → highest rank held there
    deputy_of: frozenset[int]  # divisions whose deputy this person is, in whatever order
    confirmed_until: datetime | None  # §4(1), of the edition in force

    @property
    def services(self) -> frozenset[str]:
        return frozenset(self.served)

    @property
    def confirmed(self) -> bool:
        return self.confirmed_until is not None

    @property
    def sees_everything(self) -> bool:
        """The two divisions of duty and the auditors see every division's work."""
        return bool(self.services) or RoleGrant.Role.AUDITOR in self.roles

    @property
    def top_rank(self) -> int:
        return max(self.rank.values(), default=0)


def standing_of(person: Person) -> Standing:
    """A person's standing of today: as it was read with the person, else in one query. Who is deactivated has none."""
    own = person.__dict__.pop(READ, None) or _own_rows(person)
    postings: list[dict[str, Any]] = own.get("posted", [])
    headed = [p for p in postings if guideline().positions.get(p["position"]) and guideline().positions[p["position"]].head]
    rank: dict[int, int] = {}
    for posting in postings:
        rank[posting["division"]] = max(rank.get(posting["division"], 0), guideline().rank(posting["position"]))
    confirmed_at = own.get("confirmed_at")
    return Standing(
        divisions=frozenset(p["division"] for p in postings),
        names=tuple(dict.fromkeys(p["name"] for p in postings)),
        headed=frozenset(p["division"] for p in headed),
        served={p["service"]: p["division"] for p in postings if p["service"]},
        headed_services=frozenset(p["service"] for p in headed if p["service"]),
        roles=frozenset(own.get("roles", ())), rank=rank, deputy_of=frozenset(own.get("deputises", ())),
        confirmed_until=confirmed_at + _valid() if confirmed_at else None,
    )


READ = "read_with_the_person"


def standing_columns() -> dict[str, Any]:
    """What hangs on a person alone, to be read in the query that reads the person."""
    me = {"person": OuterRef("pk")}
    posting = JSONObject(division="division", position="position", name="division__name", service="division__service")
    return {
        "posted": ArraySubquery(Posting.objects.current().filter(**me).order_by("start", "pk").values(row=posting)),
        "roles": ArraySubquery(RoleGrant.objects.current().filter(**me).order_by().values("role")),
        "deputises": ArraySubquery(Deputy.objects.current().filter(**me).order_by().values("division")),
        "confirmed_at": Subquery(_in_force().filter(**me).order_by("-at").values("at")[:1]),
    }


def read_with_standing(pk: int) -> Person | None:
    """An active person with their standing of now, in one query."""
    columns = standing_columns()
    person = Person.objects.filter(pk=pk, is_active=True).annotate(**columns).first()
    if person:
        person.__dict__[READ] = {name: person.__dict__.pop(name) for name in columns}
    return person


def _own_rows(person: Person) -> dict[str, Any]:
    """The same of a person who was read without; nothing of a deactivated person."""
    return dict(Person.objects.filter(pk=person.pk, is_active=True).values(**standing_columns()).first() or {})


def _in_force() -> QuerySet[Confirmation]:
    """The confirmations of the guideline's edition in force that have not lapsed (§4(1))."""
    return Confirmation.objects.filter(edition=guideline().edition, at__gt=clock.now() - _valid())


def _valid() -> timedelta:
    return timedelta(days=guideline().deadlines["confirmation_valid_days"])


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
    absent = Absence.objects.current().values("person")
    present = Deputy.objects.current().filter(division=_id(division), person__is_active=True)
    first = present.exclude(person__in=absent).exclude(person__in=list(took_part)).order_by("order", "pk").first()
    return first is not None and first.person_id == person.pk


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
