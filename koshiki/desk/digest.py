"""朝のまとめ — one mail on the morning of a working day: how much waits, by kind, and what is late; to heads also what
others of their division are late with. Like every mail it names the kind of work, never what it is about.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from koshiki.desk.duties import gather
from koshiki.look import passed
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.organization.roles import deputises
from koshiki.organization.standing import read_with_standing


@dataclass(frozen=True)
class Kind:
    """One kind of work: the word of its button, its clause, how many wait, and how many of these are late."""

    action: str
    clause: str
    waiting: int
    late: int


@dataclass(frozen=True)
class Digest:
    """What one person is told: their own work by kind, and by name how much others are late with (a head's concern)."""

    person: Person
    kinds: list[Kind]
    others: list[tuple[str, int]]

    @property
    def waiting(self) -> int:
        return sum(kind.waiting for kind in self.kinds)

    @property
    def late(self) -> int:
        return sum(kind.late for kind in self.kinds)


def digests() -> Iterator[Digest]:
    """One for each active person with a mail address for whom something waits, or whose division is late."""
    everybody = [p for pk in Person.objects.filter(is_active=True).values_list("pk", flat=True) if (p := read_with_standing(pk))]
    waits = {person: gather(person) for person in everybody}
    late = _late_by_division(waits)
    for person, duties in waits.items():
        others = _others(person, late)
        if person.email and (duties or others):
            yield Digest(person, _kinds(duties), others)


def _kinds(duties: Iterable[Duty]) -> list[Kind]:
    """In the order of the page: the most pressing kind first."""
    of_kind: dict[tuple[str, str], list[Duty]] = defaultdict(list)
    for duty in duties:
        of_kind[duty.action, duty.clause].append(duty)
    return [Kind(action, clause, len(found), sum(passed(duty.due) for duty in found))
            for (action, clause), found in of_kind.items()]


def _late_by_division(waits: dict[Person, list[Duty]]) -> dict[int, Counter[Person]]:
    late: dict[int, Counter[Person]] = defaultdict(Counter)
    for person, duties in waits.items():
        if count := sum(passed(duty.due) for duty in duties):
            for division in person.standing.divisions:
                late[division][person] += count
    return late


def _others(head: Person, late: dict[int, Counter[Person]]) -> list[tuple[str, int]]:
    """Who of the divisions that this person heads today, or decides for as deputy, is late; by staff number."""
    divisions = head.standing.headed | {d for d in head.standing.deputy_of & late.keys() if deputises(head, d)}
    found: dict[Person, int] = {person: count for d in sorted(divisions & late.keys()) for person, count in late[d].items()}
    return [(person.name, found[person]) for person in sorted(found.keys() - {head}, key=attrgetter("staff_number"))]
