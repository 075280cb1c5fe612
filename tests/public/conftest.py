"""A place of its own for what each test publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any) -> Path:
    """KOSHIKI_PUBLIC_DIR, and the address at which the city shows it."""
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"
    settings.KOSHIKI_PUBLIC_URL = "https://www.city.example.jp/official/"
    return tmp_path / "public"
