"""A correction is carried out once, whatever happens on the way: nothing is lost, nothing is there twice (§8(3), K-once)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.test import Client

from koshiki import clock
from koshiki.audit.log import verify
from koshiki.networks.base import Rejected
from koshiki.posts import actions
from koshiki.posts.delivery import settle
from koshiki.posts.delivery.claim import claim
from koshiki.posts.delivery.judge import release
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.models import Correction, Delivery, Post
from koshiki.register.actions.holds import lift, stop
from tests.cast import Cast, make_cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.correcting import RIGHT, WRONG, SignedIn, carried_out, corrected, published
from tests.posts.delivering import connected, run, run_out, sooner
from tests.posts.test_delivery_worker import ready, until, workers  # noqa: F401  (a fixture)
from tests.posts.writing import approved

Quick = Callable[..., None]
CHANGES = {"edit": "PUT", "take_down": "DELETE"}


def sent(server: MastodonServer, method: str) -> int:
    return sum(asked == method for asked, *_ in server.requests)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("fault", "edits"), [("swallow", 1), ("500-accepted", 1), ("rubbish", 1), ("refuse", 2), ("500", 2)])
def test_an_edit_whose_answer_is_lost_is_looked_at_before_it_is_repeated(
    cast: Cast, server: MastodonServer, signed_in: SignedIn, fault: str, edits: int,
) -> None:
    account = connected(cast, server)
    row = corrected(cast, signed_in, published(cast, account), "edit", account).deliveries.get()
    server.faults.append(fault)
    assert run(row).state == "unknown"
    for _ in range(2):
        run(sooner(row))
    assert (row.state, [s.text for s in server.statuses]) == ("sent", [RIGHT])
    assert sent(server, "PUT") == edits


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("way", CHANGES)
@pytest.mark.parametrize("done", [True, False], ids=["after it was done", "before"])
def test_a_worker_that_dies_in_the_call_leaves_it_to_be_looked_at(
    cast: Cast, server: MastodonServer, signed_in: SignedIn, way: str, done: bool,
) -> None:
    account = connected(cast, server)
    row = corrected(cast, signed_in, published(cast, account), way, account).deliveries.get()
    if done:
        run(row)
    Delivery.objects.filter(pk=row.pk).update(state="sending", intent_at=clock.now(), lease_until=clock.now(), sent_at=None)
    before = sent(server, CHANGES[way])
    run_out(row)
    sweep()
    row.refresh_from_db()
    assert row.state == "unknown"
    for _ in range(2):
        run(sooner(row))
    assert row.state == "sent"
    assert [s.text for s in server.statuses] == ([RIGHT] if way == "edit" else [])
    assert sent(server, CHANGES[way]) - before == (0 if done else 1)


@pytest.mark.usefixtures("installed")
def test_an_edit_in_doubt_that_may_not_be_begun_any_more_is_first_known_not_to_have_happened(
    cast: Cast, server: MastodonServer, signed_in: SignedIn, quick: Quick,
) -> None:
    quick(settle=0.001, gap=0.001)
    account = connected(cast, server)
    row = corrected(cast, signed_in, published(cast, account), "edit", account).deliveries.get()
    server.faults.append("refuse")
    run(row)
    held = stop("確認のため", account=account, by=cast.baba)
    run(sooner(row))
    assert (row.state, row.negatives) == ("unknown", 1)
    run(sooner(row))
    assert run(sooner(row)).state == "held"
    assert [s.text for s in server.statuses] == [WRONG]
    lift(held, "確認した", by=cast.chiba)
    release(row, by=cast.baba)
    assert run(row).state == "sent"
    assert [s.text for s in server.statuses] == [RIGHT]


@pytest.mark.clause("K-hold")
@pytest.mark.usefixtures("installed")
def test_nothing_is_edited_or_deleted_under_a_stop(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    post = corrected(cast, signed_in, published(cast, account), "repost", account)
    stop("確認のため", account=account, by=cast.baba)
    assert [row.state for row in carried_out(post)] == ["held", "waiting"]
    assert [s.text for s in server.statuses] == [WRONG]


@pytest.mark.usefixtures("installed")
def test_nothing_goes_out_instead_of_what_cannot_be_taken_away(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server)
    post = corrected(cast, signed_in, published(cast, account), "repost", account)
    held = claim(account) or claim()
    assert held
    settle.ended(held, Rejected("削除できません。"))
    away, instead = carried_out(post)
    assert (away.verb, away.state, instead.state) == ("delete", "failed", "cancelled")
    assert [s.text for s in server.statuses] == [WRONG]
    again = corrected(cast, signed_in, Post.objects.get(pk=away.wrong.post_id), "reply", account)  # type: ignore[union-attr]
    assert [row.state for row in carried_out(again)] == ["sent"]


@pytest.mark.usefixtures("installed")
def test_what_was_to_go_out_instead_and_came_too_late_gets_a_new_time(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server)
    post = corrected(cast, signed_in, published(cast, account), "repost", account)
    away, instead = post.deliveries.order_by("pk")
    late = clock.now() - timedelta(minutes=1)
    Delivery.objects.filter(pk=instead.pk).update(expires_at=late)
    run(away)
    assert run(instead).state == "held"
    post.refresh_from_db()
    actions.revise(post, actions.draft_of(post.latest), by=cast.aoki)
    actions.submit(post, by=cast.aoki)
    approved(post, by=cast.baba)
    assert [(row.verb, row.state) for row in carried_out(post)] == [
        ("delete", "sent"), ("publish", "cancelled"), ("publish", "sent")]
    assert [s.text for s in server.statuses] == [RIGHT]
    assert sent(server, "DELETE") == 1
    assert Correction.objects.get().done_at


@pytest.mark.usefixtures("installed")
def test_the_database_lets_nothing_be_changed_twice_and_no_correction_be_rewritten(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server)
    row = corrected(cast, signed_in, published(cast, account), "edit", account).deliveries.get()
    for verb in ("edit", "delete"):
        with pytest.raises(IntegrityError, match="one_change_of_each"), transaction.atomic():
            Delivery.objects.create(approval=row.approval, post=row.wrong.post, account=account, segment=9, verb=verb,  # type: ignore[union-attr]
                                    wrong=row.wrong, due_at=row.due_at, expires_at=row.expires_at, next_at=row.next_at)
    for change in ({"reason": "別"}, {"found_at": clock.now()}):
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Correction.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.get().delete()


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("keys", [True, False], ids=["with key", "without key"])
def test_workers_that_are_killed_take_away_and_post_again_once(
    server: MastodonServer, database_urls: dict[str, str], settings: LazySettings, keys: bool,
) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    server.honours_keys, server.software = keys, "mastodon" if keys else "other"
    cast = make_cast()
    account = connected(cast, server)
    wrong = published(cast, account)
    post = corrected(cast, _signed_in, wrong, "repost", account)
    server.delay = 1.5
    with workers(1, database_urls):
        assert until(lambda: sent(server, "DELETE") > 0)
    with workers(1, database_urls):
        assert until(lambda: any(s.text == RIGHT for s in server.statuses))
    server.delay = 0
    with workers(2, database_urls):
        assert until(lambda: not post.deliveries.exclude(state="sent").exists())
    assert [s.text for s in server.statuses] == [RIGHT]
    assert Correction.objects.get().done_at
    assert verify().holds


def _signed_in(person: object) -> Client:
    client = Client()
    client.force_login(person, backend="koshiki.organization.sign_in.Backend")  # type: ignore[arg-type]
    return client


@pytest.mark.clause("K-evidence")
@pytest.mark.usefixtures("installed")
def test_a_person_judges_a_deletion_without_an_address(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    row = corrected(cast, signed_in, published(cast, account), "take_down", account).deliveries.get()
    Delivery.objects.filter(pk=row.pk).update(state="person", intent_at=clock.now(), reason="調べられません。")
    browser = signed_in(cast.baba)
    shown = browser.get(f"/deliveries/{row.pk}/posted/").content.decode()
    assert "次の投稿の削除です" in shown
    assert 'name="address"' not in shown
    browser.post(f"/deliveries/{row.pk}/posted/", {"evidence": "投稿のページが消えているのを見た"})
    row.refresh_from_db()
    assert (row.state, row.judged_by) == ("sent", cast.baba)
    assert Correction.objects.get().done_at
