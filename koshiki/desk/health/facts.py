"""What the database tells about the installation's health, asked so that it never takes long.

A connection of its own, which gives up after two seconds: a database that hangs must not hold the answer that it
hangs. Nothing here names a person, an account or a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg.rows import dict_row

from koshiki.guideline import guideline

SECONDS = 2
SILENT = 15  # seconds without a heartbeat (one every two) after which no worker counts as alive
OVERDUE = 300  # a delivery that is late by more is a trouble, long before its 配信期限

HEALTH = """
SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %(silent)s))
           AS workers,
       (SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers) AS heartbeat,
       (SELECT extract(epoch FROM now() - min(due_at))::float FROM koshiki_delivery
         WHERE state IN ('waiting', 'claimed', 'sending', 'retry') AND due_at < now()) AS overdue,
       (SELECT extract(epoch FROM now() - written_at)::float FROM koshiki_publiccopy) AS copy_written,
       (SELECT extract(epoch FROM now() - at)::float FROM koshiki_entry
         WHERE number = coalesce((SELECT entry FROM koshiki_publiccopy), 0) + 1) AS copy_behind,
       (SELECT error <> '' FROM koshiki_publiccopy) AS copy_failed,
       (SELECT number FROM koshiki_head) AS log_head
"""
DELIVERIES = """
SELECT service, delivery.state, count(*) AS value
  FROM koshiki_delivery AS delivery JOIN koshiki_account AS account ON account.id = account_id
 GROUP BY service, delivery.state ORDER BY service, delivery.state
"""
HOLDS = "SELECT kind, count(*) AS value FROM koshiki_hold WHERE until IS NULL GROUP BY kind ORDER BY kind"
WORKERS = """
SELECT host, min(extract(epoch FROM now() - beat_at))::float AS value FROM koshiki_worker GROUP BY host ORDER BY host
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Health:
    """健康の状態 — as it is now. Seconds are None where there is nothing to count from."""

    workers: int
    heartbeat: float | None  # seconds since the last one of any worker
    overdue: float | None  # of the oldest delivery that should have begun
    copy_written: float | None
    copy_behind: float | None  # seconds since the first act that the public copy has not looked at
    copy_failed: bool | None
    log_head: int | None

    @property
    def worker_ok(self) -> bool:
        return self.workers > 0

    @property
    def delivery_ok(self) -> bool:
        return (self.overdue or 0) < OVERDUE

    @property
    def copy_ok(self) -> bool:
        late = guideline().deadlines["public_copy_seconds"]
        return not self.copy_failed and (self.copy_behind or 0) < late

    @property
    def ok(self) -> bool:
        return self.worker_ok and self.delivery_ok and self.copy_ok


def health() -> Health:
    """Raises psycopg.Error where the database does not answer in time, or is not set up."""
    with _asking() as ask:
        return _health(ask)


@dataclass(frozen=True)
class Figures:
    """計数 — the health, and what is counted by service, state, kind and host."""

    health: Health
    deliveries: list[Row]
    holds: list[Row]
    workers: list[Row]


def figures() -> Figures:
    """Raises psycopg.Error as `health` does."""
    with _asking() as ask:
        return Figures(_health(ask), *(ask.execute(question).fetchall() for question in (DELIVERIES, HOLDS, WORKERS)))


Cursor = psycopg.Cursor[Row]


def _health(ask: Cursor) -> Health:
    row = ask.execute(HEALTH, {"silent": SILENT}).fetchone()
    assert row  # noqa: S101  (a SELECT without FROM has one)
    return Health(**row)


@contextmanager
def _asking() -> Iterator[Cursor]:
    known = connection.get_connection_params()
    wanted = {name: known[name] for name in ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert")
              if name in known}
    limits: LiteralString = f"-c statement_timeout={SECONDS}s -c default_transaction_read_only=on"
    with (psycopg.connect(**wanted, connect_timeout=SECONDS, tcp_user_timeout=SECONDS * 1000, options=limits,
                          autocommit=True) as own, own.cursor(row_factory=dict_row) as cursor):
        yield cursor
