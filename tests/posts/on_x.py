"""An official account on X, connected to the stand-in (`tests/networks/x_server.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from koshiki import clock
from koshiki.networks.base import Link, Secret
from koshiki.networks.x import X, connecting
from koshiki.register.actions.apps import register_app
from koshiki.register.link import kept
from koshiki.register.models import Account, Connection
from tests.cast import Cast, official
from tests.networks.x_server import XServer


@pytest.fixture
def x(installed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    with XServer().running() as running:
        monkeypatch.setattr(X, "api", running.base)
        monkeypatch.setattr(X, "authorize_url", f"{running.base}/i/oauth2/authorize")
        yield running
        assert running.complaints == []


def on_x(cast: Cast, x: XServer) -> Account:
    """Not connected yet: a person posts."""
    return official(cast, service="x", name="磐田市（X）", url=f"https://x.com/{x.city.username}")


def connect_to_x(cast: Cast, account: Account, x: XServer, *, ends_in: timedelta = timedelta(hours=2)) -> None:
    """With tokens that end so soon; the app is registered."""
    register_app("x", x.app, by=cast.noda)
    given = x.grant(x.city, connecting.SCOPES.split())
    secrets = {name: Secret(given[name]) for name in ("access_token", "refresh_token")}
    facts = {"remote_account_id": x.city.id, "expires_at": (clock.now() + ends_in).isoformat()}
    Connection.objects.create(account=account, remote_id=x.city.id, handle="@iwata_city", connected_by=cast.chiba,
                              **kept(Link(str(account.pk), "", secrets, facts), service="x"))


def connected_to_x(cast: Cast, x: XServer, *, ends_in: timedelta = timedelta(hours=2)) -> Account:
    """Connected, so that koshiki itself posts."""
    account = on_x(cast, x)
    connect_to_x(cast, account, x, ends_in=ends_in)
    return account
