"""Two roles: the owner migrates, the application runs and can never change the log.

The application may read and write rows and create nothing; on the tables in `LIMITED` only what stands there.
`grant` is repeated after every migration; `refuse_if_log_can_change` is asked at every start.
"""

from __future__ import annotations

from django.db import connection, transaction
from psycopg import sql

ENTRIES, HEAD = "koshiki_entry", "koshiki_head"
LIMITED = {
    ENTRIES: ("SELECT", "INSERT"),
    HEAD: ("SELECT", "UPDATE"),  # the lock on its one row keeps the chain single
    "koshiki_installation": ("SELECT", "INSERT"),
    "django_migrations": ("SELECT",),
}
CHANGES = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
CURE = (
    "監査記録を守れないため、起動しません。DATABASE_URL と KOSHIKI_MIGRATE_URL に別々の役割を書き、"
    "`manage.py setup_database` を実行してください。"
)


class LogCouldChange(Exception):
    """The role that koshiki runs as could change what the log holds; the message says how, and the cure."""


def grant(role: str) -> None:
    """Give `role` what the application needs, and no more. The default connection is the owner's.

    One transaction: an application that runs meanwhile loses nothing. ProgrammingError: no such role.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _statements(role):
            cursor.execute(statement)


def _statements(role: str) -> list[sql.Composed]:
    to = sql.Identifier(role)
    plain = [
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {}",
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
    ]
    database = sql.Identifier(connection.settings_dict["NAME"])
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, to),
        *(sql.SQL(text).format(to) for text in plain),
        *(statement for table in _present(LIMITED) for statement in _only(table, to)),
    ]


def _present(tables: dict[str, tuple[str, ...]]) -> list[str]:
    with connection.cursor() as cursor:
        return sorted(set(tables) & set(connection.introspection.table_names(cursor)))


def _only(table: str, to: sql.Identifier) -> list[sql.Composed]:
    name = sql.Identifier(table)
    allowed = sql.SQL(", ").join(map(sql.SQL, LIMITED[table]))
    return [
        sql.SQL("REVOKE ALL ON {} FROM {}").format(name, to),
        sql.SQL("GRANT {} ON {} TO {}").format(allowed, name, to),
    ]


def refuse_if_log_can_change() -> None:
    """Asked on the application's connection at start. Raises LogCouldChange, saying why.

    Looks for the right to change entries in every way a role can hold it (its own, of a column, by
    membership, as owner or superuser), and for the triggers that refuse changes.
    """
    with connection.cursor() as cursor:
        for question, reason in _faults():
            cursor.execute(question)
            if cursor.fetchone() != (False,):
                raise LogCouldChange(reason + CURE)


def _faults() -> list[tuple[str, str]]:
    may = " OR ".join(f"has_table_privilege('{ENTRIES}', '{right}')" for right in CHANGES)
    return [
        ("SELECT rolsuper OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname = current_user",
         "データベースの役割が管理者権限を持っています。"),
        (f"SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = '{ENTRIES}'::regclass",  # noqa: S608
         "データベースの役割が監査記録の表を所有しています。"),
        (f"SELECT {may} OR has_any_column_privilege('{ENTRIES}', 'UPDATE')",
         "データベースの役割が監査記録を書き換えられます。"),
        ("SELECT bool_or(pg_has_role(oid, 'MEMBER')) FROM pg_roles WHERE rolname IN"
         " ('pg_write_server_files', 'pg_execute_server_program')",
         "データベースの役割がサーバーのファイルを書き換えられます。"),
        ("SELECT has_schema_privilege('public', 'CREATE')", "データベースの役割が表や関数を作れます。"),
        ("SELECT count(*) < 2 OR bool_or(tgenabled NOT IN ('O', 'A')) FROM pg_trigger"  # noqa: S608
         f" WHERE tgrelid = '{ENTRIES}'::regclass AND NOT tgisinternal",
         "監査記録の変更を拒むトリガーがありません。"),
    ]
