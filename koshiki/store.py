"""The store: images and films under the SHA-256 of their bytes, in one folder; written whole or not at all.

A leaf: it knows neither the guideline nor the database.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from koshiki import disk
from koshiki.clock import spoken


class BadMedium(ValueError):
    """A file that is not taken; `message` says why in Japanese, for the person who uploaded it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Kept:
    """What lies in the store: its bytes never change. `milliseconds` and `poster` (a JPEG's SHA-256) are a film's."""

    sha256: str
    mime: str
    width: int
    height: int
    size: int
    milliseconds: int = 0
    poster: str = ""

    @property
    def is_film(self) -> bool:
        return self.mime.startswith("video/")

    @property
    def length(self) -> str:
        """How long a film is, as people say it."""
        return spoken(math.ceil(self.milliseconds / 1000))


def path(sha256: str) -> Path:
    """Where the bytes with this SHA-256 lie, whether or not they are there. Raises ValueError for no digest."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("not a SHA-256")
    return Path(settings.KOSHIKI_MEDIA) / sha256[:2] / sha256


def whole(sha256: str) -> bool:
    """Are the bytes there, and still those that were kept?"""
    try:
        return _digest(path(sha256)) == sha256
    except FileNotFoundError:
        return False


def put(data: bytes) -> str:
    """Keep these bytes, readable by koshiki alone. Returns the SHA-256.

    Raises OSError where the disk refuses; then nothing is left.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if not path(sha256).exists():
        with beside() as new:
            new.write_bytes(data)
            _settle(new, sha256)
    return sha256


def put_file(new: Path) -> str:
    """Keep the file that was written `beside` the store; it is read, never held whole. Returns the SHA-256.

    Raises OSError where the disk refuses.
    """
    sha256 = _digest(new)
    if not path(sha256).exists():
        _settle(new, sha256)
    return sha256


@contextmanager
def beside() -> Iterator[Path]:
    """A new empty file (0600) on the store's disk, to be filled and kept; what is not kept is gone afterwards."""
    folder = Path(settings.KOSHIKI_MEDIA)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def unwritten(what: str, error: OSError) -> str:
    """What a person is told whose file can't be kept, though nothing is wrong with it."""
    return f"{what}を保存できません。{disk.why(error)}。システム管理の担当に知らせてください。"


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _settle(new: Path, sha256: str) -> None:
    """Synced, renamed, and the rename synced: so it is there after a power cut, and never by half."""
    target = path(sha256)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(target)
    disk.sync_folder(target.parent)
