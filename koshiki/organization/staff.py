"""A division's people on one page: who is posted as what, who is absent, who has confirmed the guideline (§4(1))."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max
from django.utils import timezone

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Absence, Confirmation, Division, Person, Posting
from koshiki.organization.standing import valid


@dataclass(frozen=True)
class Member:
    """所属の職員 — one posting of today, with what matters about its person."""

    person: Person
    position: str
    head: bool
    until: datetime | None  # the confirmation holds until then; None: lapsed
    absence: Absence | None

    @property
    def until_day(self) -> date | None:
        return timezone.localdate(self.until) if self.until else None


def members(division: Division) -> list[Member]:
    """The people posted in the division today, the highest rank first."""
    file = guideline()
    postings = list(division.postings.current().filter(person__is_active=True).select_related("person"))
    people = [posting.person_id for posting in postings]
    until, absent = confirmed(people), _absent(people)
    found = [_member(posting, until, absent) for posting in postings]
    return sorted(found, key=lambda m: (-file.rank(m.position), m.person.staff_number))


def confirmed(people: Iterable[int]) -> dict[int, datetime]:
    """Until when the confirmation of each of these people holds; who has lapsed is not in it."""
    newest = (Confirmation.objects.filter(person__in=list(people), edition=guideline().edition)
              .filter(at__gt=clock.now() - valid()).values("person").annotate(newest=Max("at")))
    return {row["person"]: row["newest"] + valid() for row in newest}


def _absent(people: Iterable[int]) -> dict[int, Absence]:
    return {a.person_id: a for a in Absence.objects.current().filter(person__in=list(people))}


def _member(posting: Posting, until: dict[int, datetime], absent: dict[int, Absence]) -> Member:
    position = guideline().positions.get(posting.position)
    return Member(posting.person, posting.position, bool(position and position.head),
                  until.get(posting.person_id), absent.get(posting.person_id))
