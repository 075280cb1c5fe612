"""Restoring a backup: into an empty database and an empty KOSHIKI_HOME only, checked first, all of it or nothing.

What was restored sends nothing until a person has confirmed it (K-restore): the folder is given an identity that is
not the database's before there is anything that could be sent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from koshiki import disk
from koshiki.audit.log import Verdict, record, verify
from koshiki.audit.models import Entry
from koshiki.backup.archive import DATABASE, FEED, MEDIA, BadBackup, Manifest, check, members
from koshiki.backup.programs import running
from koshiki.calendar import wareki
from koshiki.database import identity
from koshiki.database.models import Installation
from koshiki.database.ownership import as_owner, owner_url, set_up
from koshiki.database.upgrade import own_migrations
from koshiki.posts.delivery import restore as guard

USED = """\
{what}。復元は、空のデータベースと空の KOSHIKI_HOME にだけ行います。何も変更していません。
 ・組み込みのデータベース: koshiki を終わらせ、{home} の data、media、feed を別の名前に変えてから（消さないでください）、
   もう一度実行します。または、別の KOSHIKI_HOME を指定します。
 ・DATABASE_URL のデータベース: 空のデータベースを新しく作り、DATABASE_URL と KOSHIKI_MIGRATE_URL に指定します。"""
NEWER = """\
この控えは、この版より新しい koshiki のものです（この版は {unknown} を知りません）。何も変更していません。
新しい版の koshiki で復元してください。"""
REASON = "{taken}に取られた控えから復元しました。"


def restore(path: Path, *, say: Callable[[str], None]) -> Verdict:
    """Bring back what the backup holds. Returns what verification says of the log.

    Raises BadBackup where the backup or the place does not fit, or something fails: then the place is empty again.
    """
    say("控えを、端から端まで確かめています。")
    try:
        manifest = check(path)
        refuse_unfit(manifest)
        with _files_or_none(manifest):
            identity.lay(uuid.uuid4())  # nobody's: before anything is there that could be sent
            say("画像と発信一覧を戻しています。")
            _lay_files(path)
            say("データベースを戻しています。")
            _lay_database(path)
    except OSError as error:
        raise BadBackup(f"復元できません。{disk.why(error)}（{error.filename or path}）。") from error
    set_up(sample=False, say=say)
    _analyze()
    say("監査記録を確かめています。")
    verdict = _verdict(manifest)
    _guard(manifest)
    return verdict


def refuse_unfit(manifest: Manifest) -> None:
    """Raises BadBackup where the place is in use, the program is the older one, or this is the sample."""
    if settings.KOSHIKI_SAMPLE:
        raise BadBackup("見本には復元できません。別の KOSHIKI_HOME を指定してください。")
    if unknown := sorted(set(manifest.migrations) - set(own_migrations())):
        raise BadBackup(NEWER.format(unknown="、".join(unknown)))
    for folder in _roots().values() if manifest.whole else ():
        if folder.is_dir() and any(path.is_file() for path in folder.rglob("*")):
            raise BadBackup(USED.format(what=f"{folder} に、すでにファイルがあります", home=settings.KOSHIKI_HOME))
    if _has_tables():
        raise BadBackup(USED.format(what="データベースに、すでに表があります", home=settings.KOSHIKI_HOME))


def _roots() -> dict[str, Path]:
    return {MEDIA: Path(settings.KOSHIKI_MEDIA), FEED: Path(settings.KOSHIKI_FEED)}


def _has_tables() -> bool:
    try:
        with psycopg.connect(owner_url(), connect_timeout=10) as asked:
            found = asked.execute("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1").fetchone()
    except psycopg.Error as error:
        raise BadBackup(f"データベースに接続できません。\n{error}") from error
    return found is not None


@contextmanager
def _files_or_none(manifest: Manifest) -> Iterator[None]:
    """Where it fails, what was laid goes again: the folders were empty."""
    try:
        yield
    except BaseException:
        for folder in _roots().values() if manifest.whole else ():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _lay_files(path: Path) -> None:
    roots, folders = _roots(), set()
    for root in roots.values():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, member in members(path, lambda name: not name.startswith(DATABASE)):
        kind, _, within = name.partition("/")
        if kind in roots:
            target = roots[kind] / within
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy(member, target, 0o600 if kind == MEDIA else 0o644)
            folders.add(target.parent)
    for folder in folders:
        disk.sync_folder(folder)


def _copy(member: IO[bytes], target: Path, mode: int) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        shutil.copyfileobj(member, file, 1024 * 1024)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())


def _lay_database(path: Path) -> None:
    """In one transaction: an end in the middle leaves the database empty."""
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    with running("pg_restore", owner_url(), *options, stdin=subprocess.PIPE) as restoring:
        assert restoring.stdin  # noqa: S101
        for _, member in members(path, lambda name: name.startswith(f"{DATABASE}/")):
            shutil.copyfileobj(member, restoring.stdin, 1024 * 1024)
        restoring.stdin.close()


def _analyze() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _verdict(manifest: Manifest) -> Verdict:
    """What the chain says, and whether it ends where the backup's did."""
    verdict = verify()
    ends = Entry.objects.filter(number=manifest.log_number, digest=manifest.log_digest).exists()
    if verdict.holds and (verdict.count != manifest.log_number or (verdict.count and not ends)):
        return Verdict(verdict.count, manifest.log_number, "末尾の記録が、控えの目録と違います。")
    return verdict


@transaction.atomic
def _guard(manifest: Manifest) -> None:
    """Every page says so at once, also before a worker runs."""
    taken = timezone.localtime(datetime.fromisoformat(manifest.taken_at))
    guard.discovered(REASON.format(taken=wareki(taken)))
    installed = Installation.objects.get(pk=1)
    record("installation.restore", installed, by=None, clause="K-restore", taken_at=manifest.taken_at,
           entries=manifest.log_number)
