"""What the tests run on is what a city runs on."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def _pinned(lock: str) -> set[str]:
    return set(re.findall(r"^[\w.-]+==\S+", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_lock_of_the_tests_holds_all_of_the_lock() -> None:
    assert _pinned("requirements.lock")
    assert _pinned("requirements.lock") <= _pinned("requirements-dev.lock")
