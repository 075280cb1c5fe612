"""控え — one tar file: a note of its form, the database in parts, the files, and last the list of their digests.

Nothing is held in memory but that list. The file is written beside its place, synced and moved there whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from koshiki import disk

FORMAT = 1
FIRST, LAST = "koshiki-backup.json", "manifest.json"
DATABASE, MEDIA, FEED = "database", "media", "feed"
BROKEN = "{path} は、koshiki の控えではないか、壊れています（{error}）。"
PART = 16 * 1024 * 1024
_NAME = re.compile(rf"({DATABASE}|{MEDIA}|{FEED})(/\w[\w.-]*)+")


class BadBackup(Exception):
    """A backup that can't be written or used; the message says why, and what to do."""


@dataclass
class Manifest:
    """控えの目録 — what a backup holds, and of what."""

    identity: str
    taken_at: str
    migrations: list[str]
    log_number: int
    log_digest: str
    whole: bool = True  # with media and feed
    members: dict[str, str] = field(default_factory=dict)  # SHA-256 by name

    @property
    def files(self) -> int:
        """How many files of media and feed."""
        return sum(not name.startswith(f"{DATABASE}/") for name in self.members)


class Writer:
    """Writes one backup. Used as a context; unless `finish` was reached, nothing remains."""

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        self.path, self.replace = path, replace
        self.beside = path.with_name(f".{path.name}.part")
        self.digests: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self.path.exists() and not self.replace:
            raise BadBackup(f"{self.path} は、すでにあります。別の名前にするか、--replace を付けてください。")
        self.file = os.fdopen(os.open(self.beside, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.close()
            raise BadBackup(f"{self.path} への控えを、いま別の処理が取っています。終わるのを待ってください。") from None
        self.file.truncate()  # what a killed one left
        self.tar = tarfile.open(fileobj=self.file, mode="w")
        self.add(FIRST, json.dumps({"format": FORMAT}).encode())
        return self

    def add(self, name: str, data: bytes) -> None:
        """A member out of memory."""
        self._add(tarfile.TarInfo(name), io.BytesIO(data), len(data))

    def add_parts(self, folder: str, stream: IO[bytes]) -> None:
        """A stream whose length nobody knows yet, as numbered members."""
        number = 0
        while data := stream.read(PART):
            number += 1
            self.add(f"{folder}/{number:06}", data)

    def add_file(self, name: str, path: Path) -> None:
        """A file, unless it has gone meanwhile."""
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            self._add(tarfile.TarInfo(name), file, os.fstat(file.fileno()).st_size)

    def finish(self, manifest: Manifest) -> None:
        """Write the list of what is in it, and put the whole in place."""
        manifest.members = dict(self.digests)
        self.add(LAST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode())
        self.tar.close()
        self.file.flush()
        os.fsync(self.file.fileno())
        if self.replace:
            self.beside.replace(self.path)
        else:
            self.path.hardlink_to(self.beside)  # never over one that came meanwhile
        disk.sync_folder(self.path.parent)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.beside.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.file.close()
        if isinstance(error, FileExistsError):
            raise BadBackup(f"{self.path} が、途中で現れました。別の名前にしてください。") from error

    def _add(self, info: tarfile.TarInfo, file: IO[bytes], size: int) -> None:
        info.size, info.mode, info.mtime = size, 0o600, int(time.time())
        reading = _Digesting(file)
        self.tar.addfile(info, reading)
        if info.name != FIRST:
            self.digests[info.name] = reading.digest.hexdigest()


class _Digesting:
    """A file that is digested while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


def check(path: Path) -> Manifest:
    """Read a backup from end to end. Raises BadBackup where it is none, is cut short, or was changed."""
    try:
        found, last = _read(path)
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(BROKEN.format(path=path, error=error)) from error
    if not last:
        raise BadBackup(f"{path} は、途中で切れています。別の控えを使ってください。")
    manifest = _manifest(path, last)
    wrong = sorted({n for n in {*found, *manifest.members} if found.get(n) != manifest.members.get(n)})
    if wrong:
        raise BadBackup(f"{path} の中身が、目録と違います（{wrong[0]} ほか計{len(wrong)}件）。別の控えを使ってください。")
    return manifest


def _read(path: Path) -> tuple[dict[str, str], bytes]:
    """Every member's digest, and the list at the end."""
    found: dict[str, str] = {}
    last = b""
    for name, member in members(path):
        if name == LAST:
            last = member.read()
        elif name != FIRST:
            found[name] = hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]
    return found, last


def _manifest(path: Path, text: bytes) -> Manifest:
    try:
        return Manifest(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise BadBackup(f"{path} の目録を読めません（{error}）。") from error


def members(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and contents, in order. Raises BadBackup for a file that is no backup of a form known here."""
    try:
        with tarfile.open(path, "r:") as tar:
            _refuse_other_form(path, tar)
            while (info := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # a list of a million files is not needed
                if not info.isreg() or (info.name != LAST and not _NAME.fullmatch(info.name)):
                    raise BadBackup(f"{path} に、koshiki の控えにないもの（{info.name}）が入っています。")
                member = tar.extractfile(info)
                if member and wanted(info.name):
                    yield info.name, member
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(BROKEN.format(path=path, error=error)) from error


def _refuse_other_form(path: Path, tar: tarfile.TarFile) -> None:
    info = tar.next()
    member = tar.extractfile(info) if info and info.name == FIRST and info.isreg() else None
    try:
        form: Any = json.loads(member.read())["format"] if member else None
    except (ValueError, TypeError, KeyError):
        form = None
    if form is None:
        raise BadBackup(f"{path} は、koshiki の控えではありません。")
    if form != FORMAT:
        raise BadBackup(f"{path} は、新しい版の koshiki の控えです。その版の `manage.py restore` を使ってください。")
