"""Where 見本SNS stands: its folder, and its port, which stays the same from start to start."""

from __future__ import annotations

import socket
from pathlib import Path

from django.conf import settings

FIRST = 8100


def folder() -> Path:
    return Path(settings.KOSHIKI_HOME) / "sample-sns"


def port() -> int:
    """The port of this installation, chosen once: the addresses of the sample's posts hold it."""
    kept = folder() / "port"
    if not kept.exists():
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write_text(str(_free()))
    return int(kept.read_text())


def address() -> str:
    """`http://127.0.0.1:8100`"""
    return f"http://127.0.0.1:{port()}"


def _free() -> int:
    for number in (*range(FIRST, FIRST + 100), 0):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", number))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("no free port")
