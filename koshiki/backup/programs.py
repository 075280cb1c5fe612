"""pg_dump and pg_restore: which of them fit the server, and how they are called without showing the password."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koshiki.backup.archive import BadBackup
from koshiki.database.embedded import Cluster
from koshiki.database.programs import MAJOR, PACKAGE

NONE_FITS = """\
PostgreSQL {server} のサーバーに合う {name} がありません（見つかったもの: {found}）。
サーバーと同じか、より新しい版を入れてください（Debian では: apt-get install postgresql-client-{server}）。"""


@contextmanager
def running(name: str, url: str, *arguments: str, stdin: int = subprocess.DEVNULL,
            stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """The program at work on this database; ended when the context is left. Raises BadBackup where it fails."""
    facts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = facts.pop("password", "")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **({"PGPASSWORD": password} if password else {})}
    command: list[str | Path] = [find(name, url), *arguments, f"--dbname={make_conninfo(**facts)}"]
    with tempfile.TemporaryFile() as words, subprocess.Popen(
            command, env=environment, stdin=stdin, stdout=stdout, stderr=words) as process:
        try:
            yield process
        except BaseException as error:
            process.kill()
            if isinstance(error, BrokenPipeError):
                raise BadBackup(_said(name, words)) from error
            raise
        if process.wait():
            raise BadBackup(_said(name, words))


def _said(name: str, words: IO[bytes]) -> str:
    words.seek(0)
    return f"{name} が失敗しました。\n{words.read().decode(errors='replace').strip()[-1500:]}"


def find(name: str, url: str) -> Path:
    """The program of the embedded server; for another server the one on PATH, or the wheel's, if it fits.

    A pg_dump older than its server refuses, so that is not tried. Raises BadBackup where none fits.
    """
    if settings.KOSHIKI_EMBEDDED:
        return Cluster(settings.KOSHIKI_HOME).programs / name
    with psycopg.connect(url, connect_timeout=10) as connection:
        server = connection.info.server_version // 10000
    found = {path: _major(path) for path in _candidates(name)}
    fitting = sorted((major, path) for path, major in found.items() if major >= server)
    if not fitting:
        seen = "、".join(f"{path} は {major}" for path, major in found.items()) or "なし"
        raise BadBackup(NONE_FITS.format(server=server, name=name, found=seen))
    return fitting[0][1]


def _candidates(name: str) -> Sequence[Path]:
    spec = importlib.util.find_spec(PACKAGE)
    wheel = [Path(place) / f"pginstall{MAJOR}/bin" / name for place in (spec.submodule_search_locations or [])
             ] if spec else []
    on_path = shutil.which(name)
    return [*([Path(on_path)] if on_path else []), *(path for path in wheel if path.is_file())]


def _major(path: Path) -> int:
    """0 for a program that does not say."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0
