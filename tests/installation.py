"""The tests' own installation: media, feed, public pages and keys of a session are thrown away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

FOLDERS = {"KOSHIKI_MEDIA": "media", "KOSHIKI_FEED": "feed", "KOSHIKI_PUBLIC_DIR": "public",
           "KOSHIKI_KEY_RING": "keys.json", "STATIC_ROOT": "static"}


@pytest.fixture(scope="session", autouse=True)
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """KOSHIKI_HOME of this process; other processes that a test starts inherit it."""
    from django.conf import settings

    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "KOSHIKI_HOME", str(home))
        patch.setattr(settings, "KOSHIKI_HOME", home)
        patch.setattr(settings, "KOSHIKI_SAMPLE", False)
        for name, folder in FOLDERS.items():
            patch.setattr(settings, name, home / folder)
        (home / FOLDERS["STATIC_ROOT"]).mkdir()
        patch.setattr(Argon2PasswordHasher, "memory_cost", 1024)  # a hash is slow on purpose; these are hundreds
        yield home
