from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections

from koshiki.networks.credentials import ensure_key_ring
from tests.backup.commands import Place, empty_place
from tests.installation import FOLDERS
from tests.posts.delivering import install, server

__all__ = ["server"]


@pytest.fixture
def here(committed_db: None, settings: LazySettings, tmp_path: Path) -> Place:
    """An installation in use: its own database and folder, in this process too."""
    home = tmp_path / "home"
    settings.KOSHIKI_HOME = home
    for name, folder in FOLDERS.items():
        setattr(settings, name, home / folder)
        if name != "KOSHIKI_KEY_RING":
            (home / folder).mkdir(parents=True)
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    install(home)
    ensure_key_ring(home / "keys.json")
    return Place(home, connections.settings["default"]["NAME"])


@pytest.fixture
def there(tmp_path: Path, django_db_setup: None) -> Iterator[Place]:
    """Where nothing is yet."""
    with empty_place(tmp_path / "another") as place:
        yield place
