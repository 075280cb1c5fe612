"""職員の立場 — where a person stands today: postings, roles, deputyships, the confirmation of §4(1).

Every page and every act asks this, so the question is written out here instead of being composed each time: that
took longer than its answer. Nothing of the answer outlives a request, and an act asks anew (`Person.afresh`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Person, RoleGrant

READ = "read_with_the_person"


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


# The days are those of `Dated.current`.
_PERSON = """
SELECT p.*,
    (SELECT json_agg(json_build_object('division', d.id, 'position', x.position, 'name', d.name, 'service', d.service)
                     ORDER BY x.start, x.id)
     FROM koshiki_posting x JOIN koshiki_division d ON d.id = x.division_id
     WHERE x.person_id = p.id AND %(today)s BETWEEN x.start AND coalesce(x."end", 'infinity')) AS posted,
    ARRAY(SELECT x.role FROM koshiki_rolegrant x
          WHERE x.person_id = p.id AND %(today)s BETWEEN x.start AND coalesce(x."end", 'infinity')) AS roles,
    ARRAY(SELECT x.division_id FROM koshiki_deputy x
          WHERE x.person_id = p.id AND %(today)s BETWEEN x.start AND coalesce(x."end", 'infinity')) AS deputises,
    (SELECT max(x.at) FROM koshiki_confirmation x
     WHERE x.person_id = p.id AND x.edition = %(edition)s AND x.at > %(since)s) AS confirmed_at
FROM koshiki_person p WHERE p.id = %(person)s AND p.is_active"""
_NAMES = ("posted", "roles", "deputises", "confirmed_at")  # the last columns


def valid() -> timedelta:
    """For how long a confirmation of the guideline holds (§4(1))."""
    return timedelta(days=guideline().deadlines["confirmation_valid_days"])


def read_with_standing(pk: int) -> Person | None:
    """An active person with their standing of now, in one query."""
    person = next(iter(Person.objects.raw(_PERSON, _asked(pk))), None)
    if person:
        person.__dict__[READ] = [person.__dict__.pop(name) for name in _NAMES]
    return person


def standing_of(person: Person) -> Standing:
    """A person's standing of today: as it was read with the person, else in one query. Who is deactivated has none."""
    posted, roles, deputises, confirmed_at = person.__dict__.pop(READ, None) or _own_rows(person.pk)
    return _standing(posted or [], roles, deputises, confirmed_at)


def _standing(posted: list[dict[str, Any]], roles: list[str], deputises: list[int],
              confirmed_at: datetime | None) -> Standing:
    file = guideline()
    headed = [p for p in posted if p["position"] in file.positions and file.positions[p["position"]].head]
    rank: dict[int, int] = {}
    for posting in posted:
        rank[posting["division"]] = max(rank.get(posting["division"], 0), file.rank(posting["position"]))
    return Standing(
        divisions=frozenset(rank), names=tuple(dict.fromkeys(p["name"] for p in posted)),
        headed=frozenset(p["division"] for p in headed),
        served={p["service"]: p["division"] for p in posted if p["service"]},
        headed_services=frozenset(p["service"] for p in headed if p["service"]),
        roles=frozenset(roles), rank=rank, deputy_of=frozenset(deputises),
        confirmed_until=confirmed_at + valid() if confirmed_at else None,
    )


def _own_rows(pk: int) -> Sequence[Any]:
    """The same of a person who was read without; nothing of a deactivated person."""
    with connection.cursor() as cursor:
        cursor.execute(_PERSON, _asked(pk))
        row = cursor.fetchone()
    return row[-len(_NAMES):] if row else (None, [], [], None)


def _asked(pk: int) -> dict[str, Any]:
    return {"person": pk, "today": clock.today(), "edition": guideline().edition, "since": clock.now() - valid()}
