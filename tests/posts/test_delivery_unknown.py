"""What may have gone out is never blindly repeated (delivery 6): key, look-up, or a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.posts.models import Delivery
from koshiki.register.actions.holds import stop
from tests.cast import Cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery, run, sooner

pytestmark = pytest.mark.usefixtures("installed")
Quick = Callable[..., None]


@pytest.fixture
def keyless(server: MastodonServer) -> MastodonServer:
    """A server that takes the key and does not honour it."""
    server.honours_keys, server.software = False, "other"
    return server


def swallowed(cast: Cast, server: MastodonServer) -> Delivery:
    """Accepted, but no answer came."""
    row = due_delivery(cast, connected(cast, server))
    server.faults.append("swallow")
    return run(row)


def refused(cast: Cast, server: MastodonServer) -> Delivery:
    """Neither accepted nor answered; koshiki cannot know the first."""
    row = due_delivery(cast, connected(cast, server))
    server.faults.append("refuse")
    return run(row)


def test_it_is_found_where_it_is(cast: Cast, keyless: MastodonServer) -> None:
    row = run(sooner(swallowed(cast, keyless)))
    assert (row.state, row.remote_id, len(keyless.statuses)) == ("sent", keyless.statuses[0].id, 1)
    assert Entry.objects.filter(verb="delivery.find", clause="§8(1)").count() == 1


def test_before_the_settle_time_not_finding_it_means_nothing(cast: Cast, keyless: MastodonServer) -> None:
    row = refused(cast, keyless)
    for _ in range(5):
        run(sooner(row))
    assert (row.state, row.negatives, keyless.statuses) == ("unknown", 0, [])
    assert row.next_at - (row.unknown_at or row.due_at) >= timedelta(seconds=150)


def test_after_it_two_look_ups_a_minute_apart_are_needed(cast: Cast, keyless: MastodonServer, quick: Quick) -> None:
    quick(settle=0.001)
    row = refused(cast, keyless)
    assert run(sooner(row)).negatives == 1
    assert row.next_at - (row.looked_at or row.due_at) == timedelta(seconds=60)
    assert run(sooner(row)).negatives == 1
    assert (row.state, keyless.statuses) == ("unknown", [])
    Delivery.objects.filter(pk=row.pk).update(looked_at=clock.now() - timedelta(seconds=61))
    assert run(sooner(row)).state == "waiting"
    assert run(row).state == "sent"
    assert len(keyless.statuses) == 1


def test_a_list_that_lags_is_no_proof(cast: Cast, keyless: MastodonServer, quick: Quick) -> None:
    """The settle time is longer than the lag: so it is found, not sent again."""
    quick(settle=1.5, gap=0.3)
    keyless.lag = 1.0
    row = swallowed(cast, keyless)
    for _ in range(40):
        if run(sooner(row)).state == "sent":
            break
        time.sleep(0.1)
    assert (row.state, len(keyless.statuses)) == ("sent", 1)


def test_a_new_claim_never_takes_what_is_unknown(cast: Cast, keyless: MastodonServer) -> None:
    from koshiki.posts.delivery.claim import claim

    swallowed(cast, keyless)
    assert claim() is None


def test_a_list_that_cannot_be_read_leads_to_a_person(cast: Cast, keyless: MastodonServer, quick: Quick) -> None:
    quick(settle=0.001, gap=0.001, give_up=0.001)
    row = swallowed(cast, keyless)
    keyless.list_answer = {"error": "busy"}
    assert run(sooner(row)).state == "person"
    assert row.reason
    assert len(keyless.statuses) == 1


def test_a_dead_token_leads_to_a_person(cast: Cast, keyless: MastodonServer) -> None:
    row = swallowed(cast, keyless)
    keyless.accounts.clear()
    assert run(sooner(row)).state == "person"


def test_with_a_key_that_is_honoured_it_is_repeated_and_there_once(cast: Cast, server: MastodonServer) -> None:
    row = run(sooner(swallowed(cast, server)))
    assert (row.state, len(server.statuses)) == ("sent", 1)
    posts = [h for m, p, h in server.requests if (m, p) == ("POST", "/api/v1/statuses")]
    assert [h["Idempotency-Key"] for h in posts] == [str(row.key)] * 2


def test_a_key_is_not_trusted_for_ever(cast: Cast, server: MastodonServer, quick: Quick) -> None:
    row = swallowed(cast, server)
    Delivery.objects.filter(pk=row.pk).update(intent_at=clock.now() - timedelta(hours=1))
    assert run(sooner(row)).state == "sent"
    assert len([1 for m, p, _ in server.requests if (m, p) == ("POST", "/api/v1/statuses")]) == 1


def test_nothing_is_repeated_while_it_is_stopped_only_looked_up(cast: Cast, server: MastodonServer) -> None:
    row = refused(cast, server)
    stop("誤った内容のおそれ", by=cast.hata)
    run(sooner(row))
    assert (row.state, server.statuses) == ("unknown", [])
    assert len([1 for m, p, _ in server.requests if (m, p) == ("POST", "/api/v1/statuses")]) == 1


def test_what_turns_out_unsent_after_its_expiry_is_held(cast: Cast, keyless: MastodonServer, quick: Quick) -> None:
    quick(settle=0.001, gap=0.001)
    row = refused(cast, keyless)
    for _ in range(2):
        run(sooner(row))
    with clock.at(row.expires_at + timedelta(minutes=1)):
        assert (run(sooner(row)).state, row.clause) == ("held", "K-late")
    assert not keyless.statuses
