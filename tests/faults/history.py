"""When each delivery moved, and whose it was: written by a trigger of the harness's own database, read afterwards."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg

UNDER_WAY = ("claimed", "sending")
NOTING = """
CREATE TABLE harness_moves (at timestamptz, delivery bigint, state text, worker text);
CREATE FUNCTION harness_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF NEW.state <> OLD.state THEN
        INSERT INTO harness_moves VALUES (clock_timestamp(), NEW.id, NEW.state, current_setting('application_name'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER harness_note AFTER UPDATE ON koshiki_delivery FOR EACH ROW EXECUTE FUNCTION harness_note();
"""


@dataclass(frozen=True)
class Move:
    at: float
    state: str
    worker: str


@dataclass(frozen=True)
class Death:
    """A worker's end: where, and when (wall clock, as the database's on the same machine)."""

    point: str
    worker: str
    at: float


def note_moves() -> None:
    """Lays the trigger, as the owner of the ground's database."""
    with _as_owner() as connection:
        connection.execute(NOTING)


def moves() -> dict[int, list[Move]]:
    """All moves of each delivery, in order."""
    found: dict[int, list[Move]] = defaultdict(list)
    with _as_owner() as connection:
        for at, delivery, state, worker in connection.execute(
                "SELECT extract(epoch FROM at)::float8, delivery, state, worker FROM harness_moves ORDER BY at"):
            found[delivery].append(Move(at, state, worker))
    return found


def recoveries(deaths: list[Death], troubles: list[tuple[float, float]]) -> dict[str, dict[str, float]]:
    """How long after a worker's end what it held had left claimed/sending, and was sent, in seconds.

    Grouped by the point, and all together. Where another worker ended or a trouble came meanwhile, the time says
    nothing of this end, and is left out.
    """
    left: dict[str, list[float]] = defaultdict(list)
    sent: dict[str, list[float]] = defaultdict(list)
    by_worker = {death.worker: death for death in deaths}
    for own in moves().values():
        for place, move in enumerate(own):
            death = by_worker.get(move.worker)
            if death is None or move.state not in UNDER_WAY or not _held_at(death.at, own, place):
                continue
            others = [other.at for other in deaths if other is not death]
            gone = next((m for m in own[place + 1:] if m.state not in UNDER_WAY), None)
            out = next((m for m in own[place + 1:] if m.state == "sent"), None)
            for until, kept in ((gone, left), (out, sent)):
                if until and not _met(others, troubles, death.at, until.at):
                    kept[death.point].append(until.at - death.at)
                    kept["all"].append(until.at - death.at)
    return {point: {"left": len(left[point]), "left_p95_s": _p95(left[point]),
                    "sent": len(sent[point]), "sent_p95_s": _p95(sent[point])} for point in sorted(left)}


def _held_at(moment: float, own: list[Move], place: int) -> bool:
    later = own[place + 1].at if place + 1 < len(own) else float("inf")
    return own[place].at <= moment < later


def _met(deaths: list[float], troubles: list[tuple[float, float]], begin: float, end: float) -> bool:
    return any(begin < at < end for at in deaths) or any(a < end and b > begin for a, b in troubles)


def _p95(values: list[float]) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * 0.95))], 2) if values else 0.0


def _as_owner() -> psycopg.Connection[Any]:
    from django.db import connections

    name = connections.settings["default"]["NAME"]
    return psycopg.connect(os.environ["KOSHIKI_TEST_OWNER_URL"], dbname=name, autocommit=True)
