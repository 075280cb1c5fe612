"""The guideline as people read it: its chapters in order, each clause under its headings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from koshiki.guideline import Clause, Handling, guideline


@dataclass
class Chapter:
    """章 — a heading, the words that open it, its own clauses, and the sections below it."""

    id: str
    cite: str
    title: str
    lead: str = ""
    clauses: list[Clause] = field(default_factory=list)
    sections: list[Chapter] = field(default_factory=list)

    def all_clauses(self) -> Iterator[Clause]:
        """Every clause of the chapter, those of its sections included."""
        yield from self.clauses
        for section in self.sections:
            yield from section.all_clauses()


def chapters() -> list[Chapter]:
    """The chapters of the guideline in force, in its own order; koshiki's own rules are not among them."""
    made: dict[str, Chapter] = {}
    top: list[Chapter] = []
    for heading in guideline().headings.values():
        chapter = Chapter(heading.id, heading.cite, heading.text, heading.lead)
        above = _nearest(made, heading.id)
        (above.sections if above else top).append(chapter)
        made[heading.id] = chapter
    for clause in guideline().clauses.values():
        if clause.handling is not Handling.HOUSE and not clause.absent:
            place = made.get(clause.id) or _nearest(made, clause.id)
            if place:
                place.clauses.append(clause)
    return top


def house_rules() -> list[Clause]:
    """koshiki's own rules (内規)."""
    return [c for c in guideline().clauses.values() if c.handling is Handling.HOUSE]


def _nearest(made: dict[str, Chapter], clause_id: str) -> Chapter | None:
    """The deepest heading made so far that the id stands under."""
    above = [m for m in made if clause_id.startswith(m) and m != clause_id and not clause_id[len(m)].isdigit()]
    return made[max(above, key=len)] if above else None
