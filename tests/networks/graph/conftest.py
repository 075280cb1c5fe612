"""What the tests of Facebook and Instagram share: an app, and the sign-in of a person who allows it."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from koshiki.networks.base import Link, Outgoing, Publishes, Secret
from koshiki.networks.facebook import Facebook
from koshiki.networks.graph import OnGraph
from koshiki.networks.graph.api import VERSION
from tests.networks.contract import nothing
from tests.networks.graph.door import running
from tests.networks.graph.facebook import FacebookServer
from tests.networks.graph.server import APP_ID, APP_SECRET, GraphServer

APP = {"app_id": Secret(APP_ID), "app_secret": Secret(APP_SECRET)}
BACK = "https://koshiki.example/connect/back"


def allowed(address: str) -> dict[str, str]:
    """What comes back with the person who allowed it."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}")
    came_back = urlsplit(connection.getresponse().getheader("Location", ""))
    connection.close()
    return {key: values[0] for key, values in parse_qs(came_back.query).items()}


def connected(kind: type[OnGraph], address: str, app: Mapping[str, Secret] = APP) -> Link:
    """The connection of the account with this address, signed in."""
    beginning = kind.begin(app, "", BACK)
    back = allowed(beginning.authorize_url)
    assert back["state"] == beginning.state
    return kind.finish(app, beginning.pending, back["code"], account="42", address=address)


def pointed_at(server: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnGraph, "api", server.api)
    monkeypatch.setattr(OnGraph, "dialog", f"{server.base}/{VERSION}/dialog/oauth")


@pytest.fixture
def facebook(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FacebookServer]:
    server = FacebookServer()
    with running(server):
        pointed_at(server, monkeypatch)
        yield server


@pytest.fixture
def page(facebook: FacebookServer) -> Facebook:
    return Facebook(connected(Facebook, "https://www.facebook.com/city.iwata.test"))


def staged(opened: Publishes, outgoing: Outgoing) -> Outgoing:
    """Everything done but the last call."""
    return replace(outgoing, stage=dict(opened.prepare(outgoing, {}, lambda _stage: None, nothing)))


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))
