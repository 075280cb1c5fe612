"""「これは公式ですか」: every question of the table gets its answer, on the server."""

from __future__ import annotations

import pytest

from koshiki.public import official
from koshiki.public.official import Verdict
from koshiki.public.register import listed
from tests.cast import Cast
from tests.public.questions import QUESTIONS, TABLE, town


@pytest.fixture
def city(cast: Cast) -> None:
    town(cast)


def test_every_question_of_the_table_gets_its_answer(city: None) -> None:
    rows = listed()
    answers = [(about, asked, verdict, official.answer(asked, rows).verdict) for about, asked, verdict in QUESTIONS]
    assert [answer for answer in answers if answer[2] != answer[3]] == []


def test_the_table_is_long_and_asks_nothing_twice() -> None:
    assert len(QUESTIONS) >= 150
    assert len({asked for _, asked, _ in QUESTIONS}) == len(QUESTIONS)
    assert {verdict for _, _, verdict in QUESTIONS} == set(Verdict)


def test_only_the_citys_own_accounts_stand_beside_an_answer(city: None) -> None:
    rows = listed()
    known = {row["url"] for row in TABLE["accounts"] if row["state"] != "received"} | {
        "https://www.city.example.jp/official/feed/"}
    for _, asked, _ in QUESTIONS:
        assert {row.address for row in official.answer(asked, rows).accounts} <= known, asked
