"""What a run found: the service's list against our rows, and what must not be anywhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.history import moves
from tests.faults.service import Accepted, Service


@dataclass
class Outcome:
    """What a run found."""

    posts: int
    service: str
    variant: str
    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    with_a_person: list[str] = field(default_factory=list)
    duplicates: int = 0
    how: dict[str, list[str]] = field(default_factory=dict)  # of each duplicate: when it was accepted, how it moved
    lost: int = 0
    early: int = 0
    begun_while_stopped: int = 0
    altered: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # the services' own, of what they were asked
    log_holds: bool = False
    leaks: list[str] = field(default_factory=list)
    recovery: dict[str, dict[str, float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        counted = self.duplicates or self.lost or self.early or self.begun_while_stopped
        wrong = counted or self.altered or self.leaks or self.complaints
        return not wrong and self.log_holds and set(self.states) <= {"sent", "person", "failed"}

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kills_total": sum(self.kills.values()), "clean": self.clean}


Place = tuple[str, str]
"""An account, and a text as its service lists it."""


def judge(outcome: Outcome, remotes: list[Service], home: Path, stops: list[tuple[float, float]]) -> None:
    """Compares the services' lists with our rows; looks for what must not be anywhere."""
    from koshiki.audit.log import verify

    rows = _rows({remote.key: remote for remote in remotes})
    accepted = [made for remote in remotes for made in remote.accepted()]
    there: dict[Place, list[Accepted]] = defaultdict(list)
    for made in accepted:
        there[made.account, made.text].append(made)
    ours = [(made, rows[place]) for place, several in there.items() if place in rows for made in several]
    outcome.states = dict(Counter(row.state for row in rows.values()))
    outcome.with_a_person = sorted({row.reason for row in rows.values() if row.state in ("person", "failed")})
    outcome.duplicates = len(ours) - len(there.keys() & rows.keys())
    outcome.how = {place[1]: _course(rows[place].pk, [made.at for made in several])
                   for place, several in there.items() if len(several) > 1 and place in rows}
    outcome.lost = sum(1 for place, row in rows.items() if row.state == "sent" and place not in there)
    outcome.altered = [f"{account}: {text}" for account, text in there.keys() - rows.keys()]
    outcome.early = sum(1 for made, row in ours if made.at < row.due_at.timestamp())
    begun = [at for remote in remotes for at in remote.begun()]
    outcome.begun_while_stopped = sum(1 for at in begun for a, b in stops if a < at < b)
    outcome.complaints = sorted({complaint for remote in remotes for complaint in remote.complaints()})
    outcome.log_holds = verify().holds
    outcome.leaks = leaks([secret for remote in remotes for secret in remote.secrets], home)


def _rows(remotes: dict[str, Service]) -> dict[Place, Any]:
    """Our deliveries, by where they must be found: a thread's posts are one each."""
    from koshiki.posts.content import going_out
    from koshiki.posts.models import Delivery

    found = {}
    for row in Delivery.objects.select_related("account", "approval__revision"):
        text = going_out(row.approval.revision, row.account, row.segment).content["text"]
        found[str(row.account_id), remotes[row.account.service].as_listed(text)] = row
    return found


def _course(delivery: int, accepted: list[float]) -> list[str]:
    """What happened to a delivery, in order, in seconds since its first move."""
    moved = [(move.at, f"{move.state} by {move.worker}") for move in moves()[delivery]]
    happened = sorted([*moved, *((at, "ACCEPTED") for at in accepted)])
    return [f"{at - happened[0][0]:.3f} {what}" for at, what in happened]


def leaks(secrets: list[str], home: Path) -> list[str]:
    """Where a token, or anything but ids and times in a job, is to be found."""
    from django.db import connection

    from koshiki.audit.models import Entry
    from koshiki.posts.models import Delivery

    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs, jsonb_each(args) AS arg"
                       " WHERE jsonb_typeof(arg.value) <> 'number'")
        found += ["job arguments"] * bool(cursor.fetchone()[0])
    workers = (home / "workers.log").read_text("utf-8", "replace") if (home / "workers.log").exists() else ""
    for secret in secrets:
        found += ["the log"] * Entry.objects.filter(canonical__contains=secret).exists()
        found += ["reasons"] * Delivery.objects.filter(reason__contains=secret).exists()
        found += ["the workers' output"] * (secret in workers)
    return sorted(set(found))
