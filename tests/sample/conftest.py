"""The sample city as it stands after the first start: loaded once for all tests that only look."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.databases import _own_clone
from tests.posts.delivering import install
from tests.sample.service import free_port, running

_hearing: list[list[str]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _hearing and isinstance(arguments[1], tuple):
        _hearing[-1].append(str(arguments[1][0]))


sys.addaudithook(_hear)


@contextmanager
def connections() -> Iterator[list[str]]:
    """Whereto sockets of this process are connected meanwhile."""
    _hearing.append([])
    try:
        yield _hearing[-1]
    finally:
        _hearing.pop()


@dataclass
class Sample:
    """The loaded sample: its folder, a browser at 見本SNS, and whereto the loading was connected."""

    home: Path
    service: httpx.Client
    reached: list[str]

    @property
    def address(self) -> str:
        return str(self.service.base_url).rstrip("/")


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Made by the real command, sent to the real service, on a database of its own, in which all is committed."""
    from koshiki.database.models import Installation
    from koshiki.networks.credentials import ensure_key_ring
    from koshiki.sample.sns import place

    home = tmp_path_factory.mktemp("sample")
    with django_db_blocker.unblock(), _own_clone(), override_settings(**settings_of(home)):
        Installation.objects.create(pk=1, sample=True)
        install(home)
        ensure_key_ring(home / "keys.json")
        place.folder().mkdir()
        (place.folder() / "port").write_text(str(free_port()))
        with running(place.folder(), place.port()) as service:
            with connections() as reached:
                call_command("load_sample")
            yield Sample(home, service, reached)


def settings_of(home: Path) -> dict[str, Any]:
    """What koshiki.settings makes of the environment in which the supervisor starts a sample."""
    return {
        "KOSHIKI_SAMPLE": True, "KOSHIKI_EMBEDDED": True, "KOSHIKI_HOME": home, "KOSHIKI_KEY_RING": home / "keys.json",
        "KOSHIKI_MEDIA": home / "media", "KOSHIKI_FEED": home / "feed", "KOSHIKI_PUBLIC_DIR": home / "public",
        "KOSHIKI_ALLOWED_NETWORKS": ("127.0.0.1/32",), "EMAIL_HOST": "",
    }


@pytest.fixture
def environment(database_urls: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """For a command in a process of its own, on this test's database."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("KOSHIKI_")}
    return {**rest, **database_urls, "KOSHIKI_HOME": str(tmp_path / "home"), "PYTHONUTF8": "1"}
