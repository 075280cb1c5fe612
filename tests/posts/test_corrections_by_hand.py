"""Where a person posts, a person puts it right: with the same pages, as the service's own pages allow (§8(3), K-handover)."""

from __future__ import annotations

import re

import pytest

from koshiki.posts.models import Correction, Delivery
from tests.cast import Cast, official
from tests.posts.by_hand import POST, X, on_x, page
from tests.posts.correcting import SignedIn, begin, corrected
from tests.posts.delivering import due_delivery, run

pytestmark = [pytest.mark.usefixtures("installed"), pytest.mark.clause("K-handover")]


def out(cast: Cast, signed_in: SignedIn) -> Delivery:
    """A post on X, posted by aoki."""
    row = run(due_delivery(cast, on_x(cast)))
    browser = signed_in(cast.aoki)
    browser.post(page(row, "take"))
    browser.post(page(row), {"address": POST})
    row.refresh_from_db()
    assert row.state == "sent"
    return row


def ways(cast: Cast, signed_in: SignedIn, row: Delivery) -> list[str]:
    shown = signed_in(cast.aoki).get(f"/posts/{row.post_id}/correct/").content.decode()
    return re.findall(r'name="way-\d+" value="(\w*)"', shown)


def test_a_person_deletes_and_says_how_that_was_seen_and_posts_again(cast: Cast, signed_in: SignedIn) -> None:
    row = out(cast, signed_in)
    post = corrected(cast, signed_in, row.post, "repost", row.account)
    away, instead = post.deliveries.order_by("pk")
    browser = signed_in(cast.aoki)
    assert (run(instead).state, run(away).state) == ("waiting", "offered")
    shown = browser.get(page(away)).content.decode()
    assert "サービスの画面で削除します" in shown
    assert POST in shown
    browser.post(page(away, "take"))
    assert browser.post(page(away), {"evidence": ""}).status_code == 422
    browser.post(page(away), {"evidence": "投稿のページが「存在しません」になったのを見た"})
    away.refresh_from_db()
    assert (away.state, away.evidence[:5]) == ("sent", "投稿のペー")
    assert run(instead).state == "offered"
    browser.post(page(instead, "take"))
    browser.post(page(instead), {"address": f"{X}/status/2"})
    instead.refresh_from_db()
    assert (instead.state, instead.remote_id) == ("sent", "2")
    assert Correction.objects.get().done_at


def test_an_answer_by_hand_says_under_which_post(cast: Cast, signed_in: SignedIn) -> None:
    row = out(cast, signed_in)
    assert ways(cast, signed_in, row) == ["reply", "notice", "repost", "take_down", "none"]
    reply = run(corrected(cast, signed_in, row.post, "reply", row.account).deliveries.get())
    shown = signed_in(cast.aoki).get(page(reply)).content.decode()
    assert "次の投稿への返信として" in shown
    assert POST in shown


def test_an_edit_by_hand_asks_for_no_address(cast: Cast, signed_in: SignedIn) -> None:
    account = official(cast, service="blog", url="https://blog.example/iwata/")
    row = run(due_delivery(cast, account, contents={account: {"title": "断水", "text": "断水は13日です。"}}))
    browser = signed_in(cast.aoki)
    browser.post(page(row, "take"))
    browser.post(page(row), {"address": "https://blog.example/iwata/dansui/"})
    edit = run(corrected(cast, signed_in, row.post, "edit", account).deliveries.get())
    browser.post(page(edit, "take"))
    shown = browser.get(page(edit)).content.decode()
    assert "承認された文に置き換えます" in shown
    assert 'name="address"' not in shown
    browser.post(page(edit), {"evidence": "直った文が出ているのを見た"})
    edit.refresh_from_db()
    assert (edit.state, edit.url) == ("sent", "https://blog.example/iwata/dansui/")


def test_a_message_that_cannot_be_taken_back_is_put_right_by_another(cast: Cast, signed_in: SignedIn) -> None:
    account = official(cast, service="line")
    row = run(due_delivery(cast, account))
    browser = signed_in(cast.aoki)
    browser.post(page(row, "take"))
    browser.post(page(row), {"address": "", "evidence": "配信結果の画面で見た"})
    row.refresh_from_db()
    assert ways(cast, signed_in, row) == ["notice", "none"]
    assert begin(browser, row.post, "take_down", account).status_code == 422
