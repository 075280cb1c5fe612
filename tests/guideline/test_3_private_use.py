"""§3: staff test a private text against §4 and §5 on a page that keeps nothing of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from tests.canary import MARK, Listening, Secrets, answer_places, database_places
from tests.cast import Cast

pytestmark = pytest.mark.clause("§3")
Door = Callable[[Person], Client]
PAGE = "/self-check/"


def test_the_text_is_looked_over_under_4_and_5(cast: Cast, signed_in: Door) -> None:
    answer = signed_in(cast.endo).post(PAGE, {"text": "外人の店、きのう090-1234-5678に電話しました。"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "気になる所（2）" in page
    for words in ("<mark>外人</mark>", "<mark>090-1234-5678</mark>", "差別", "携帯電話の番号"):
        assert words in page


@pytest.mark.parametrize("text", [
    "きょうは山に登りました。", "店の電話は0538-37-4800です。 https://bit.ly/abc", "喫緊の課題です"])
def test_what_only_the_citys_accounts_must_heed_is_not_asked(cast: Cast, signed_in: Door, text: str) -> None:
    page = signed_in(cast.endo).post(PAGE, {"text": text}).content.decode()
    assert "気になる所は見つかりませんでした" in page


@pytest.mark.parametrize("extra", ["", "\u202e", "あ" * 10_001])
def test_nothing_that_is_typed_is_stored_or_logged(cast: Cast, signed_in: Door, listening: Listening, extra: str) -> None:
    """Not in any table, session, header or line of the log; a text that is refused neither."""
    secrets, browser = Secrets(), signed_in(cast.aoki)
    typed = secrets.add("the private text", f"{MARK}わたしだけの話、外人、090-1234-5678")
    entries, rows = Entry.objects.count(), {place: len(text) for place, text in database_places().items()}
    answer = browser.post(PAGE, {"text": typed + extra})
    assert answer.status_code == (422 if extra else 200)
    places = database_places() | {"the log": "\n".join(listening.said)}
    places |= {name: text for name, text in answer_places([answer]).items() if name.startswith("headers")}
    assert secrets.found_in(places) == []
    assert Entry.objects.count() == entries
    assert {place: len(text) for place, text in database_places().items()} == rows
    assert "no-store" in answer["Cache-Control"]


def test_what_was_typed_stays_in_the_form_when_it_is_refused(cast: Cast, signed_in: Door) -> None:
    answer = signed_in(cast.aoki).post(PAGE, {"text": "見えない\u202e文字"})
    assert answer.status_code == 422
    assert "文字の向きを変える制御文字" in answer.content.decode()
    assert "見えない" in answer.content.decode()


def test_every_page_of_staff_leads_there(cast: Cast, signed_in: Door) -> None:
    assert f'href="{PAGE}"' in signed_in(cast.mori).get("/").content.decode()
