"""別紙1, §6(2): the policy whole on paper, and in the lengths that profiles take, with the address of its page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.networks import SERVICES
from koshiki.organization.models import Person
from koshiki.register.address import register_address
from koshiki.register.models import Account
from koshiki.register.paper import policy_sheet
from koshiki.register.profile_texts import profile_texts
from koshiki.text import graphemes
from tests.cast import Cast
from tests.guideline import policy

Door = Callable[[Person], Client]


def saved(account: Account, client: Client) -> bytes:
    answer = client.get(f"/accounts/policies/{policy.in_force(account).pk}/pdf/")
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert "%E7%AC%AC2%E7%89%88.pdf" in answer["Content-Disposition"]  # 第2版
    return answer.content


@pytest.mark.clause("§別紙1-1", "§別紙1-2(1)", "§別紙1-2(2)", "§別紙1-2(3)", "§別紙1-3")
def test_on_paper_stands_every_word_of_annex_1_and_which_version_it_is(cast: Cast) -> None:
    account = policy.live(cast)
    policy.approved(cast, account)
    sheet = policy_sheet(policy.in_force(account))
    words = [text for item in sheet.items for text in (*item.text.splitlines(), *item.points)]
    for clause in (*guideline().under("§別紙1-1"), *guideline().under("§別紙1-2"), guideline().clauses["§別紙1-1"],
                   guideline().clauses["§別紙1-3"]):
        assert set(clause.text.strip().splitlines()) <= set(words), clause.id
    assert (sheet.title, sheet.version, sheet.what) == ("磐田市防災 運用ポリシー", "第2版", policy.WHAT)
    assert sheet.since.endswith(f"{clock.today().month}月{clock.today().day}日")


def test_everybody_saves_it_as_a_pdf_that_machines_can_read(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    policy.approved(cast, account)
    drawn = saved(account, signed_in(cast.endo))
    assert b"/StructTreeRoot" in drawn
    assert b"<pdfuaid:part>1" in drawn
    assert drawn == saved(account, signed_in(cast.aoki))


def test_words_that_no_font_has_or_that_look_like_markup_do_not_break_it(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    policy.approved(cast, account, frequency="毎日🌊 #panic() $x$ ]")
    assert b"/StructTreeRoot" in saved(account, signed_in(cast.aoki))


def test_a_draft_has_no_pdf(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    account.policies.update(place_shown="固定した投稿")
    draft = account.policies.create(version=2, edition="", written_by=cast.aoki)
    assert signed_in(cast.aoki).get(f"/accounts/policies/{draft.pk}/pdf/").status_code == 404


@pytest.mark.clause("§6(2)")
@pytest.mark.parametrize("service", [key for key, known in SERVICES.items() if known.adapter and not known.adapter.lives_here])
def test_what_is_offered_fits_the_services_profile_and_holds_the_whole_address(cast: Cast, service: str) -> None:
    account = policy.live(cast, service=service, url=f"https://{service}.example/iwata")
    texts = profile_texts(account, policy.in_force(account))
    limit = SERVICES[service].adapter.profile_limit  # type: ignore[union-attr]
    assert texts
    assert all(text.text.endswith(register_address(account)) for text in texts)
    assert all(not limit or graphemes(text.text) <= limit for text in texts)


@pytest.mark.clause("§6(2)")
def test_where_nobody_answers_the_text_says_whom_to_ask(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/policy/").text
    assert "個別に回答しません。お問い合わせは防災課 電話 0538-00-0110へ" in page
    assert 'data-copy="profile_whole"' in page
    policy.approved(cast, account, answers="each")
    assert "担当所属が回答します" in signed_in(cast.aoki).get(f"/accounts/{account.pk}/policy/").text


def test_where_none_fits_the_page_says_what_to_do(cast: Cast, signed_in: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    account = policy.live(cast)
    monkeypatch.setattr(SERVICES["blog"].adapter, "profile_limit", 10)
    page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/policy/").text
    assert "どの文も入りません" in page
    assert "data-copy" not in page


def test_the_citys_own_feed_has_no_profile_to_copy_into(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast, service="city_feed", url="")
    assert "プロフィール欄などに写す文" not in signed_in(cast.aoki).get(f"/accounts/{account.pk}/policy/").text
