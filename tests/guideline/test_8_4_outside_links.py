"""§8(4): an address outside the city's pages needs the author's reason, and the approver confirms each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.actions import Confirmed
from koshiki.posts.models import Approval, OutsideLink, Post
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.typing import typed
from tests.posts.writing import approved, draft, submitted

pytestmark = pytest.mark.clause("§8(4)")
Door = Callable[[Person], Client]
JMA, NHK = "https://www.jma.go.jp/bosai/", "https://www.nhk.example/news"
TEXT = f"市の案内 https://www.city.iwata.shizuoka.jp/bosai/ 気象庁 {JMA} 報道 {NHK}"
REASONS = {JMA: "最新の警報を確かめてもらうため", NHK: "避難所の様子が報じられているため"}


def test_each_outside_address_needs_a_reason_before_it_is_submitted(cast: Cast, account: Account) -> None:
    post = actions.write(draft(account, text=TEXT, reasons={JMA: "気象庁のため"}), by=cast.aoki)
    with pytest.raises(Refused, match=r"nhk\.example") as refused:
        actions.submit(post, by=cast.aoki)
    assert refused.value.clause.id == "§8(4)"


@pytest.mark.parametrize("missing", [JMA, NHK])
def test_the_approver_confirms_each_of_them(cast: Cast, account: Account, missing: str) -> None:
    post = submitted(cast.aoki, account, text=TEXT, reasons=REASONS)
    everything = Confirmed.everything(post)
    assert everything.links == {JMA, NHK}, "the city's own page needs none"
    with pytest.raises(Refused, match="リンク") as refused:
        approved(post, by=cast.baba, confirmed=replace(everything, links=everything.links - {missing}))
    assert refused.value.clause.id == "§8(4)"
    assert not Approval.objects.exists()


def test_the_form_finds_the_addresses_and_asks_for_each_reason(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    browser = signed_in(cast.aoki)
    answer = browser.post("/posts/write/", typed(account, text=TEXT))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("リンクする理由を書いてください") >= 2
    reasons = {"link-0-url": JMA, "link-0-reason": REASONS[JMA], "link-1-url": NHK, "link-1-reason": REASONS[NHK]}
    assert browser.post("/posts/write/", typed(account, text=TEXT, **reasons)).status_code == 302
    assert {link.url: link.reason for link in OutsideLink.objects.all()} == REASONS


def test_a_link_that_is_too_long_is_said_also_where_its_reason_stands(
        cast: Cast, account: Account, signed_in: Door) -> None:
    long = "https://www.jma.go.jp/" + "a" * 600
    filled = {"link-0-url": long, "link-0-reason": "気象庁の案内"}
    answer = signed_in(cast.aoki).post("/posts/write/", typed(account, text=f"詳しくは {long} へ。", **filled))
    assert answer.status_code == 422
    assert "500" in answer.content.decode().split("入力内容を確認してください")[1][:600]


def test_the_approver_sees_each_with_its_true_host_and_reason(cast: Cast, account: Account, signed_in: Door) -> None:
    post = submitted(cast.aoki, account, text=TEXT, reasons=REASONS)
    page = signed_in(cast.baba).get(f"/posts/{post.pk}/approve/").content.decode()
    for words in ("市以外のページ: www.jma.go.jp", "市のページ: www.city.iwata.shizuoka.jp", *REASONS.values()):
        assert words in page


@pytest.mark.parametrize("text", [
    "https://www.city.iwata.shizuoka.jp@evil.example/", "https://city.iwata.shizuoka.jp.evil.example/",
    "www.city-iwata.com", "https://сity.iwata.shizuoka.jp/", "https://bit.ly/abc", "HTTPS://EVIL.EXAMPLE",
])
def test_an_address_that_only_looks_like_the_citys_is_outside(cast: Cast, account: Account, text: str) -> None:
    post = actions.write(draft(account, text=f"案内 {text} まで"), by=cast.aoki)
    with pytest.raises(Refused) as refused:
        actions.submit(post, by=cast.aoki)
    assert refused.value.clause.id == "§8(4)"


def test_a_link_in_another_field_of_one_account_counts_too(cast: Cast, account: Account, signed_in: Door) -> None:
    sent = typed(account, **{f"target-{account.pk}-link": "https://evil.example/"})
    answer = signed_in(cast.aoki).post("/posts/write/", sent)
    assert answer.status_code == 422
    assert "evil.example" in answer.content.decode()
    assert not Post.objects.exists()
