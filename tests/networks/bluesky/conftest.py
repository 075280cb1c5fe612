"""What the tests of Bluesky share: a small Bluesky of their own, and the city's account connected to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from koshiki.networks.base import Link, Outgoing, Secret
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.bluesky.connecting import PROFILE, Directories
from tests.networks.bluesky_server import Account, BlueskyServer


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlueskyServer]:
    with BlueskyServer().running() as running:
        monkeypatch.setattr(Directories, "names", running.base)
        monkeypatch.setattr(Directories, "accounts", running.base)
        yield running


@pytest.fixture
def link(server: BlueskyServer) -> Link:
    return connected(server.city)


@pytest.fixture
def opened(link: Link) -> Bluesky:
    return Bluesky(link)


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))


def connected(account: Account, password: str = "", address: str = "") -> Link:
    """The connection that this account's app password opens, as registered under its handle."""
    given = {"app_password": Secret(password or account.app_password)}
    return Bluesky.with_key(given, account="42", address=address or PROFILE + account.handle)
