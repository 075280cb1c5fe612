"""What the tests of X share: the stand-in, which must have been asked as X describes it, and a connected account."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from koshiki.networks.base import Link, Outgoing, Secret
from koshiki.networks.x import X, connecting
from tests.networks.x_server import XServer
from tests.networks.x_world import Account


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    with XServer().running() as running:
        monkeypatch.setattr(X, "api", running.base)
        monkeypatch.setattr(X, "authorize_url", f"{running.base}/i/oauth2/authorize")
        yield running
        assert running.complaints == []


def linked(server: XServer, account: Account, *, scopes: str = connecting.SCOPES) -> Link:
    """The connection of an account that allowed these."""
    given = server.grant(account, scopes.split())
    secrets = {key: Secret(given[key]) for key in ("access_token", "refresh_token") if key in given}
    facts = {"remote_account_id": account.id, "handle": f"@{account.username}", "url": f"https://x.com/{account.username}"}
    return Link(account="42", secrets=secrets, facts=facts, app=server.app)


@pytest.fixture
def link(server: XServer) -> Link:
    return linked(server, server.city)


@pytest.fixture
def opened(link: Link) -> X:
    return X(link)


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))
