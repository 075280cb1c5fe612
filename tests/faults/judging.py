"""What a run found: the service's list against our rows, and what must not be anywhere."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.history import moves
from tests.faults.services import Service


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
    log_holds: bool = False
    leaks: list[str] = field(default_factory=list)
    recovery: dict[str, dict[str, float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        wrong = self.duplicates or self.lost or self.early or self.begun_while_stopped or self.altered or self.leaks
        return not wrong and self.log_holds and set(self.states) <= {"sent", "person", "failed"}

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kills_total": sum(self.kills.values()), "clean": self.clean}


def judge(outcome: Outcome, remote: Service, home: Path, stops: list[tuple[float, float]]) -> None:
    """Compares the service's list with our rows; looks for what must not be anywhere."""
    from koshiki.audit.log import verify
    from koshiki.posts.models import Delivery

    rows = {json.loads(row.post.latest.targets.get().content)["text"]: row
            for row in Delivery.objects.select_related("post")}
    accepted = remote.accepted()
    times = Counter(made.text for made in accepted)
    outcome.states = dict(Counter(row.state for row in rows.values()))
    outcome.with_a_person = sorted({row.reason for row in rows.values() if row.state in ("person", "failed")})
    outcome.duplicates = sum(n - 1 for n in times.values())
    outcome.how = {text: _course(rows[text].pk, [made.at for made in accepted if made.text == text])
                   for text, n in times.items() if n > 1 and text in rows}
    outcome.lost = sum(1 for text, row in rows.items() if row.state == "sent" and not times[text])
    ours = [(made, row) for made in accepted if (row := rows.get(made.text))]
    right = {id(made) for made, row in ours if made.account == str(row.account_id)}
    outcome.altered = [f"{made.account}: {made.text}" for made in accepted if id(made) not in right]
    outcome.early = sum(1 for made, row in ours if made.at < row.due_at.timestamp())
    outcome.begun_while_stopped = sum(1 for at in remote.begun() for a, b in stops if a < at < b)
    outcome.log_holds = verify().holds
    outcome.leaks = leaks(remote.secrets, home)


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
