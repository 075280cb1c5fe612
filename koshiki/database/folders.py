"""共有フォルダー — images, feed and public copy must be the same folders on every host that works.

Each folder holds a mark whose token the database knows: an empty mount point or another installation's folder
does not have it. A copy of the folder would: so every worker also writes a number of its own there, anew every few
seconds, and in the database. Whoever finds an earlier worker's number missing or old is looking at a copy, and stops.
docs/decisions/several-hosts.md says why so.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from koshiki.database.models import Installation, SharedFolder, Worker
from koshiki.database.startup import NotFit
from koshiki.disk import keep

MARK = ".koshiki"  # the folder's token; beside it `.koshiki-<worker>` with each worker's number
BEAT = 10.0  # seconds between two numbers of a worker
ALIVE = timedelta(seconds=25)  # by the database's clock; a worker that is silent for longer counts for nothing
SETTLE = 3.0  # seconds that a file may take to be seen on another host
_LOCK = 0x6B6F7369  # one worker at a time marks a folder
CURE = ("すべての機械で同じ共有フォルダーを使うように、マウントと {variable} を確かめてください。"
        "わざと入れ替えたときは、すべてのワーカーを止め、`manage.py worker --adopt-folders` で一度起動してください。")
F_ = SharedFolder.Name


def folders() -> dict[str, tuple[str, Path]]:
    """The shared folders by name: the variable that sets each, and its path on this host."""
    return {F_.MEDIA: ("KOSHIKI_MEDIA", Path(settings.KOSHIKI_MEDIA)),
            F_.FEED: ("KOSHIKI_FEED", Path(settings.KOSHIKI_FEED)),
            F_.PUBLIC: ("KOSHIKI_PUBLIC_DIR", Path(settings.KOSHIKI_PUBLIC_DIR))}


def adopt() -> None:
    """This host's folders are the shared ones from now on: after they were moved or restored, with no worker running."""
    SharedFolder.objects.all().delete()
    for _variable, path in folders().values():
        (path / MARK).unlink(missing_ok=True)


def not_shared() -> list[str]:
    """What a web server has to say when it starts: it stays up, but what is uploaded there would reach nobody."""
    tokens = dict(SharedFolder.objects.values_list("name", "token"))
    return [f"この機械（{socket.gethostname()}）の {path} は、ワーカーと共有しているフォルダーではありません。"
            f"{CURE.format(variable=variable)}"
            for name, (variable, path) in folders().items()
            if name in tokens and _words_of(path / MARK) != tokens[name]]


class Presence:
    """One worker, as the others see it: in the database and in each shared folder."""

    def __init__(self) -> None:
        self.pk = uuid.uuid4()
        self.host = socket.gethostname()[:200]

    def begin(self) -> None:
        """Proves that this host's folders are the shared ones, and appears there. Raises NotFit."""
        for variable, path in folders().values():
            _make(variable, path)
        _clear_away()
        Worker.objects.create(pk=self.pk, host=self.host, beat=secrets.token_hex(8))
        self.beat()

    def beat(self) -> None:
        """A new number, where the mark is; then the earlier workers' numbers must be seen too. Raises NotFit."""
        with _alone():
            for name, (variable, path) in folders().items():
                _prove_mark(name, variable, path)
        number = secrets.token_hex(8)
        Worker.objects.update_or_create(
            pk=self.pk, defaults={"host": self.host, "before": F("beat"), "beat": number, "beat_at": Now()},
            create_defaults={"host": self.host, "beat": number})
        for _name, (variable, path) in folders().items():
            with _said(variable, path):
                _own_file(path, self.pk).write_text(number)
        self._compare()

    def _compare(self) -> None:
        until = time.monotonic() + SETTLE
        while found := self._unlike():
            if time.monotonic() > until:
                raise NotFit(found)
            time.sleep(0.3)

    def _unlike(self) -> str:
        """What tells a folder of this host from that of a worker that was here before; empty if nothing does."""
        mine = Worker.objects.filter(pk=self.pk).values("started_at")
        earlier = Worker.objects.filter(beat_at__gt=Now() - ALIVE, started_at__lt=mine[:1]).exclude(pk=self.pk)
        for variable, path in folders().values():
            for other in earlier:
                seen = _words_of(_own_file(path, other.pk))
                if seen not in (other.beat, other.before):
                    return (f"この機械（{self.host}）のフォルダー {path} は、先に動いているワーカー（{other.host}）のものとは"
                            f"別のものです（写しの可能性があります）。このワーカーは何も発信しません。{CURE.format(variable=variable)}")
        return ""

    def end(self) -> None:
        """Disappears."""
        Worker.objects.filter(pk=self.pk).delete()
        for _variable, path in folders().values():
            with contextlib.suppress(OSError):
                _own_file(path, self.pk).unlink(missing_ok=True)


# ---------------------------------------------------------------- the mark

def _prove_mark(name: str, variable: str, path: Path) -> None:
    """The folder's token is the database's; a folder that nobody has marked yet is marked. Raises NotFit."""
    row, known = SharedFolder.objects.filter(pk=name).first(), _words_of(path / MARK)
    installation = str(Installation.objects.get(pk=1).identity)
    if row and row.token == known:
        return
    if known and not (row is None and known.startswith(installation)):
        raise NotFit(f"この機械（{socket.gethostname()}）の {path} は、別の設置の公式（koshiki）のものです。このワーカーは何も"
                     f"発信しません。{CURE.format(variable=variable)}")
    if row and not settings.KOSHIKI_EMBEDDED:  # with the embedded database there is one host, which shares with nobody
        raise NotFit(f"この機械（{socket.gethostname()}）の {path} は、ほかの機械と共有しているフォルダーではありません（印の"
                     f"ファイルがありません）。このワーカーは何も発信しません。{CURE.format(variable=variable)}")
    token = known or f"{installation} {secrets.token_hex(16)}"
    SharedFolder.objects.update_or_create(pk=name, defaults={"token": token})
    with _said(variable, path):
        keep(path / MARK, token)


def _make(variable: str, path: Path) -> None:
    """The folder, where it is not there yet, closed to others; it must let this account write."""
    with _said(variable, path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        tried = path / f".koshiki-try-{os.getpid()}"
        tried.write_text("")
        tried.unlink()


def _words_of(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        return f"（{type(error).__name__}）"


def _own_file(folder: Path, worker: uuid.UUID) -> Path:
    return folder / f"{MARK}-{worker}"


def _clear_away() -> None:
    """What workers left that were killed long ago."""
    gone = Worker.objects.filter(beat_at__lt=Now() - timedelta(days=1))
    for worker in list(gone):
        for _variable, path in folders().values():
            with contextlib.suppress(OSError):
                _own_file(path, worker.pk).unlink(missing_ok=True)
        worker.delete()


@contextlib.contextmanager
def _said(variable: str, path: Path) -> Iterator[None]:
    """What the system refuses, as a sentence. Raises NotFit."""
    try:
        yield
    except OSError as error:
        raise NotFit(f"フォルダー {path} に書き込めません（{error.strerror}）。{variable} の指定と、フォルダーの権限、"
                     "空き容量を確かめてください。") from error


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
