"""The chain tells when somebody with more rights than koshiki changed, removed or cut entries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from koshiki.audit.log import record, verify
from koshiki.organization.models import Person

Owner = Callable[[str], None]


@pytest.fixture
def written(committed_db: None) -> None:
    """Five entries, committed."""
    person = Person.objects.create(staff_number="1002", name="青木 葵")
    for number in range(5):
        with transaction.atomic():
            record("person.change", person, by=person, clause="K-organization", time=number)


@pytest.fixture
def owner(database_urls: dict[str, str]) -> Owner:
    """SQL as the tables' owner, who can silence the triggers."""

    def run(statement: str) -> None:
        with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"], autocommit=True) as opened:
            for table in ("koshiki_entry", "koshiki_head"):
                opened.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            opened.execute(statement)

    return run


def test_an_untouched_log_holds(written: None) -> None:
    out = StringIO()
    call_command("verify_log", stdout=out)
    assert "5件の記録は、正しくつながっています" in out.getvalue()


def test_a_log_holds_while_others_write_in_it(written: None, database_urls: dict[str, str]) -> None:
    """As an auditor verifies on a working day; what is added between reading entries and head breaks nothing."""
    writing = threading.Thread(target=_write_on, args=[60])
    writing.start()
    verdicts = []
    while writing.is_alive():
        verdicts.append(verify())
    writing.join()
    assert len(verdicts) > 3
    assert [verdict for verdict in verdicts if not verdict.holds] == []
    assert verify().count == 65


def _write_on(entries: int) -> None:
    person = Person.objects.get()
    for number in range(entries):
        with transaction.atomic():
            record("person.change", person, by=person, clause="K-organization", time=number)
    connection.close()


def test_an_empty_log_holds(committed_db: None) -> None:
    assert verify().holds


@pytest.mark.parametrize(("statement", "number", "reason"), [
    ("UPDATE koshiki_entry SET canonical = replace(canonical, '青木', '阿部') WHERE number = 3", 3, "書き換え"),
    ("UPDATE koshiki_entry SET clause = '§8(1)' WHERE number = 2", 2, "見出し"),
    ("UPDATE koshiki_entry SET at = at + interval '1 second' WHERE number = 2", 2, "見出し"),
    ("UPDATE koshiki_entry SET actor_id = NULL WHERE number = 4", 4, "見出し"),
    ("UPDATE koshiki_entry SET digest = md5('x') || md5('y') WHERE number = 5", 5, "書き換え"),
    ("DELETE FROM koshiki_entry WHERE number = 1", 2, "失われ"),
    ("DELETE FROM koshiki_entry WHERE number = 3", 4, "失われ"),
    ("DELETE FROM koshiki_entry WHERE number > 3", 4, "末尾"),
    ("UPDATE koshiki_head SET number = 4", 6, "末尾"),
    ("UPDATE koshiki_head SET digest = md5('x') || md5('y')", 6, "末尾"),
    ("DELETE FROM koshiki_head", 6, "末尾"),
])
def test_what_was_changed_is_found_and_named(
        statement: str, number: int, reason: str, written: None, owner: Owner) -> None:
    owner(statement)
    with pytest.raises(CommandError, match=f"{number}番で連鎖が切れています") as broken:
        call_command("verify_log")
    assert reason in str(broken.value)
    assert broken.value.returncode == 1


@pytest.mark.parametrize("statement", [
    "UPDATE koshiki_entry SET verb = 'x'", "DELETE FROM koshiki_entry", "TRUNCATE koshiki_entry",
    "DELETE FROM koshiki_head", "TRUNCATE koshiki_head", "ALTER TABLE koshiki_entry DISABLE TRIGGER USER",
])
def test_koshiki_itself_cannot(statement: str, written: None) -> None:
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", [
    "UPDATE koshiki_entry SET verb = 'x'", "DELETE FROM koshiki_entry", "TRUNCATE koshiki_entry",
    "DELETE FROM koshiki_head", "TRUNCATE koshiki_head",
])
def test_the_triggers_refuse_even_the_owner(
        statement: str, written: None, database_urls: dict[str, str]) -> None:
    with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"], autocommit=True) as opened, \
            pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        opened.execute(statement)
