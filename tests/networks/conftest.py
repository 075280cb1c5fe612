"""What the tests of the Mastodon API share: a server, and an account connected to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from koshiki.networks.base import (
    Link,
    Outgoing,
)
from koshiki.networks.mastodon import Mastodon
from tests.networks.mastodon_server import MastodonServer, connected


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""


@pytest.fixture
def server(loopback: None) -> Iterator[MastodonServer]:
    with MastodonServer().running() as running:
        yield running


@pytest.fixture
def link(server: MastodonServer) -> Link:
    return connected(server.base, server.city.token, account="42")


@pytest.fixture
def opened(link: Link) -> Mastodon:
    return Mastodon(link)


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))
