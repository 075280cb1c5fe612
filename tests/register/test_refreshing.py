"""Credentials that run out are renewed by one worker at a time, kept before they are used; a refusal holds the account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.networks.base import NotSent
from koshiki.register import jobs, refreshing
from koshiki.register.link import link_of
from koshiki.register.models import Account, Connection, Hold
from tests.cast import Cast
from tests.networks.x_server import XServer
from tests.posts.delivering import approved_post, run
from tests.posts.on_x import connected_to_x, x

__all__ = ["x"]
pytestmark = [pytest.mark.usefixtures("installed"), pytest.mark.clause("K-connection")]
OVER = timedelta(seconds=-1)


def token(account: Account) -> str:
    return link_of(account).secrets["access_token"].reveal()


def asked(x: XServer) -> int:
    """How often X was asked for new tokens."""
    return x.calls.count("token")


def at_work() -> None:
    jobs.refresh_connections(timestamp=0)


def test_long_before_it_runs_out_nothing_is_asked(cast: Cast, x: XServer) -> None:
    connected_to_x(cast, x, ends_in=timedelta(hours=2))
    at_work()
    assert asked(x) == 0


def test_in_good_time_it_is_renewed_and_logged_and_both_new_tokens_are_kept(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    old = token(account)
    Connection.objects.update(refresh_at=clock.now())
    at_work()
    assert token(account) != old
    assert link_of(account).secrets["refresh_token"].reveal() in x.refresh_tokens
    renewed = Connection.objects.get()
    assert renewed.expires_at
    assert renewed.expires_at > clock.now() + timedelta(hours=1)
    assert Entry.objects.filter(verb="connection.refresh").count() == 1
    at_work()
    assert asked(x) == 1


def test_what_is_due_is_not_sent_with_a_token_that_is_over(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x, ends_in=OVER)
    assert run(approved_post(cast, account).deliveries.get()).state == "sent"
    assert asked(x) == 1


def test_while_another_worker_is_at_it_nobody_else_asks_and_what_is_due_waits(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x, ends_in=OVER)
    refreshing._taken(Connection.objects.get().pk)  # another worker, in the middle of it
    at_work()
    assert run(approved_post(cast, account).deliveries.get()).state == "retry"
    assert asked(x) == 0


def test_a_worker_that_died_in_the_middle_is_followed_by_another(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x, ends_in=OVER)
    refreshing._taken(Connection.objects.get().pk)
    Connection.objects.update(refresh_until=clock.now() - timedelta(seconds=1))
    assert refreshing.fresh_link(account)
    assert asked(x) == 1


def test_who_was_overtaken_writes_nothing(cast: Cast, x: XServer, monkeypatch: pytest.MonkeyPatch) -> None:
    account = connected_to_x(cast, x, ends_in=OVER)
    keep = refreshing._keep

    def too_late(row: Connection, link: Any) -> None:
        Connection.objects.update(epoch=row.epoch + 1)
        keep(row, link)

    monkeypatch.setattr(refreshing, "_keep", too_late)
    old = token(account)
    refreshing.refresh(Connection.objects.get().pk)
    assert token(account) == old


@pytest.mark.parametrize("fault", ["503", "silence", "429-absurd"])
def test_a_service_that_is_away_is_no_dead_token_and_is_not_hammered(cast: Cast, x: XServer, fault: str) -> None:
    x.silence = 0.1
    account = connected_to_x(cast, x, ends_in=OVER)
    x.faulty["token"] = fault
    for _ in range(5):
        at_work()
        with pytest.raises(NotSent):
            refreshing.fresh_link(account)
    assert asked(x) == 1
    assert not Hold.objects.exists()
    assert Connection.objects.get().dead_at is None


@pytest.mark.clause("K-hold")
def test_a_refused_token_holds_the_account_tells_the_people_and_is_never_asked_again(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x, ends_in=OVER)
    x.refresh_tokens.clear()
    row = approved_post(cast, account).deliveries.get()
    for _ in range(3):
        at_work()
        run(row)
    assert asked(x) == 1
    hold = Hold.objects.get()
    assert (hold.kind, hold.account) == (Hold.Kind.TOKEN, account)
    assert row.state in {"held", "retry"}
    assert x.posts == []
