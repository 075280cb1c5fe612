"""The application's role can do its work and cannot touch the log, asked by direct SQL."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connection, transaction

from koshiki.database import roles

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
