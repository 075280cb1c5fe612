"""表 — tables for a spreadsheet: UTF-8 with BOM, streamed, and no cell that Excel would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.http import StreamingHttpResponse

from koshiki import clock

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_BLANK = " \t\r\n\v\f\u3000\u200b\ufeff"  # what a spreadsheet leaves out before it looks at a cell
_TOGETHER = 200  # lines sent at once: one by one, each would be a packet of its own


def download(name: str, rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """The rows, headings first, as the file `koshiki-<name>-<today>.csv`; they are read while it is sent."""
    response = StreamingHttpResponse(lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="koshiki-{name}-{clock.today():%Y%m%d}.csv"'
    return response


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as CSV, the BOM first, some lines at a time."""
    writer = csv.writer(_Line())
    yield BOM
    left = iter(rows)
    while some := list(islice(left, _TOGETHER)):
        yield "".join(writer.writerow([defused(value) for value in row]) for row in some)


def defused(value: object) -> str:
    """The value as text; what a spreadsheet would run is led by an apostrophe. `plain` gives it back."""
    text = str(value)
    return f"'{text}" if _runs(text) else text


def plain(cell: str) -> str:
    """The text that `defused` made this cell of: for reading back what koshiki wrote."""
    return cell[1:] if cell.startswith("'") and _runs(cell) else cell


def _runs(text: str) -> bool:
    """Would it be run, were it not for apostrophes before it?"""
    bare = text.lstrip("'")
    return bare.startswith(_FORMULA) or bare.lstrip(_BLANK).startswith(_FORMULA)


class _Line:
    """What csv writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line
