"""The way of a post up to its approval: written, submitted, sent back, approved, taken back."""

from __future__ import annotations

import pytest

from koshiki.guideline import Refused
from koshiki.posts import actions
from koshiki.posts.models import Delivery, Post
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.writing import approved, draft, submitted


def test_what_was_approved_waits_to_be_sent_to_every_account(cast: Cast, account: Account) -> None:
    second = official(cast, name="磐田市防災（別）")
    post = submitted(cast.aoki, account, second)
    approved(post, by=cast.baba)
    assert Post.objects.get(pk=post.pk).state == Post.State.APPROVED
    assert {d.account for d in Delivery.objects.filter(post=post, state="waiting")} == {account, second}


def test_a_change_by_the_author_asks_again(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    approved(post, by=cast.baba)
    post = actions.revise(post, draft(account, text="訓練は中止します。"), by=cast.aoki)
    assert post.state == Post.State.DRAFT
    assert [d.state for d in post.deliveries.all()] == ["cancelled"]
    post = actions.submit(post, by=cast.aoki)
    approved(post, by=cast.bando)
    assert post.deliveries.filter(state="waiting").get().approval.revision.number == 2


def test_a_suggested_wording_taken_over_is_the_authors(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    remark = actions.suggest(post, "日付を入れましょう。", {account.pk: {"text": "来年9月13日に訓練を行います。"}},
                             by=cast.baba, digest=post.latest.digest)
    post = actions.take_over(remark, by=cast.aoki)
    assert (post.state, post.latest.author) == ("submitted", cast.aoki)
    assert "9月13日" in post.latest.targets.get().content
    approved(post, by=cast.baba)


def test_a_returned_post_goes_back_to_its_author_and_may_come_again(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    actions.send_back(post, "会場を書いてください。", by=cast.baba, digest=post.latest.digest)
    assert Post.objects.get(pk=post.pk).state == "returned"
    post = actions.revise(post, draft(account, text="会場は市役所です。"), by=cast.aoki)
    approved(actions.submit(post, by=cast.aoki), by=cast.baba)


def test_an_approval_taken_back_cancels_what_waits(cast: Cast, account: Account) -> None:
    approval = approved(submitted(cast.aoki, account), by=cast.baba)
    post = actions.withdraw_approval(approval, "会場が変わったため", by=cast.chiba)
    assert post.state == "submitted"
    assert [d.state for d in post.deliveries.all()] == ["cancelled"]
    approved(post, by=cast.bando)


def test_a_withdrawn_post_ends(cast: Cast, account: Account) -> None:
    post = actions.withdraw(submitted(cast.aoki, account), "行事がなくなったため", by=cast.aoki)
    assert post.state == "withdrawn"
    with pytest.raises(Refused):
        actions.revise(post, draft(account), by=cast.aoki)


def test_the_same_screen_sent_twice_makes_one_post(cast: Cast, account: Account) -> None:
    import uuid

    key = uuid.uuid4()
    first, second = (actions.write(draft(account), by=cast.aoki, key=key) for _ in range(2))
    assert first == second
    assert first.revisions.count() == 1
