"""A channel that is connected, and a film for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from koshiki.networks.base import (
    Link,
    Media,
    Outgoing,
)
from koshiki.networks.credentials import ensure_key_ring
from koshiki.networks.youtube import YouTube, upload
from tests.networks.contract import TEXT
from tests.networks.youtube.talk import TITLE
from tests.networks.youtube_server import YouTubeServer, connected


@pytest.fixture
def server(
    loopback: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> Iterator[YouTubeServer]:
    settings.KOSHIKI_KEY_RING = tmp_path / "keys.json"
    ensure_key_ring(settings.KOSHIKI_KEY_RING)
    with YouTubeServer().running() as running:
        monkeypatch.setattr(YouTube, "api", running.base)
        monkeypatch.setattr(YouTube, "tokens", f"{running.base}/token")
        monkeypatch.setattr(upload, "PIECE", 262_144)
        yield running


@pytest.fixture
def link(server: YouTubeServer) -> Link:
    return connected(server)


@pytest.fixture
def opened(link: Link) -> YouTube:
    return YouTube(link)


@pytest.fixture
def film(tmp_path: Path) -> Media:
    """A bit more than three pieces."""
    (tmp_path / "film.mp4").write_bytes(bytes(range(251)) * 4000)
    return Media(tmp_path / "film.mp4", "video/mp4", "職員が段ボールの寝床を組み立てる様子", 1280, 720, seconds=60)


@pytest.fixture
def plain(film: Media) -> Outgoing:
    return Outgoing({"title": TITLE, "text": TEXT}, (film,), str(uuid.uuid4()), datetime.now(UTC) - timedelta(seconds=1))
