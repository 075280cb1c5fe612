"""What the tests of Facebook and Instagram share: an app, and the sign-in of a person who allows it."""

from __future__ import annotations

import functools
import http.client
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from koshiki.networks.base import Link, Media, Outgoing, Publishes, Secret
from koshiki.networks.facebook import Facebook
from koshiki.networks.graph import OnGraph
from koshiki.networks.graph.api import VERSION
from koshiki.networks.instagram import Instagram
from tests.networks.contract import nothing
from tests.networks.graph.door import running
from tests.networks.graph.facebook import FacebookServer
from tests.networks.graph.instagram import InstagramServer
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


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Where the city lays pictures out for services to fetch: a folder, and its address."""
    (folder := tmp_path / "staging").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def laid_out(place: tuple[Path, str]) -> Callable[..., Media]:
    folder, address = place

    def lay_out(name: str, colour: str = "navy", size: tuple[int, int] = (64, 48)) -> Media:
        Image.new("RGB", size, colour).save(folder / name)
        mime = "image/jpeg" if name.endswith("jpg") else "image/png"
        return Media(folder / name, mime, f"{colour}一色の図「例」", *size, public_url=f"{address}/{name}")
    return lay_out


@pytest.fixture
def instagram(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[InstagramServer]:
    server = InstagramServer()
    with running(server):
        pointed_at(server, monkeypatch)
        yield server


@pytest.fixture
def account(instagram: InstagramServer) -> Instagram:
    return Instagram(connected(Instagram, "https://www.instagram.com/iwata.test/"))


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))


@pytest.fixture
def outgoing(laid_out: Callable[..., Media]) -> Outgoing:
    """One for Instagram, with the picture that it needs."""
    content = {"text": "防災訓練を行います。 @iwata.test #防災"}
    return Outgoing(content, (laid_out("one.jpg"),), str(uuid.uuid4()), datetime.now(UTC))
