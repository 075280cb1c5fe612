"""What becomes of files: written whole or not at all, and plain words where the disk refuses.

A leaf: it knows neither the guideline nor the database.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SCARCE = 200_000_000  # bytes: below, staff pages say so, before anything fails
_WORDS = {
    **dict.fromkeys(FULL, "ディスクの空きがありません"),
    errno.EROFS: "ディスクが読み取り専用になっています",
    errno.EACCES: "書き込む権限がありません",
    errno.EPERM: "書き込む権限がありません",
    errno.ENOENT: "フォルダーがありません",
    errno.ENOTDIR: "フォルダーがありません",
    errno.EIO: "ディスクが故障しているおそれがあります",
}


def why(error: OSError) -> str:
    """The reason in Japanese, without a full stop; the system's own words for what has none here."""
    return _WORDS.get(error.errno or 0, error.strerror or str(error))


def is_full(error: BaseException | None) -> bool:
    """Did the disk refuse for want of room?"""
    return isinstance(error, OSError) and error.errno in FULL


def free(folder: Path) -> int:
    """Bytes that are left for us where the folder lies, or would lie."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def keep(path: Path, text: str) -> None:
    """Write a small file whole or not at all, for this account's eyes only; one that is there is replaced."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """What was renamed in the folder is so after a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
