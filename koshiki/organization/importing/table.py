"""A CSV file → its lines with cleaned values, and what is wrong in it, line by line."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from koshiki import sheet
from koshiki.organization.importing.encoding import Unreadable, decoded

MOST_BYTES, MOST_LINES = 4_000_000, 20_000


@dataclass(frozen=True)
class Fault:
    """誤り — a line that can't be taken in, the column, and why."""

    line: int
    column: str
    reason: str


class BadFile(Exception):
    """Nothing of the file can be taken in; `fault` says where it fails."""

    def __init__(self, line: int, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.fault = Fault(line, column, reason)


@dataclass(frozen=True)
class Column:
    """列 — a column by its heading; `name` is what the register calls it. `needed`: no file without it."""

    heading: str
    name: str
    field: forms.Field
    needed: bool = False


@dataclass(frozen=True)
class Line:
    """一行 — the values of one line by the names of its columns; a column that the file lacks is not in it."""

    number: int
    values: dict[str, Any]


@dataclass
class Table:
    """表 — a file as it was read: the good lines, and the faults of the others."""

    columns: tuple[Column, ...]
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


Headings = dict[str, tuple[Column, ...]]


def read(content: bytes, kinds: Headings) -> tuple[str, Table]:
    """The kind of the file, told by its headings, and its table. Raises BadFile."""
    if len(content) > MOST_BYTES:
        raise BadFile(0, f"ファイルは{MOST_BYTES // 1_000_000}MBまでです。分けて取り込んでください。")
    try:
        text = decoded(content)
    except Unreadable as bad:
        raise BadFile(bad.line, bad.message) from bad
    records = (record for record in _records(text) if any(cell.strip() for cell in record[1]))
    at, headings = next(records, (1, []))
    kind = _kind(headings, kinds, at)
    table = Table(_columns(headings, kinds[kind], at))
    for number, cells in records:
        if len(table.lines) + len(table.faults) >= MOST_LINES:
            raise BadFile(number, f"一度に取り込めるのは{MOST_LINES:,}行までです。分けて取り込んでください。")
        _take_in(table, number, cells)
    return kind, table


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as bad:
            raise BadFile(begins, "引用符（\"）の付け方が正しくないため、ここから先を読めません。") from bad
        yield begins, cells
        begins = reader.line_num + 1


def _kind(headings: list[str], kinds: Headings, at: int) -> str:
    """The kind whose needed columns are all there: the one that needs the most."""
    given = {_plain(heading) for heading in headings}
    fits = [name for name, columns in kinds.items() if {_plain(h) for h in _needed(columns)} <= given]
    if not fits:
        wanted = " ／ ".join("、".join(_needed(columns)) for columns in kinds.values())
        raise BadFile(at, f"見出しの行がないか、必要な列が足りません。必要な列：{wanted}")
    return max(fits, key=lambda name: len(_needed(kinds[name])))


def _needed(columns: Sequence[Column]) -> list[str]:
    return [column.heading for column in columns if column.needed]


def _columns(headings: list[str], columns: tuple[Column, ...], at: int) -> tuple[Column, ...]:
    known = {_plain(column.heading): column for column in columns}
    for heading in headings:
        if _plain(heading) not in known:
            names = "、".join(column.heading for column in columns)
            raise BadFile(at, f"この名の列は取り込めません。消すか、名前を直してください。使える列：{names}", heading or "（空）")
    plain = [_plain(heading) for heading in headings]
    if twice := next((h for h in plain if plain.count(h) > 1), ""):
        raise BadFile(at, "同じ名の列が二つあります。", known[twice].heading)
    return tuple(known[heading] for heading in plain)


def _plain(heading: str) -> str:
    return "".join(unicodedata.normalize("NFKC", heading).split())


def _take_in(table: Table, number: int, cells: list[str]) -> None:
    if len(cells) != len(table.columns):
        table.faults.append(Fault(number, "", f"欄が{len(cells)}個あります。見出しと同じ{len(table.columns)}個にしてください。"))
        return
    values, faults = {}, []
    for column, cell in zip(table.columns, cells, strict=True):
        try:
            values[column.name] = column.field.clean(sheet.plain(cell.strip()))
        except ValidationError as bad:
            faults.append(Fault(number, column.heading, " ".join(bad.messages)))
    table.faults.extend(faults)
    if not faults:
        table.lines.append(Line(number, values))
