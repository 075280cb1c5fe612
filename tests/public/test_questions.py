"""「これは公式ですか」: every question of the table gets its answer, on the server."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from koshiki.guideline import guideline
from koshiki.networks.addresses import read_address
from koshiki.public import check_index, official, static_copy
from koshiki.public.facts import facts
from koshiki.public.official import Verdict
from koshiki.public.register import listed
from koshiki.register.models import Account
from tests.cast import Cast
from tests.cast import official as official_account
from tests.public.questions import QUESTIONS, TABLE, THEN, town
from tests.public.saying import said


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
    known = {row["url"] for row in TABLE["accounts"] if row["state"] not in ("received", "closed")} | {
        "https://www.city.example.jp/official/feed/"}
    for _, asked, _ in QUESTIONS:
        assert {row.address for row in official.answer(asked, rows).accounts} <= known, asked


def test_of_a_closed_account_only_its_days_are_told(city: None, client: Client) -> None:
    page = client.get("/official/check.html", {"q": "https://x.com/iwata_kanko"}).text
    assert "令和8年11月22日" in page[page.index("調べた結果"):]
    assert 'href="https://x.com/iwata_kanko' not in page
    data = client.get("/official/accounts.json").json()
    [told] = data["closed"]
    assert set(told) == {"id", "service", "name", "since", "closed"}
    assert (told["closed"], "iwata_kanko" in str(data)) == ("2026-11-22", False)


def test_a_city_may_keep_them_out_of_its_data(city: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(guideline().register, "closed_in_open_data", False)
    assert "closed" not in client.get("/official/accounts.json").json()
    assert official.answer("https://x.com/iwata_kanko", listed()).verdict == Verdict.CLOSED


# ---------------------------------------------------------------- what the browser compares with


def test_a_years_digests_are_those_of_its_publications(city: None, client: Client) -> None:
    assert client.get("/official/check.json").json()["years"] == [2026]
    digests = client.get("/official/check/2026.bin").content
    day, number = int.from_bytes(digests[:2], "big"), int.from_bytes(digests[2:4], "big")
    assert (day, len(digests)) == (325, 4 + number * check_index.DIGEST), "22 November, which is the 326th day"
    known = {row["url"]: row["state"] == "sent" and row["account"] != 11 for row in TABLE["publications"]}
    for url, published in known.items():
        digest = hashlib.sha256(read_address(url).key.encode()).digest()[:check_index.DIGEST]
        assert (digest in digests) is published, url


@pytest.mark.parametrize("path", ["check/2025.bin", "check/0000.bin", "check/20261.bin", "check/", "check/2026.json"])
def test_a_year_without_publications_has_none(city: None, client: Client, path: str) -> None:
    assert client.get(f"/official/{path}").status_code == 404


def test_of_other_years_nothing_is_counted_again(cast: Cast, account: Account, place: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    said(cast, account, at=THEN - timedelta(days=400))
    said(cast, account, at=THEN)
    static_copy.write(place, facts())
    said(cast, account, at=THEN + timedelta(minutes=5))
    asked: list[int] = []
    monkeypatch.setattr(check_index, "year", lambda number, year=check_index.year: asked.append(number) or year(number))
    static_copy.write(place, facts())
    assert asked == [2026]
    assert (place / "releases/1/check/2025.bin").samefile(place / "releases/2/check/2025.bin")


def test_the_queries_do_not_grow_with_accounts_or_publications(cast: Cast, account: Account) -> None:
    counts = []
    for number in (1, 30):
        for _ in range(number):
            said(cast, account, at=THEN)
            official_account(cast, name=f"窓口{Account.objects.count()}")
        with CaptureQueriesContext(connection) as queries:
            for path in ("check.json", "search.bin", "check/2026.bin", "services/city_feed.html"):
                assert Client().get(f"/official/{path}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
