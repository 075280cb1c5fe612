"""Real workers, killed for real, and what else befalls a city meanwhile (troubles.py)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.faults.ground import own_ground
from tests.faults.history import Death, note_moves, recoveries
from tests.faults.judging import Outcome, judge
from tests.faults.points import arm, be_wrong, points_at
from tests.faults.services import SERVICES, services
from tests.faults.stand_ins import PUBLIC
from tests.faults.stock import Stock
from tests.faults.troubles import TROUBLES, for_service, put_right

SPANS = ("lease=2,settle=1.6,gap=0.5,early=0.2,backoff=0.3,backoff_most=2,retry_most=2,repeat=0.3,turn=2,give_up=30,"
         "storm=0.3,storm_most=1")
ENDS = ("sent", "failed", "person", "cancelled")
PATIENCE = 6.0  # seconds in which a worker should come to its point
MOST_MISSED = 8  # times that a point is tried again which no worker came to: what is wrong on purpose may have none such
ZOMBIE = 3.5  # seconds for which one stays stopped: longer than the lease
ORDERLY = 20.0  # seconds in which a worker that is told to stop must have ended
HANDS = 2  # deliveries that a worker carries at once
TROUBLED = 4.0  # seconds for which workers work under a trouble
SURVIVED = 8  # after one end in so many the next worker lives, and shows how long it takes to put things right


def run(*, posts: int, kills: int, seed: int, to: str = "no-keys", variant: str = "", troubles: bool = False,
        accounts: int = 20) -> Outcome:
    """One run on ground of its own. `to`: services of services.py, joined by "+", each post to all of them.

    `variant`: "", "naive" or "mutant".
    """
    began = time.monotonic()
    outcome = Outcome(posts, to, variant, seed)
    with (own_ground(KOSHIKI_DELIVERY_TIMES=SPANS, KOSHIKI_PUBLIC_URL=PUBLIC) as ground,
          services(to, seed=seed, folder=ground.home) as remotes):
        note_moves()
        killing = Killing(Stock(remotes, posts, accounts), ground.home, seed, variant)
        killing.cluster = ground.cluster
        befalling = {trouble: None for name in to.split("+") for trouble in for_service(SERVICES[name])}
        killing.go_on(kills, list(befalling) if troubles else [])
        for remote in remotes:
            remote.calm()
        killing.finish(seconds=120)
        outcome.kills, outcome.troubles = dict(sorted(killing.done.items())), killing.suffered
        judge(outcome, remotes, ground.home, killing.stops)
        outcome.recovery = recoveries(killing.deaths, killing.spells)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def free_what_is_frozen(after: str) -> None:
    """In a worker: as the settings do, but sooner, since one that is stopped may hold the log's last row."""
    from django.db import connections

    options = connections.settings["default"]["OPTIONS"]
    options["options"] = f"-c idle_in_transaction_session_timeout={after}"


def quicken() -> None:
    """In a worker: the spans that are no setting, shorter."""
    from koshiki.register import refreshing

    refreshing.LEASE = refreshing.AGAIN = timedelta(seconds=2)


class Killing:
    """Starts workers one after the other, each to end at its point; the stopped ones are continued later."""

    def __init__(self, stock: Stock, home: Path, seed: int, variant: str = "", hands: int = HANDS) -> None:
        self.stock, self.home, self.variant, self.hands = stock, home, variant, hands
        self.chance = random.Random(seed)  # noqa: S311
        self.done: Counter[str] = Counter()
        self.stopped: list[tuple[float, int]] = []
        self.missed: Counter[str] = Counter()  # how often a point was not come to
        self.deaths: list[Death] = []
        self.suffered: list[str] = []
        self.spells: list[tuple[float, float]] = []  # when troubles were
        self.stops: list[tuple[float, float]] = []  # when everything was stopped by a person
        self.afflict: Callable[[], None] | None = None  # what a trouble does to a worker that begins
        self.cluster: Any = None

    def go_on(self, kills: int, troubles: list[str]) -> None:
        points = points_at(self.stock.remotes, threads=self.stock.threads)
        plan = [points[n % len(points)] for n in range(kills)]
        self.chance.shuffle(plan)
        for trouble in troubles:
            plan.insert(self.chance.randrange(len(plan) + 1), trouble)
        while plan:
            act = plan.pop()
            self.stock.approve(-(-self.stock.left // (len(plan) + 1)), pictured=act == "K8", at_length=act == "K9")
            if act in TROUBLES:
                self._suffer(act)
            elif not self._one(act) and self._left() and self.missed[act] < MOST_MISSED:
                self.missed[act] += 1
                plan.insert(0, act)
            elif len(plan) % SURVIVED == 0:
                self._survive()
            self._continue_stopped()
            put_right(self)

    # ------------------------------------------------------------ a worker that ends

    def _one(self, point: str) -> bool:
        """One worker up to its point; False if it did not come there in time (it is killed all the same)."""
        if point != "K11":
            return self._up_to(point)
        self.stock.tell(swallow=1.0)  # or nothing would be in doubt
        try:
            return self._up_to(point)
        finally:
            self.stock.tell(swallow=None)

    def _up_to(self, point: str) -> bool:
        child = self.fork(point, self.chance.choice((1, 2, 3) if point == "K10" else (1, 1, 2)))
        until = time.monotonic() + (ORDERLY if point == "K14" else PATIENCE)
        while time.monotonic() < until:
            pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                self.stopped.append((time.monotonic() + ZOMBIE, child))
            if pid:
                return self._ended(child, point)
            time.sleep(0.01)
            self._continue_stopped()
        self.end(child)
        self._ended(child, "elsewhere")
        return False

    def _ended(self, child: int, point: str) -> bool:
        self.deaths.append(Death(point, f"worker {child}", time.time()))
        self.done[point] += 1
        return True

    def _continue_stopped(self, *, all_of_them: bool = False) -> None:
        """A zombie goes on where it was stopped, gets its chance to do harm, and ends."""
        for at, child in [z for z in self.stopped if all_of_them or z[0] <= time.monotonic()]:
            self.stopped.remove((at, child))
            time.sleep(max(0, at - time.monotonic()))
            os.kill(child, signal.SIGCONT)
            time.sleep(0.7)
            self.end(child)

    # ------------------------------------------------------------ workers that live

    def _suffer(self, trouble: str) -> None:
        """A worker under a trouble; then what people do about it."""
        began, child = time.time(), 0
        with TROUBLES[trouble](self):
            child = self.fork("", 0)
            time.sleep(TROUBLED)
        self.end(child)
        put_right(self)
        self.suffered.append(trouble)
        self.spells.append((began, time.time()))

    def _survive(self) -> None:
        """A worker that lives until nothing is under way or in doubt any more, and is told to stop."""
        from koshiki.posts.models import Delivery

        child, until = self.fork("", 0), time.monotonic() + 25
        time.sleep(1)
        doubtful = Delivery.objects.filter(state__in=["claimed", "sending", "unknown", "retry"])
        while time.monotonic() < until and doubtful.exists():
            time.sleep(0.2)
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)

    def finish(self, *, seconds: float) -> None:
        """A worker that nobody kills brings the rest to its end, and may take so long from one end to the next."""
        self._continue_stopped(all_of_them=True)
        self.stock.approve(self.stock.left)
        child, until, left = self.fork("", 0), time.monotonic() + seconds, 0
        while time.monotonic() < until and (now_left := self._left()):
            if now_left != left:
                until, left = time.monotonic() + seconds, now_left
            time.sleep(0.2)
            put_right(self)  # what a trouble's last moments held
        self.end(child)

    # ------------------------------------------------------------ processes

    def fork(self, point: str, passings: int) -> int:
        from django.db import connections

        connections.close_all()
        if child := os.fork():
            return child
        try:
            self._work(point, passings)
        finally:
            os._exit(1)

    def _work(self, point: str, passings: int) -> None:
        from django.db import connections

        out = os.open(self.home / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, sys.stdout.fileno())
        os.dup2(out, sys.stderr.fileno())
        connections.settings["default"]["OPTIONS"]["application_name"] = f"worker {os.getpid()}"
        from koshiki.management.commands import worker

        free_what_is_frozen("5s")
        quicken()
        be_wrong(self.variant)
        if point:
            arm(point, passings, self.stock.remotes)
        if self.afflict:
            self.afflict()
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(worker._work(self.hands, wait=True))

    def end(self, child: int) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _left(self) -> int:
        """Posts not yet written, and deliveries without an end."""
        from koshiki.posts.models import Delivery

        return self.stock.left + Delivery.objects.exclude(state__in=ENDS).count()
