"""Taking a backup while everything runs (docs/decisions/backup.md).

The database first, in one snapshot, then the files. Files are only ever added, before the row that names them: each
file of which the snapshot knows is there when files are copied. What came meanwhile is too many, never too few.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from koshiki import disk
from koshiki.backup.archive import DATABASE, FEED, MEDIA, BadBackup, Manifest, Writer
from koshiki.backup.programs import running

# Sessions would let in whoever holds the backup; jobs only wake what rows demand, and rows are all there; workers
# and shared folders are those of the machines that were.
LEFT_OUT = ("django_session", "procrastinate_*", "koshiki_worker", "koshiki_sharedfolder")
FULL = "控えを書けません。{why}（{path}）。空きのある場所を指定してください。何も残していません。"


def make(path: Path, *, replace: bool = False, whole: bool = True) -> Manifest:
    """Write the backup to `path`, 0600. Without `whole` the database alone: what an upgrade changes.

    Raises BadBackup, saying what to do; then there is no file, and an older one of that name is as it was.
    """
    try:
        with psycopg.connect(_source(), connect_timeout=10) as connection, Writer(path, replace=replace) as writer:
            manifest = _database(writer, connection)
            manifest.whole = whole
            for name, file in _files() if whole else ():
                writer.add_file(name, file)
            writer.finish(manifest)
    except OSError as error:
        raise BadBackup(FULL.format(why=disk.why(error), path=path)) from error
    except psycopg.Error as error:
        raise BadBackup(f"データベースから控えを取れません。\n{error}") from error
    return manifest


def _source() -> str:
    """The owner's connection, else the application's, which may read everything: a daily backup needs no more."""
    return str(settings.KOSHIKI_MIGRATE_URL) or os.environ["DATABASE_URL"]


def _database(writer: Writer, connection: psycopg.Connection[Any]) -> Manifest:
    """The dump, and the facts of the same snapshot."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    manifest = _facts(connection)
    (snapshot,) = _row(connection, "SELECT pg_export_snapshot()")
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
               *(f"--exclude-table-data={table}" for table in LEFT_OUT)]
    with running("pg_dump", _source(), *options, stdout=subprocess.PIPE) as dumping:
        assert dumping.stdout  # noqa: S101
        writer.add_parts(DATABASE, dumping.stdout)
    connection.rollback()
    return manifest


def _facts(connection: psycopg.Connection[Any]) -> Manifest:
    identity, sample = _row(connection, "SELECT identity, sample FROM koshiki_installation")
    if sample:
        raise BadBackup("見本の控えは取れません。見本は、KOSHIKI_HOME ごと作り直せます。")
    number, digest = _row(connection, "SELECT number, digest FROM koshiki_head")
    migrations = connection.execute("SELECT name FROM django_migrations WHERE app = 'koshiki' ORDER BY name")
    return Manifest(str(identity), datetime.now(UTC).isoformat(timespec="seconds"), [name for name, in migrations],
                    number, digest)


def _row(connection: psycopg.Connection[Any], question: Any) -> tuple[Any, ...]:
    row = connection.execute(question).fetchone()
    if row is None:
        raise BadBackup("データベースの準備が終わっていません。控えるものがありません。")
    return tuple(row)


def _files() -> Iterator[tuple[str, Path]]:
    """What media and feed hold, by its name in the backup. Half-written files begin with a dot."""
    for name, root in ((MEDIA, Path(settings.KOSHIKI_MEDIA)), (FEED, Path(settings.KOSHIKI_FEED))):
        for path in sorted(root.rglob("*")):
            within = path.relative_to(root)
            if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in within.parts):
                yield f"{name}/{within.as_posix()}", path
