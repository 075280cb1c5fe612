"""Tables for a spreadsheet: whatever is in a cell, nothing of it runs, and it can be read back as it was."""

from __future__ import annotations

import csv
import io
from itertools import count

import pytest

from koshiki.sheet import defused, download, lines, plain

RUNS = ["=1+1", "+81", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠a", "\t=1", "\r=1", "\n=1", "　=1", "\u200b=1", "\ufeff@a"]
HARMLESS = ["", "防災だより", "a=b", "'それ'", "1", "髙﨑"]


def read(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize("text", RUNS)
def test_what_a_spreadsheet_would_run_is_led_by_an_apostrophe(text: str) -> None:
    assert read("".join(lines([[text]]))) == [[f"'{text}"]]


@pytest.mark.parametrize("text", HARMLESS)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert read("".join(lines([["a", text]]))) == [["a", text]]


@pytest.mark.parametrize("text", [*RUNS, *HARMLESS, "'=1", "''@a", "'"])
def test_what_was_written_is_read_back_as_it_was(text: str) -> None:
    assert plain(defused(text)) == text


def test_a_table_is_sent_while_it_is_read() -> None:
    endless = ([number] for number in count())
    sent = lines(endless)
    assert [next(sent), next(sent).splitlines()[0]] == ["\ufeff", "0"]


def test_the_file_has_a_name_with_the_day() -> None:
    answer = download("people", [["職員番号"]])
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="koshiki-people-20')
