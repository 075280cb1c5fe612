"""予定 — what carrying out a file would do, line by line, told before anything is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import models

from koshiki.audit.log import canonical
from koshiki.organization.importing.table import Column, Fault, Line, Table
from koshiki.organization.models import Person


class What(StrEnum):
    """どうなるか — what a line would do."""

    NEW = "new"
    CHANGED = "changed"
    ENDED = "ended"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Row:
    """予定の一行 — what becomes of one line. `changes`: heading, before, after; `thing`: the row that is there now."""

    line: Line
    what: What
    label: str
    changes: tuple[tuple[str, str, str], ...] = ()
    thing: models.Model | None = None


@dataclass
class Plan:
    """予定 — the rows in the order of the file, and its faults."""

    kind: str
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def counts(self) -> dict[What, int]:
        counted = Counter(row.what for row in self.rows)
        return {what: counted[what] for what in What}

    @property
    def moving(self) -> list[Row]:
        """The rows that would change something."""
        return [row for row in self.rows if row.what != What.UNCHANGED]

    @property
    def digest(self) -> str:
        """The value of everything that would be done, with what is there before: whoever saw it, saw just this."""
        done = [[row.line.number, row.what, row.label, row.changes] for row in self.moving]
        return hashlib.sha256(canonical([self.kind, done]).encode()).hexdigest()

    def fault(self, line: Line, column: str, reason: str) -> None:
        self.faults.append(Fault(line.number, column, reason))

    def only_once(self, lines: Iterable[Line], key: Callable[[Line], Any], column: str, what: str) -> list[Line]:
        """The lines whose key is not that of a line above; the others become faults."""
        seen: dict[Any, int] = {}
        for line in lines:
            if key(line) in seen:
                self.fault(line, column, f"{seen[key(line)]}行目と同じ{what}です。一行だけにしてください。")
            seen.setdefault(key(line), line.number)
        return [line for line in lines if seen[key(line)] == line.number]


class Kind:
    """取込みの種類 — divisions, people or postings: their columns, how a file is compared, how it is carried out."""

    name: str
    word: str
    columns: tuple[Column, ...]
    example: tuple[tuple[str, ...], ...]

    def plan(self, table: Table, by: Person) -> Plan:
        """What the good lines of the table would do."""
        plan = Plan(self.name, faults=list(table.faults))
        self.compare(plan, table.lines, by)
        plan.faults.sort(key=lambda fault: fault.line)
        return plan

    def compare(self, plan: Plan, lines: list[Line], by: Person) -> None:
        raise NotImplementedError

    def carry_out(self, rows: list[Row], by: Person) -> None:
        """Do it by the acts that people do one by one."""
        raise NotImplementedError

    def export(self) -> Iterable[tuple[object, ...]]:
        """Everything that is registered, in the order of the columns."""
        raise NotImplementedError

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(column.heading for column in self.columns)


def differences(columns: Iterable[Column], values: dict[str, Any], before: dict[str, str],
                shown: Callable[[str, Any], str]) -> tuple[tuple[str, str, str], ...]:
    """Heading, before, after of each value that is not as it was; `shown` writes a value as its column does."""
    pairs = ((c, before.get(c.name, ""), shown(c.name, values[c.name])) for c in columns if c.name in values)
    return tuple((column.heading, old, new) for column, old, new in pairs if old != new)


def lost_zeros(number: str, known: Iterable[str]) -> str:
    """The number that this one is without the zeros at its front: a spreadsheet drops them (else nothing)."""
    return next((k for k in known if k != number and k.startswith("0") and k.lstrip("0") == number), "")
