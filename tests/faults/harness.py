"""Real workers, killed for real: what the service has accepted, against what our rows say."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.faults.ground import own_ground
from tests.faults.points import POINTS, arm, be_wrong
from tests.faults.services import Service, service

SPANS = "lease=2,settle=1.6,gap=0.5,early=0.2,backoff=0.3,repeat=0.3,turn=2,give_up=30"
ENDS = ("sent", "failed", "person", "cancelled", "held")
PATIENCE = 6.0  # seconds in which a worker should come to its point
ZOMBIE = 3.5  # seconds for which one stays stopped: longer than the lease


@dataclass
class Outcome:
    """What a run found."""

    posts: int
    service: str
    variant: str
    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    with_a_person: list[str] = field(default_factory=list)
    duplicates: int = 0
    lost: int = 0
    early: int = 0
    altered: list[str] = field(default_factory=list)
    log_holds: bool = False
    leaks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        wrong = self.duplicates or self.lost or self.early or self.altered or self.leaks
        return not wrong and self.log_holds and set(self.states) <= {"sent", "person"}

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kills_total": sum(self.kills.values()), "clean": self.clean}


def run(*, posts: int, kills: int, seed: int, to: str = "no-keys", variant: str = "", swallow: float = 0.05,
        accounts: int = 20) -> Outcome:
    """One run on ground of its own. `to`: a service of services.py; `variant`: "", "naive" or "mutant"."""
    began = time.monotonic()
    outcome = Outcome(posts, to, variant, seed)
    with (own_ground(KOSHIKI_DELIVERY_TIMES=SPANS) as home,
          service(to, swallow=swallow, seed=seed, folder=home) as remote):
        free_what_is_frozen("5s")
        killing = Killing(Stock(remote, posts, accounts), home, seed, variant)
        killing.go_on(kills)
        outcome.kills = dict(sorted(killing.done.items()))
        remote.calm()
        killing.finish(seconds=120)
        judge(outcome, remote, home)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def free_what_is_frozen(after: str) -> None:
    """As the settings do, but sooner: a stopped worker may hold the log's last row."""
    from django.db import connections

    settings = connections.settings["default"]
    settings["OPTIONS"] = {**settings.get("OPTIONS", {}), "options": f"-c idle_in_transaction_session_timeout={after}"}
    connections.close_all()


class Stock:
    """Posts yet to be written and approved: most due at once, every third a little later."""

    def __init__(self, remote: Service, posts: int, accounts: int) -> None:
        from django.conf import settings

        from koshiki.networks.credentials import ensure_key_ring
        from tests.cast import make_cast, official
        from tests.posts.delivering import install

        install(settings.KOSHIKI_HOME)
        ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
        self.cast, self.left, self.written = make_cast(), posts, 0
        self.targets = [official(self.cast, service="mastodon", name=f"配信{n}") for n in range(accounts)]
        for account in self.targets:
            remote.connect(account, by=self.cast.chiba)

    def approve(self, count: int) -> None:
        """Through the acts of an author and an approver."""
        from koshiki import clock
        from tests.posts.writing import approved, submitted

        for _ in range(min(count, self.left)):
            self.left, self.written = self.left - 1, self.written + 1
            later = {} if self.written % 3 else {"due_at": clock.now() + timedelta(seconds=5)}
            target = self.targets[self.written % len(self.targets)]
            approved(submitted(self.cast.aoki, target, text=unlike(self.written), **later), by=self.cast.baba)


def unlike(n: int) -> str:
    """A text that no other is similar to: what a look-up can't tell apart it rightly leaves to a person."""
    return f"お知らせ 第{n}号 {hashlib.sha256(str(n).encode()).hexdigest()}"


class Killing:
    """Starts workers one after the other, each to die at its point; the stopped ones are continued later."""

    def __init__(self, stock: Stock, home: Path, seed: int, variant: str) -> None:
        self.stock, self.home, self.variant = stock, home, variant
        self.chance = random.Random(seed)  # noqa: S311
        self.done: Counter[str] = Counter()
        self.stopped: list[tuple[float, int]] = []

    def go_on(self, kills: int) -> None:
        plan = [POINTS[n % len(POINTS)] for n in range(kills)]
        self.chance.shuffle(plan)
        while plan:
            self.stock.approve(-(-self.stock.left // len(plan)))
            point = plan.pop()
            if not self._one(point) and self._anything_left():
                plan.insert(0, point)
            self._continue_stopped()

    def _one(self, point: str) -> bool:
        """One worker up to its point; False if it did not come there in time (it is killed all the same)."""
        child = self._fork(point, self.chance.choice((1, 1, 2)))
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                self.stopped.append((time.monotonic() + ZOMBIE, child))
            if pid:
                self.done[point] += 1
                return True
            time.sleep(0.01)
            self._continue_stopped()
        self._end(child)
        self.done["elsewhere"] += 1
        return False

    def _continue_stopped(self, *, all_of_them: bool = False) -> None:
        """A zombie goes on where it was stopped, gets its chance to do harm, and ends."""
        for at, child in [z for z in self.stopped if all_of_them or z[0] <= time.monotonic()]:
            self.stopped.remove((at, child))
            time.sleep(max(0, at - time.monotonic()))
            os.kill(child, signal.SIGCONT)
            time.sleep(0.7)
            self._end(child)

    def finish(self, *, seconds: float) -> None:
        """A worker that nobody kills brings the rest to its end."""
        self._continue_stopped(all_of_them=True)
        self.stock.approve(self.stock.left)
        child, until = self._fork("", 0), time.monotonic() + seconds
        while time.monotonic() < until and self._anything_left():
            time.sleep(0.2)
        self._end(child)

    def _fork(self, point: str, passings: int) -> int:
        from django.db import connections

        connections.close_all()
        if child := os.fork():
            return child
        try:
            self._work(point, passings)
        finally:
            os._exit(1)

    def _work(self, point: str, passings: int) -> None:
        out = os.open(self.home / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, sys.stdout.fileno())
        os.dup2(out, sys.stderr.fileno())
        from koshiki.management.commands import worker

        be_wrong(self.variant)
        if point:
            arm(point, passings)
        asyncio.run(worker._work(2, wait=True))

    def _end(self, child: int) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _anything_left(self) -> bool:
        from koshiki.posts.models import Delivery

        return bool(self.stock.left) or Delivery.objects.exclude(state__in=ENDS).exists()


def judge(outcome: Outcome, remote: Service, home: Path) -> None:
    """Compares the service's list with our rows; looks for what must not be anywhere."""
    from koshiki.audit.log import verify
    from koshiki.posts.models import Delivery

    rows = {json.loads(row.post.latest.targets.get().content)["text"]: row
            for row in Delivery.objects.select_related("post")}
    accepted = remote.accepted()
    times = Counter(made.text for made in accepted)
    outcome.states = dict(Counter(row.state for row in rows.values()))
    outcome.with_a_person = sorted({row.reason for row in rows.values() if row.state == "person"})
    outcome.duplicates = sum(n - 1 for n in times.values())
    outcome.lost = sum(1 for text, row in rows.items() if row.state == "sent" and not times[text])
    ours = [(made, row) for made in accepted if (row := rows.get(made.text))]
    right = {id(made) for made, row in ours if made.account == str(row.account_id)}
    outcome.altered = [f"{made.account}: {made.text}" for made in accepted if id(made) not in right]
    outcome.early = sum(1 for made, row in ours if made.at < row.due_at.timestamp())
    outcome.log_holds = verify().holds
    outcome.leaks = leaks(remote.secrets, home)


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
