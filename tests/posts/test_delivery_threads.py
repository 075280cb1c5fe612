"""続きの投稿 — a text that is longer than a service takes goes out as a thread, each post of it once, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.models import Delivery
from koshiki.public import feed
from koshiki.register.actions import end_connection
from tests.cast import Cast
from tests.networks.x_server import XServer
from tests.posts.delivering import approved_post, run, sooner
from tests.posts.on_x import connect_to_x, connected_to_x, on_x, x
from tests.posts.writing import draft, submitted

__all__ = ["x"]
pytestmark = pytest.mark.usefixtures("installed")
LONG = "\n\n".join(f"{number}つ目のお知らせです。{'避難所を開いています。' * 10}" for number in (1, 2, 3))


def texts(x: XServer) -> list[str]:
    return [post.text for post in x.posts]


@pytest.mark.clause("§8(1)")
def test_the_approver_sees_each_post_of_it_and_each_goes_out_once_answering_the_one_before(
    cast: Cast, x: XServer, signed_in: Callable[[Person], Client]
) -> None:
    account = connected_to_x(cast, x)
    post = submitted(cast.aoki, account, text=LONG)
    page = signed_in(cast.baba).get(reverse("post_approve", args=[post.pk])).text
    assert "全3件の投稿に分かれます" in page
    actions.approve(post, post.latest.digest, by=cast.baba, confirmed=actions.Confirmed.everything(post))
    rows = list(post.deliveries.order_by("segment"))
    assert [row.segment for row in rows] == [0, 1, 2]
    run(rows[0])
    assert "".join(texts(x)).replace("\n", "") == LONG.replace("\n", "")
    assert [posted.answers for posted in x.posts] == ["", x.posts[0].id, x.posts[1].id]
    assert set(post.deliveries.values_list("state", flat=True)) == {"sent"}


def test_one_that_is_unknown_holds_back_what_follows_it_and_no_other(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    thread = approved_post(cast, account, text=LONG)
    other = approved_post(cast, account, text="大雨警報が出ました。")
    x.faults += ["swallow"]
    run(thread.deliveries.get(segment=0))
    states = list(thread.deliveries.order_by("segment").values_list("state", flat=True))
    assert states == ["unknown", "waiting", "waiting"]
    assert other.deliveries.get().state == "sent"
    assert len(texts(x)) == 2


def test_killed_between_two_posts_the_sweep_goes_on_with_the_next(
    cast: Cast, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connected_to_x(cast, x)
    thread = approved_post(cast, account, text=LONG)
    with monkeypatch.context() as patch:
        patch.setattr("koshiki.posts.delivery.carry.elapsing", iter([0.0, 0.0, 1e9]).__next__)
        run(thread.deliveries.get(segment=0))
    assert len(texts(x)) == 1
    sweep()
    run(sooner(thread.deliveries.get(segment=1)))
    assert len(texts(x)) == 3


def test_without_the_number_of_the_post_before_nothing_is_posted_into_the_blue(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    thread = approved_post(cast, account, text=LONG)
    first, second, _ = thread.deliveries.order_by("segment")
    Delivery.objects.filter(pk=first.pk).update(state="sent", sent_at=first.due_at, remote_id="")
    assert run(second).state == "held"
    assert second.clause == "K-unknown"
    assert texts(x) == []


def test_more_posts_than_it_takes_are_refused_while_writing(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    written = actions.write(draft(account, text="避難してください。\n\n" * 400), by=cast.aoki)
    with pytest.raises(Refused, match="件まで"):
        actions.submit(written, by=cast.aoki)


def test_citizens_find_the_thread_once_and_each_of_its_posts_by_its_address(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    thread = approved_post(cast, account, text=LONG)
    run(thread.deliveries.get(segment=0))
    assert feed.sent().count() == 1
    assert feed.posted().count() == 3


# ---------------------------------------------------------------- who posts is part of what is approved


def test_an_account_that_is_not_connected_is_posted_to_by_a_person(cast: Cast, x: XServer) -> None:
    row = approved_post(cast, on_x(cast, x)).deliveries.get()
    assert row.by_hand
    assert run(row).state == "offered"
    assert texts(x) == []


def test_connected_after_the_approval_it_stays_with_the_person(cast: Cast, x: XServer) -> None:
    account = on_x(cast, x)
    row = approved_post(cast, account).deliveries.get()
    connect_to_x(cast, account, x)
    assert run(row).state == "offered"
    assert texts(x) == []


def test_no_longer_connected_it_is_held_and_not_given_to_a_person(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    row = approved_post(cast, account).deliveries.get()
    end_connection(account, by=cast.chiba)
    assert run(row).state == "held"
