"""記録: who reads what of the log, how it is filtered, and how it leaves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from tests.cast import Cast

SignedIn = Callable[[Person], Client]


@pytest.fixture
def acts(cast: Cast) -> None:
    """An act of endo's, one of aoki's a year ago."""
    record("absence.report", cast.endo, by=cast.endo, clause="K-deputy", reason="出張のため")
    with clock.at(clock.now() - timedelta(days=365)):
        record("person.confirm_guideline", cast.aoki, by=cast.aoki, clause="§4(1)")


def rows(page: bytes) -> int:
    return page.decode().count('<tr id="n')


@pytest.mark.usefixtures("acts")
def test_auditors_and_information_policy_read_everything_others_their_own(cast: Cast, signed_in: SignedIn) -> None:
    seen = {name: rows(signed_in(getattr(cast, name)).get(reverse("log")).content)
            for name in ("mori", "hata", "hara", "aoki", "endo", "chiba", "kubo", "noda")}
    assert seen == {"mori": 2, "hata": 2, "hara": 2, "aoki": 1, "endo": 1, "chiba": 0, "kubo": 0, "noda": 0}


@pytest.mark.usefixtures("acts")
@pytest.mark.parametrize(("chosen", "count"), [
    ({"clause": "§4(1)"}, 1), ({"verb": "absence.report"}, 1), ({"number": "２００１"}, 1), ({"thing": "person:0"}, 0),
    ({"since": "2020-01-01"}, 2), ({"until": "2020-01-01"}, 0), ({"clause": "§ない"}, 2), ({"since": "きのう"}, 2),
])
def test_the_log_is_filtered(chosen: dict[str, str], count: int, cast: Cast, signed_in: SignedIn) -> None:
    assert rows(signed_in(cast.mori).get(reverse("log"), chosen).content) == count


@pytest.mark.usefixtures("acts")
def test_acts_stand_in_words_with_what_was_noted(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.mori).get(reverse("log")).content.decode()
    assert "不在を届出" in page
    assert "出張のため" in page


def test_pages_follow_each_other_without_gaps_while_entries_are_added(cast: Cast, signed_in: SignedIn) -> None:
    auditor = signed_in(cast.mori)
    for _ in range(120):
        record("person.change", cast.aoki, by=cast.noda)
    first = auditor.get(reverse("log"))
    record("person.change", cast.aoki, by=cast.noda)
    second = auditor.get(reverse("log"), {"before": first.context["older"]})
    third = auditor.get(reverse("log"), {"before": second.context["older"]})
    numbers = [line.entry.number for page in (first, second, third) for line in page.context["lines"]]
    assert numbers == list(range(120, 0, -1))
    back = auditor.get(reverse("log"), {"after": third.context["newer"]})
    assert [line.entry.number for line in back.context["lines"]] == numbers[50:100]


@pytest.mark.parametrize("odd", ["x", "-1", "9" * 40, "１", "1'"])
def test_odd_places_are_answered_not_broken(odd: str, cast: Cast, signed_in: SignedIn) -> None:
    assert signed_in(cast.mori).get(reverse("log"), {"before": odd, "after": odd}).status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_log(
        cast: Cast, signed_in: SignedIn, django_assert_max_num_queries: Callable[..., Any]) -> None:
    auditor = signed_in(cast.mori)
    auditor.get(reverse("log"))
    with CaptureQueriesContext(connection) as few:
        auditor.get(reverse("log"))
    for person in cast.people:
        record("person.change", person, by=person)
    with django_assert_max_num_queries(len(few)):
        auditor.get(reverse("log"))


def test_the_log_is_verified_at_the_touch_of_a_button(cast: Cast, signed_in: SignedIn) -> None:
    record("person.change", cast.aoki, by=cast.noda)
    page = signed_in(cast.mori).post(reverse("log_verify"), follow=True).content.decode()
    assert "1件の記録は、正しくつながっています" in page
    assert signed_in(cast.chiba).post(reverse("log_verify")).status_code == 404


def exported(client: Client, **chosen: str) -> list[list[str]]:
    answer = client.post(reverse("log_export"), chosen)
    text = b"".join(answer.streaming_content).decode("utf-8")  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.mark.parametrize("formula", ["=1+1", "+81", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠a", "\tx", "\rx", " =1"])
def test_no_cell_of_the_export_is_a_formula(formula: str, cast: Cast, signed_in: SignedIn) -> None:
    cast.aoki.name = formula
    cast.aoki.save()
    record("person.change", cast.aoki, by=cast.aoki, reason=formula)
    table = exported(signed_in(cast.mori))
    cells = [cell for row in table[1:] for cell in row]
    assert f"'{formula}" in cells
    assert not [c for c in cells if c.lstrip(" ")[:1] in set("=+-@＝＋－＠\t\r")]


@pytest.mark.usefixtures("acts")
def test_an_export_holds_what_was_chosen_and_is_itself_recorded(cast: Cast, signed_in: SignedIn) -> None:
    table = exported(signed_in(cast.mori), clause="§4(1)")
    assert [row[4] for row in table[1:]] == ["ガイドラインを確認"]
    assert Entry.objects.get(verb="log.export").actor == cast.mori
    assert signed_in(cast.kubo).post(reverse("log_export")).status_code == 404


def test_hostile_text_is_shown_harmlessly(cast: Cast, signed_in: SignedIn) -> None:
    record("person.change", cast.aoki, by=cast.aoki, reason="<script>alert(1)</script>\u202eabc")
    page = signed_in(cast.mori).get(reverse("log")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_refusal_stands_in_the_log_with_its_clause(cast: Cast, signed_in: SignedIn) -> None:
    with transaction.atomic():
        signed_in(cast.noda).post(reverse("person_role", args=[cast.noda.pk]),
                                  {"role": "auditor", "start": clock.today()})
    entry = Entry.objects.get(verb="refused")
    assert (entry.clause, entry.actor) == ("K-role", cast.noda)
    assert "自分の役割" in entry.data["message"]
