"""From one version to the next: what is to be migrated, and whether this program is the older one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor


class NotFit(Exception):
    """koshiki must not start like this; the message says why, and the cure."""


# Told, before anything changes, which migrations will run; gives what to tell of the old state that it has kept.
Before = Callable[[list[str]], str]
OLDER = """\
データベースは、この版より新しい koshiki のものです（この版は {unknown} を知りません）。何も変更していません。
新しい版の koshiki で起動してください。前の版に戻るには、更新の前に取られた控え（KOSHIKI_HOME/backups）を、
前の版の `manage.py restore` で空のデータベースに復元します（docs/operations.md の「更新」）。"""
FAILED = """\
表を新しい版にそろえられませんでした。データベースは元のままです。
前の版の koshiki に戻せば、そのまま使えます。{kept}
原因: {error}"""
FAILED_MIDWAY = """\
表を新しい版にそろえる途中で止まりました。続けるには、原因を除いて、もう一度実行します。
前の版に戻るには、控えを、前の版の `manage.py restore` で空のデータベースに復元します（docs/operations.md の「更新」）。
{kept}
原因: {error}"""


def refuse_older_program() -> None:
    """Raises NotFit where a newer koshiki has migrated this database. Only koshiki's own migrations are asked for:
    libraries may fold old ones of theirs together."""
    if unknown := unknown_migrations():
        raise NotFit(OLDER.format(unknown="、".join(unknown)))


def refuse_older_database() -> None:
    """Raises NotFit where this program knows migrations that the database has not seen: pages would break on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        seen = cursor.fetchone() == (True,)
        if seen:
            cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'koshiki' AND name = ANY(%s)",
                           [own_migrations()])
            seen = cursor.fetchone() == (len(own_migrations()),)
    if not seen:
        raise NotFit("データベースの準備が終わっていません。`manage.py setup_database` を実行してください。")


def unknown_migrations() -> list[str]:
    """koshiki's migrations that the database has seen and this program has not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return []
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'koshiki' AND NOT name = ANY(%s) ORDER BY name",
                       [own_migrations()])
        return [name for name, in cursor.fetchall()]


@cache
def own_migrations() -> list[str]:
    """The names of koshiki's migrations in this program, in order."""
    return sorted(path.stem for path in (Path(__file__).parent.parent / "migrations").glob("[0-9]*.py"))


def migrate(say: Callable[[str], None], before: Before) -> None:
    """Bring the tables to this version. Raises NotFit where that fails, saying how to go on with the old one.

    koshiki's own migrations run all or none. Where a library's are among them, each stands for itself: one of
    Procrastinate's adds a value to a type and uses it in the next, which PostgreSQL allows after a commit only.
    """
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    if not plan:
        return
    kept = before([f"{migration.app_label}.{migration.name}" for migration in plan])
    say("データベースの表を用意しています。")
    at_once = all(migration.app_label == "koshiki" and migration.atomic for migration in plan)
    try:
        with transaction.atomic() if at_once else nullcontext():
            call_command("migrate", verbosity=0, interactive=False)
    except Exception as error:  # whatever a migration raises: said to a person, with what to do
        failed = FAILED if at_once else FAILED_MIDWAY
        raise NotFit(failed.format(kept=kept, error=str(error).strip() or type(error).__name__)) from error
