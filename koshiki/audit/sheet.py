"""Tables for a spreadsheet: UTF-8 with BOM, and no cell that Excel would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def defused(value: object) -> str:
    """The value as text; what a spreadsheet would run is led by an apostrophe."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as lines of CSV, the BOM first."""
    writer = csv.writer(_Line())
    yield BOM
    for row in rows:
        yield writer.writerow([defused(value) for value in row])


class _Line:
    """What csv writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line
