"""The application's role can do its work and cannot touch the log, asked by direct SQL."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import LazySettings
from django.db import ProgrammingError, connection, transaction

from koshiki.database import roles
from koshiki.database.identity import is_this_installation
from koshiki.database.ownership import as_owner, set_up

FORBIDDEN = [
    "UPDATE koshiki_entry SET verb = 'x'",
    "DELETE FROM koshiki_entry",
    "TRUNCATE koshiki_entry",
    "ALTER TABLE koshiki_entry DISABLE TRIGGER ALL",
    "DROP TABLE koshiki_entry",
    "DELETE FROM koshiki_head",
    "INSERT INTO koshiki_head (id, number, digest) VALUES (2, 0, '')",
    "CREATE TABLE mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "UPDATE django_migrations SET name = 'x'",
    "SET ROLE koshiki_owner",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_cannot(statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|権限"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.django_db
def test_the_application_starts_on_what_setup_made() -> None:
    roles.refuse_if_log_can_change()


SLIPS = [
    "GRANT UPDATE ON koshiki_entry TO koshiki_app",
    "GRANT UPDATE (digest) ON koshiki_entry TO koshiki_app",
    "GRANT DELETE ON koshiki_entry TO PUBLIC",
    "GRANT CREATE ON SCHEMA public TO koshiki_app",
    "ALTER TABLE koshiki_entry DISABLE TRIGGER entry_is_append_only",
    "DROP TRIGGER entry_is_not_truncated ON koshiki_entry",
    "ALTER TABLE koshiki_entry ENABLE REPLICA TRIGGER entry_is_append_only",
]


@pytest.mark.parametrize("slip", SLIPS)
def test_the_application_does_not_start_once_the_log_could_change(
    slip: str, database_urls: dict[str, str]
) -> None:
    with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"]) as owner:
        owner.execute(slip)
    with pytest.raises(roles.LogCouldChange, match="setup_database"):
        roles.refuse_if_log_can_change()


def test_the_application_does_not_start_as_the_owner(
    database_urls: dict[str, str], settings: LazySettings
) -> None:
    settings.KOSHIKI_MIGRATE_URL = database_urls["KOSHIKI_MIGRATE_URL"]
    with as_owner(), pytest.raises(roles.LogCouldChange, match="役割"):
        roles.refuse_if_log_can_change()


def test_setting_up_again_takes_back_what_slipped_in(
    database_urls: dict[str, str], settings: LazySettings
) -> None:
    settings.KOSHIKI_MIGRATE_URL = database_urls["KOSHIKI_MIGRATE_URL"]
    with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"]) as owner:
        owner.execute("GRANT UPDATE ON koshiki_entry TO koshiki_app")
    set_up(sample=False, say=str)
    roles.refuse_if_log_can_change()
    assert is_this_installation()
