"""Real workers, killed for real, and what else befalls a city meanwhile (troubles.py)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.faults.ground import own_ground
from tests.faults.history import Death, note_moves, recoveries
from tests.faults.judging import Outcome, judge
from tests.faults.points import POINTS, arm, be_wrong
from tests.faults.services import Service, service
from tests.faults.troubles import TROUBLES, for_service, put_right

SPANS = ("lease=2,settle=1.6,gap=0.5,early=0.2,backoff=0.3,backoff_most=2,retry_most=2,repeat=0.3,turn=2,give_up=30,"
         "storm=0.3,storm_most=1")
ENDS = ("sent", "failed", "person", "cancelled")
PATIENCE = 6.0  # seconds in which a worker should come to its point
ZOMBIE = 3.5  # seconds for which one stays stopped: longer than the lease
ORDERLY = 20.0  # seconds in which a worker that is told to stop must have ended
HANDS = 2  # deliveries that a worker carries at once
TROUBLED = 4.0  # seconds for which workers work under a trouble
SURVIVED = 8  # after one end in so many the next worker lives, and shows how long it takes to put things right


def run(*, posts: int, kills: int, seed: int, to: str = "no-keys", variant: str = "", troubles: bool = False,
        accounts: int = 20) -> Outcome:
    """One run on ground of its own. `to`: a service of services.py; `variant`: "", "naive" or "mutant"."""
    began = time.monotonic()
    outcome = Outcome(posts, to, variant, seed)
    with own_ground(KOSHIKI_DELIVERY_TIMES=SPANS) as ground, service(to, seed=seed, folder=ground.home) as remote:
        free_what_is_frozen("5s")
        note_moves()
        killing = Killing(Stock(remote, posts, accounts), ground.home, seed, variant, to)
        killing.cluster = ground.cluster
        killing.go_on(kills, for_service(to) if troubles else [])
        remote.calm()
        killing.finish(seconds=120)
        outcome.kills, outcome.troubles = dict(sorted(killing.done.items())), killing.suffered
        judge(outcome, remote, ground.home, killing.stops)
        outcome.recovery = recoveries(killing.deaths, killing.spells)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def free_what_is_frozen(after: str) -> None:
    """As the settings do, but sooner: a stopped worker may hold the log's last row."""
    from django.db import connections

    settings = connections.settings["default"]
    settings["OPTIONS"] = {**settings.get("OPTIONS", {}), "options": f"-c idle_in_transaction_session_timeout={after}"}
    connections.close_all()


class Stock:
    """Posts yet to be written and approved: most due at once, every third a little later, every tenth with pictures."""

    def __init__(self, remote: Service, posts: int, accounts: int) -> None:
        from django.conf import settings

        from koshiki.networks.credentials import ensure_key_ring
        from koshiki.posts.media import register_image
        from tests.cast import make_cast, official
        from tests.posts.delivering import install
        from tests.posts.writing import picture

        install(settings.KOSHIKI_HOME)
        ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
        self.remote, self.cast, self.left, self.written, self.again = remote, make_cast(), posts, 0, 0
        self.targets = [official(self.cast, service=remote.key, name=f"配信{n}") for n in range(accounts)]
        for account in self.targets:
            self.reconnect(account)
        self.pictures = [register_image(picture(colour=colour), f"{colour}.jpg", division=self.cast.bosai,
                                        by=self.cast.aoki) for colour in ("navy", "olive")]

    def reconnect(self, account: Any) -> None:
        self.remote.connect(account, by=self.cast.chiba)

    def approve(self, count: int, *, pictured: bool = False) -> None:
        """Through the acts of an author and an approver."""
        for _ in range(min(count, self.left)):
            self.left, self.written = self.left - 1, self.written + 1
            self._approve(pictured or self.written % 10 == 0)

    def _approve(self, pictured: bool) -> None:
        from koshiki import clock
        from koshiki.posts.content import Attached
        from tests.posts.writing import approved, submitted

        more: dict[str, Any] = {} if self.written % 3 else {"due_at": clock.now() + timedelta(seconds=5)}
        if pictured:
            more["media"] = [Attached(medium, f"訓練のようす {n}") for n, medium in enumerate(self.pictures, 1)]
        target = self.targets[self.written % len(self.targets)]
        post = submitted(self.cast.aoki, target, text=unlike(self.written), **more)
        if self.again:
            self._press_again(post)
        else:
            approved(post, by=self.cast.baba)

    def _press_again(self, post: Any) -> None:
        """Both approvers press the button twice, at once; one of the four is taken."""
        from django.db import connection

        from koshiki.guideline import Refused
        from tests.posts.writing import approved

        def press(approver: Any) -> None:
            for _ in range(self.again):
                with contextlib.suppress(Refused):
                    approved(post, by=approver)
            connection.close()

        hands = [threading.Thread(target=press, args=(person,)) for person in (self.cast.baba, self.cast.bando)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()


def unlike(n: int) -> str:
    """A text that no other is similar to: what a look-up can't tell apart it rightly leaves to a person."""
    return f"お知らせ 第{n}号 {hashlib.sha256(str(n).encode()).hexdigest()}"


class Killing:
    """Starts workers one after the other, each to end at its point; the stopped ones are continued later."""

    def __init__(self, stock: Stock, home: Path, seed: int, variant: str, to: str) -> None:
        self.stock, self.home, self.variant, self.to = stock, home, variant, to
        self.chance = random.Random(seed)  # noqa: S311
        self.done: Counter[str] = Counter()
        self.stopped: list[tuple[float, int]] = []
        self.deaths: list[Death] = []
        self.suffered: list[str] = []
        self.spells: list[tuple[float, float]] = []  # when troubles were
        self.stops: list[tuple[float, float]] = []  # when everything was stopped by a person
        self.afflict: Callable[[], None] | None = None  # what a trouble does to a worker that begins
        self.cluster: Any = None

    def go_on(self, kills: int, troubles: list[str]) -> None:
        plan = [POINTS[n % len(POINTS)] for n in range(kills)]
        self.chance.shuffle(plan)
        for trouble in troubles:
            plan.insert(self.chance.randrange(len(plan) + 1), trouble)
        while plan:
            act = plan.pop()
            self.stock.approve(-(-self.stock.left // (len(plan) + 1)), pictured=act == "K8")
            if act in TROUBLES:
                self._suffer(act)
            elif not self._one(act) and self._anything_left():
                plan.insert(0, act)
            elif len(plan) % SURVIVED == 0:
                self._survive()
            self._continue_stopped()

    # ------------------------------------------------------------ a worker that ends

    def _one(self, point: str) -> bool:
        """One worker up to its point; False if it did not come there in time (it is killed all the same)."""
        child = self.fork(point, self.chance.choice((1, 1, 2)))
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
        """A worker that nobody kills brings the rest to its end."""
        self._continue_stopped(all_of_them=True)
        self.stock.approve(self.stock.left)
        child, until = self.fork("", 0), time.monotonic() + seconds
        while time.monotonic() < until and self._anything_left():
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

        be_wrong(self.variant)
        if point:
            arm(point, passings, self.to)
        if self.afflict:
            self.afflict()
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(worker._work(HANDS, wait=True))

    def end(self, child: int) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _anything_left(self) -> bool:
        from koshiki.posts.models import Delivery

        return bool(self.stock.left) or Delivery.objects.exclude(state__in=ENDS).exists()
