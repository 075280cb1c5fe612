"""Setting the database up as its owner: tables, rights, and the row that says whose installation this is."""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dj_database_url
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from psycopg import sql

from koshiki.database import roles
from koshiki.database.models import Installation
from koshiki.database.startup import NotFit
from koshiki.database.version import NOTE, version

ONE_AT_A_TIME = 7_400_001  # the advisory lock under which hosts migrate one after the other


def set_up(*, sample: bool, say: Callable[[str], None]) -> None:
    """Bring the database to this version and give the application its rights; repeatable at every start.

    Raises NotFit where the two roles are not named or lead to different databases.
    """
    application = connections.settings["default"]["USER"]
    with as_owner(), connection.cursor() as cursor:
        if application == connection.settings_dict["USER"]:
            raise NotFit("DATABASE_URL と KOSHIKI_MIGRATE_URL には別々の役割を書いてください。")
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        _migrate(say)
        roles.grant(application)
        _install(sample=sample)
        cursor.execute(sql.SQL(NOTE).format(version()))


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """The default connection is the owner's meanwhile."""
    shared = connections.settings["default"]
    before, owner = dict(shared), dj_database_url.parse(_owner_url())
    if owner["NAME"] != before["NAME"]:
        raise NotFit("KOSHIKI_MIGRATE_URL と DATABASE_URL が別のデータベースを指しています。")
    connections.close_all()
    shared.update(owner)
    try:
        yield
    finally:
        connections.close_all()
        shared.update(before)


def _owner_url() -> str:
    if not settings.KOSHIKI_MIGRATE_URL:
        raise NotFit("DATABASE_URL を使うときは、表の所有者で接続する KOSHIKI_MIGRATE_URL も指定してください。")
    return str(settings.KOSHIKI_MIGRATE_URL)


def _migrate(say: Callable[[str], None]) -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("データベースの表を用意しています。")
        call_command("migrate", verbosity=0, interactive=False)


def _install(*, sample: bool) -> None:
    """The identity is drawn once; a data folder that lacks it belongs to a copy, and is left so."""
    installed, new = Installation.objects.get_or_create(pk=1, defaults={"sample": sample})
    if new:
        keep(settings.KOSHIKI_HOME / "installation", str(installed.identity))


def is_this_installation() -> bool:
    """Whether data folder and database name the same installation; in a restored copy they do not."""
    return same_installation().exists()


def same_installation() -> QuerySet[Installation]:
    """The database's row, if the data folder names the same installation; to be asked within another query."""
    path = settings.KOSHIKI_HOME / "installation"
    known = path.read_text().strip() if path.is_file() else ""
    return Installation.objects.filter(pk=1, identity=known or uuid.UUID(int=0))


def ensure_secret_key() -> None:
    """The key that signs sessions and forms, drawn at the first start, 0600."""
    path = settings.KOSHIKI_HOME / "secret_key"
    if not path.exists() and not os.environ.get("KOSHIKI_SECRET_KEY"):
        keep(path, secrets.token_urlsafe(50))


def keep(path: Path, text: str) -> None:
    """Write a file whole or not at all, for this account's eyes only; one that is there is replaced."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
