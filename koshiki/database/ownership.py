"""Setting the database up as its owner: tables, rights, and the row that says whose installation this is."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator

import dj_database_url
from django.conf import settings
from django.db import connection, connections
from psycopg import sql

from koshiki import disk
from koshiki.database import identity, roles, upgrade
from koshiki.database.models import Installation
from koshiki.database.upgrade import NotFit
from koshiki.database.version import NOTE, version

ONE_AT_A_TIME = 7_400_001  # the advisory lock under which hosts migrate one after the other


def set_up(*, sample: bool, say: Callable[[str], None], before: upgrade.Before = lambda _: "") -> None:
    """Bring the database to this version and give the application its rights; repeatable at every start.

    `before` is called where migrations will run. Raises NotFit where the two roles are not named or lead to
    different databases, where a newer koshiki was here, and where a migration fails: then nothing has changed.
    """
    application = connections.settings["default"]["USER"]
    with as_owner(), connection.cursor() as cursor:
        if application == connection.settings_dict["USER"]:
            raise NotFit("DATABASE_URL と KOSHIKI_MIGRATE_URL には別々の役割を書いてください。")
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        upgrade.refuse_older_program()
        upgrade.migrate(say, before)
        roles.grant(application)
        _install(sample=sample)
        cursor.execute(sql.SQL(NOTE).format(version()))


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """The default connection is the owner's meanwhile."""
    shared = connections.settings["default"]
    before, owner = dict(shared), dj_database_url.parse(owner_url())
    if owner["NAME"] != before["NAME"]:
        raise NotFit("KOSHIKI_MIGRATE_URL と DATABASE_URL が別のデータベースを指しています。")
    connections.close_all()
    shared.update(owner)
    try:
        yield
    finally:
        connections.close_all()
        shared.update(before)


def owner_url() -> str:
    """Where the owner of the tables connects. Raises NotFit where nobody said."""
    if not settings.KOSHIKI_MIGRATE_URL:
        raise NotFit("DATABASE_URL を使うときは、表の所有者で接続する KOSHIKI_MIGRATE_URL も指定してください。")
    return str(settings.KOSHIKI_MIGRATE_URL)


def _install(*, sample: bool) -> None:
    """The identity is drawn once; a data folder that lacks it belongs to a copy, and is left so."""
    installed, new = Installation.objects.get_or_create(pk=1, defaults={"sample": sample})
    if new:
        identity.lay(installed.identity)


def make_folders() -> None:
    """Where images, the feed's entries and style sheets lie; nobody else enters."""
    for folder in (settings.KOSHIKI_MEDIA, settings.KOSHIKI_FEED, settings.STATIC_ROOT):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def ensure_secret_key() -> None:
    """The key that signs sessions and forms, drawn at the first start, 0600."""
    path = settings.KOSHIKI_HOME / "secret_key"
    if not path.exists() and not os.environ.get("KOSHIKI_SECRET_KEY"):
        disk.keep(path, secrets.token_urlsafe(50))
