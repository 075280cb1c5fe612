"""A delivery goes out once, as it was approved, or says why it did not (delivery, points 3, 4, 6–9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from koshiki import clock, store
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.posts import actions, jobs
from koshiki.posts.content import Attached
from koshiki.posts.delivery.claim import claim
from koshiki.posts.delivery.send import deliver
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery
from koshiki.register.actions.holds import lift, stop
from koshiki.register.models import Account, Assignment, Hold
from tests.cast import Cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery, run, run_out, sooner
from tests.posts.writing import draft, picture

pytestmark = pytest.mark.usefixtures("installed")
Quick = Callable[..., None]


def test_what_was_approved_appears_on_the_service(cast: Cast, server: MastodonServer) -> None:
    row = run(due_delivery(cast, connected(cast, server), text="避難所を開設しました。"))
    assert (row.state, [s.text for s in server.statuses]) == ("sent", ["避難所を開設しました。"])
    assert row.remote_id == server.statuses[0].id
    assert row.url.endswith(row.remote_id)
    assert Entry.objects.filter(verb="delivery.send", thing=f"delivery:{row.pk}", clause="§8(1)").count() == 1


def test_and_in_the_city_feed(cast: Cast) -> None:
    row = run(due_delivery(cast, official(cast)))
    assert row.state == "sent"
    assert "#e-" in row.url


def test_it_is_read_back_and_compared(cast: Cast, server: MastodonServer) -> None:
    row = run(due_delivery(cast, connected(cast, server)))
    jobs.read_back(delivery=row.pk)
    row.refresh_from_db()
    assert row.read_back_at
    assert not row.differs


def test_a_difference_is_kept_and_told_and_never_sent_again(cast: Cast, server: MastodonServer) -> None:
    row = run(due_delivery(cast, connected(cast, server)))
    server.statuses[0] = type(server.statuses[0])(**{**vars(server.statuses[0]), "text": "書き換えられた文"})
    for _ in range(3):
        jobs.read_back(delivery=row.pk)
    row.refresh_from_db()
    assert (row.differs, row.state, len(server.statuses)) == (True, "sent", 1)
    assert "書き換えられた文" in row.read_back


def test_the_same_job_ten_times_publishes_once(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server))
    for _ in range(10):
        run(row)
    assert len(server.statuses) == 1


def test_a_job_that_comes_early_changes_nothing(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server), due_at=clock.now() + timedelta(hours=1))
    assert run(row).state == "waiting"
    assert not server.statuses


def test_a_job_for_a_delivery_that_is_gone_changes_nothing(cast: Cast) -> None:
    jobs.deliver(delivery=987654)


# ---------------------------------------------------------------- what servers do

UNKNOWN = ("refuse", "swallow", "503", "500", "500-accepted", "502", "rubbish", "empty", "html", "no-id", "list", "cut")


@pytest.mark.parametrize("fault", UNKNOWN)
@pytest.mark.parametrize("keys", [True, False], ids=["with key", "without key"])
def test_whatever_a_server_does_the_post_is_there_once(
    cast: Cast, server: MastodonServer, quick: Quick, fault: str, keys: bool,
) -> None:
    quick(settle=0.001, gap=0.001)
    server.honours_keys, server.software = keys, "mastodon" if keys else "other"
    row = due_delivery(cast, connected(cast, server))
    server.faults.append(fault)
    assert run(row).state == "unknown"
    for _ in range(4):
        run(sooner(row))
    assert (row.state, len(server.statuses)) == ("sent", 1)
    assert row.remote_id == server.statuses[0].id


@pytest.mark.parametrize(("fault", "state"), [
    ("429", "retry"), ("429-absurd", "retry"), ("429-date", "retry"), ("503-retry", "retry"), ("422", "failed"),
])
def test_a_plain_refusal_is_no_doubt(cast: Cast, server: MastodonServer, fault: str, state: str) -> None:
    row = due_delivery(cast, connected(cast, server))
    server.faults.append(fault)
    assert run(row).state == state
    assert row.reason
    assert row.next_at <= clock.now() + timedelta(minutes=15, seconds=5)
    if state == "retry":
        assert run(sooner(row)).state == "sent"
        assert len(server.statuses) == 1


def test_a_dead_token_holds_the_account_until_it_is_connected_again(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    server.faults.append("401")
    row = run(due_delivery(cast, account))
    assert (row.state, row.clause) == ("held", "K-hold")
    hold = Hold.objects.on(account).get()
    assert (hold.kind, account.connections.get().dead_at is not None) == ("token", True)
    assert run(due_delivery(cast, account, text="次のお知らせ")).state == "held"
    assert Hold.objects.count() == 1
    assert not server.statuses


def test_an_account_without_connection_is_held_and_says_so(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    account.connections.update(ended_at=clock.now())
    row = run(due_delivery(cast, account))
    assert row.state == "held"
    assert "接続" in row.reason


def test_a_service_that_koshiki_can_not_publish_to_is_handed_over_to_a_person(cast: Cast) -> None:
    assert run(due_delivery(cast, official(cast, service="x"))).state == "offered"


# ---------------------------------------------------------------- asked again at the moment of sending


@pytest.mark.clause("§6")
def test_an_account_that_is_no_longer_official_publishes_nothing(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    row = due_delivery(cast, account)
    Account.objects.filter(pk=account.pk).update(state="listed")
    assert (run(row).state, row.clause, server.statuses) == ("held", "§6", [])


def test_while_anything_is_stopped_nothing_begins(cast: Cast, server: MastodonServer) -> None:
    accounts = [connected(cast, server, name=f"防災{n}") for n in range(3)]
    rows = [due_delivery(cast, account) for account in accounts]
    stop("誤った内容のおそれ", by=cast.hata)
    assert {run(row).state for row in rows} == {"held"}
    assert {row.clause for row in rows} == {"K-hold"}
    assert not server.statuses


def test_a_stop_in_the_last_moment_is_still_in_time(cast: Cast, server: MastodonServer, monkeypatch: Any) -> None:
    """The Hold comes after every check but the last one, on the open connection."""
    from koshiki.posts.delivery import send

    row, intend = due_delivery(cast, connected(cast, server)), send.intend

    def intend_then_stop(*args: Any) -> None:
        intend(*args)
        stop("誤った内容のおそれ", by=cast.hata)

    monkeypatch.setattr(send, "intend", intend_then_stop)
    assert (run(row).state, server.statuses) == ("held", [])


def test_what_became_overdue_under_a_stop_waits_for_an_approvers_word(cast: Cast, server: MastodonServer) -> None:
    """Even where no worker ran meanwhile."""
    row = due_delivery(cast, connected(cast, server))
    lift(stop("確認のため", by=cast.hata), "確認を終えたため", by=cast.hata)
    assert (run(row).state, row.clause, server.statuses) == ("held", "K-hold", [])


def test_what_was_not_yet_due_under_a_stop_goes_out_at_its_time(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server), due_at=clock.now() + timedelta(hours=1))
    lift(stop("確認のため", by=cast.hata), "確認を終えたため", by=cast.hata)
    assert run(row).state == "waiting"
    with clock.at(row.due_at):
        assert run(sooner(row)).state == "sent"


def test_past_its_expiry_it_is_held_not_sent_stale(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server))
    with clock.at(row.expires_at + timedelta(seconds=1)):
        assert (run(row).state, row.clause, server.statuses) == ("held", "K-late", [])


def test_what_is_held_goes_out_under_a_new_approval(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    row = due_delivery(cast, account)
    with clock.at(row.expires_at + timedelta(seconds=1)):
        run(row)
    actions.revise(row.post, draft(account, due_at=clock.now() + timedelta(hours=1)), by=cast.aoki)
    row.refresh_from_db()
    assert row.state == "cancelled"


@pytest.mark.clause("§8(1)")
def test_an_approver_revoked_for_cause_no_longer_counts(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server))
    Assignment.objects.filter(person=cast.baba).update(revoked_for="不適切な承認があったため")
    assert (run(row).state, row.clause, server.statuses) == ("held", "§8(1)", [])


def test_an_approver_who_was_moved_still_counts(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server), due_at=clock.now() + timedelta(days=3))
    Assignment.objects.filter(person=cast.baba).update(end=clock.today())
    with clock.at(row.due_at):
        assert run(sooner(row)).state == "sent"


def test_an_image_that_is_not_the_approved_one_does_not_go_out(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    row = due_delivery(cast, account, media=[Attached(image, "訓練のようす")])
    sent = next(iter(row.approval.revision.post.latest.media.all())).medium
    path: Path = store.path(sent.sha256)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole + b"x")
    try:
        assert (run(row).state, row.clause, server.statuses) == ("held", "§8(1)", [])
    finally:
        path.write_bytes(whole)


def test_images_go_out_once_with_their_alt_texts(cast: Cast, server: MastodonServer) -> None:
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    row = run(due_delivery(cast, connected(cast, server), media=[Attached(image, "訓練のようす")]))
    assert row.state == "sent"
    assert [server.media[m]["alt"] for m in server.statuses[0].media_ids] == ["訓練のようす"]


@pytest.mark.usefixtures("installed")
def test_a_restored_copy_sends_nothing(cast: Cast, server: MastodonServer, settings: LazySettings) -> None:
    row = due_delivery(cast, connected(cast, server))
    (settings.KOSHIKI_HOME / "installation").write_text("00000000-0000-0000-0000-000000000001")
    sweep()
    assert run(row).state == "held"
    assert (row.clause, Hold.objects.get().kind, server.statuses) == ("K-restore", "restore", [])


def test_a_service_whose_clock_is_far_off_is_held(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    server.clock_ahead = 300
    run(due_delivery(cast, account))
    hold = Hold.objects.get()
    assert (hold.kind, hold.service) == ("clock", "mastodon")
    assert run(due_delivery(cast, account, text="次のお知らせ")).state == "held"


def test_a_clock_that_jumps_holds_everything(cast: Cast, server: MastodonServer, monkeypatch: Any) -> None:
    from koshiki.posts.delivery import clocks

    wall, steady = clocks._began
    monkeypatch.setattr(clocks, "_began", (wall - 86_400, steady))
    row = run(due_delivery(cast, connected(cast, server)))
    assert (row.state, row.clause, server.statuses) == ("held", "K-clock", [])
    assert Hold.objects.get().service == ""


# ---------------------------------------------------------------- who comes too late writes nothing


def test_a_worker_whose_lease_ran_out_before_the_call_makes_none(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server))
    zombie = claim()
    assert zombie
    run_out(row)
    sweep()
    deliver(zombie)
    row.refresh_from_db()
    assert (row.state, server.statuses) == ("waiting", [])
    assert run(row).state == "sent"
    assert len(server.statuses) == 1


def test_a_worker_that_died_in_the_call_leaves_it_unknown(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server))
    Delivery.objects.filter(pk=row.pk).update(state="sending", epoch=1, lease_until=clock.now(), intent_at=clock.now())
    sweep()
    row.refresh_from_db()
    assert (row.state, row.epoch, row.clause) == ("unknown", 2, "K-unknown")
    assert claim() is None


def test_two_equal_texts_never_claim_one_post(cast: Cast, server: MastodonServer, quick: Quick) -> None:
    quick(settle=0.001, gap=0.001)
    server.honours_keys, server.software = False, "other"
    account = connected(cast, server)
    first, second = due_delivery(cast, account), due_delivery(cast, account)
    server.faults.extend(["swallow", "refuse"])
    run(first)
    for _ in range(6):
        run(sooner(first))
        run(sooner(second))
    assert (first.state, second.state, len(server.statuses)) == ("sent", "sent", 2)
    assert first.remote_id != second.remote_id


def test_a_person_cannot_change_what_koshiki_holds_back(cast: Cast, server: MastodonServer) -> None:
    """K-hold on the approver's side: while the stop is open there is no going on."""
    from koshiki.posts.delivery import judge

    row = due_delivery(cast, connected(cast, server))
    stop("誤った内容のおそれ", by=cast.hata)
    run(row)
    with pytest.raises(Refused) as refusal:
        judge.release(row, by=cast.baba)
    assert refusal.value.clause.id == "K-hold"
