"""Tests that commit leave nothing behind for the next, and are seen by other connections."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from koshiki.database.models import Installation


def _seen_elsewhere() -> int:
    found: list[int] = []

    def look() -> None:
        found.append(Installation.objects.count())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("again", [1, 2])
def test_what_a_committing_test_wrote_is_seen_by_others_and_gone_in_the_next_test(
    committed_db: None, again: int
) -> None:
    assert Installation.objects.count() == 0
    Installation.objects.create(pk=1)
    assert _seen_elsewhere() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("again", [1, 2])
def test_an_ordinary_test_is_rolled_back(again: int) -> None:
    assert Installation.objects.count() == 0
    Installation.objects.create(pk=1)
    assert _seen_elsewhere() == 0


@pytest.mark.django_db(transaction=True)
def test_the_mark_commits_too() -> None:
    Installation.objects.create(pk=1)
    assert _seen_elsewhere() == 1


def test_another_process_reaches_the_database_of_the_test(database_urls: dict[str, str]) -> None:
    import psycopg

    Installation.objects.create(pk=1)
    for url in database_urls.values():
        with psycopg.connect(url) as other:
            assert other.execute("SELECT count(*) FROM koshiki_installation").fetchone() == (1,)
