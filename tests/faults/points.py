"""Where a worker ends: killed (K1–K12), stopped and continued (K13), told to stop (K14) — laid around the product from
outside.

Also ways to be wrong, for the harness to prove that it sees them.
"""

from __future__ import annotations

import functools
import math
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.faults.service import Service

POINTS = ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11", "K12", "K13", "K14")
SIGNALS = {"K13": signal.SIGSTOP, "K14": signal.SIGTERM}


class Fuse:
    """Goes off at the n-th passing."""

    def __init__(self, point: str, passings: int) -> None:
        self.point, self.left = point, passings
        self.lock = threading.Lock()

    def pass_by(self) -> None:
        with self.lock:
            self.left -= 1
            if self.left == 0:
                self._go_off()

    def _go_off(self) -> None:
        """Here and now: sent to the process, the signal would let this thread run on for a moment, past the check."""
        if self.point == "K14":
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            signal.pthread_kill(threading.get_ident(), SIGNALS.get(self.point, signal.SIGKILL))


def points_at(remotes: Sequence[Service], *, threads: bool) -> list[str]:
    """Those that a delivery to these services can come to; `threads`: whether any of the run's texts makes one."""
    from koshiki.networks.base import LooksUp

    missing = {"K8": any(remote.uploads for remote in remotes), "K9": threads,
               "K10": any(remote.short_lived for remote in remotes),
               "K11": any(issubclass(remote.adapter, LooksUp) or remote.adapter().repeatable_for() for remote in remotes)}
    return [point for point in POINTS if missing.get(point, True)]


def arm(point: str, passings: int, remotes: Sequence[Service]) -> None:
    """Lays the fuse in this process; K4, K5, K13 and K14 on the wire to these services."""
    from koshiki.audit import log
    from koshiki.networks.base import LooksUp
    from koshiki.posts.delivery import carry, send, settle, unknown

    fuse = Fuse(point, passings)
    match point:
        case "K1":
            _around(carry, "deliver", before=fuse.pass_by)
        case "K2":
            _around(send, "intend", before=fuse.pass_by)
        case "K3":
            _around(send, "intend", after=fuse.pass_by)
        case "K4" | "K5" | "K13" | "K14":
            _in_the_folder(fuse)
            _on_the_wire(fuse, re.compile(b"|".join(remote.publishes.pattern for remote in remotes)))
        case "K6":
            _around(settle, "sent", before=fuse.pass_by)
        case "K7":
            _around(settle, "sent", after=fuse.pass_by)
        case "K8":
            _between_media(fuse)
        case "K9":
            _around(send, "_thread", after=fuse.pass_by)
        case "K10":
            _in_renewal(fuse)
        case "K11":
            for kind in {remote.adapter for remote in remotes if issubclass(remote.adapter, LooksUp)}:
                _around(kind, "look_up", after=fuse.pass_by)
            _around(unknown, "_repeat", before=fuse.pass_by)
        case "K12":
            _around(log, "chain", after=fuse.pass_by)


def _around(place: Any, name: str, *, before: Callable[[], None] | None = None,
            after: Callable[[], None] | None = None) -> None:
    inner = getattr(place, name)

    @functools.wraps(inner)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before:
            before()
        result = inner(*args, **kwargs)
        if after:
            after()
        return result

    setattr(place, name, wrapped)


def _between_media(fuse: Fuse) -> None:
    """K8: the first picture is up and noted, the next is not."""
    from koshiki.posts.delivery import send

    inner = send._saving

    def saving(held: Any) -> Any:
        save = inner(held)

        def saved(stage: dict[str, Any]) -> None:
            save(stage)
            if len(stage.get("media", ())) == 1:
                fuse.pass_by()

        return saved

    send._saving = saving


def _in_renewal(fuse: Fuse) -> None:
    """K10: taken, not yet asked; answered, not yet kept; kept, not yet used: by how often the fuse is passed."""
    from koshiki.register import refreshing

    _around(refreshing, "_taken", after=fuse.pass_by)
    _around(refreshing, "_keep", before=fuse.pass_by, after=fuse.pass_by)


def _in_the_folder(fuse: Fuse) -> None:
    """K4: the entry is written beside its place; K5: it stands; K13, K14: before the last check."""
    from koshiki.networks import city_feed

    if fuse.point in SIGNALS:
        _around(city_feed, "_write_synced", after=fuse.pass_by)
    elif fuse.point == "K4":
        _around(city_feed, "_link", before=fuse.pass_by)
    else:
        _around(city_feed, "_link", after=fuse.pass_by)


def _on_the_wire(fuse: Fuse, publishes: re.Pattern[bytes]) -> None:
    """K4, K14: written to its last byte; K5: accepted, the answer unread; K13: on the open connection, before the
    last check."""
    from koshiki.networks import http, reach

    before, flush = http._Writing.__call__, reach._Timed._flush

    def stopped(self: Any, event: str, info: Any) -> None:
        if event == "http11.send_request_headers.started":
            request = info["request"]
            if publishes.match(request.method + b" " + request.url.target):
                fuse.pass_by()
        before(self, event, info)

    def written(self: Any, timeout: float | None) -> None:
        seen = publishes.match(bytes(self._held).partition(b" HTTP/1.1")[0])
        flush(self, timeout)
        if seen:
            time.sleep(0.1 if fuse.point == "K5" else 0)
            fuse.pass_by()

    if fuse.point == "K13":
        http._Writing.__call__ = stopped  # type: ignore[method-assign]
    else:
        reach._Timed._flush = written  # type: ignore[method-assign]


# ── wrong on purpose ───────────────────────────────────────────────

def be_wrong(variant: str) -> None:
    """In a worker: one of `WRONG`; nothing of the kind for ""."""
    if variant:
        WRONG[variant]()


def _naive() -> None:
    """At least once, as others do it."""
    from django.db.models.functions import Now

    from koshiki.posts.delivery import settle, sweep
    from koshiki.posts.delivery.states import UNDER_WAY, S, fenced_off
    from koshiki.posts.models import Delivery

    def again() -> None:
        over = Delivery.objects.filter(lease_until__lt=Now(), state__in=UNDER_WAY)
        over.update(**fenced_off(state=S.WAITING, next_at=Now()))

    sweep.take_back = again
    settle.unknown = lambda row, reason: settle._retry(row, reason, None)


def _forgetful() -> None:
    """A new claim forgets that a delivery is unknown."""
    from koshiki.posts.delivery import claim
    from koshiki.posts.delivery.states import CLAIMABLE, S

    claim.CLAIMABLE = (*CLAIMABLE, S.UNKNOWN)  # type: ignore[assignment]


def _newest_first() -> None:
    """Of what is due on an account the youngest goes first."""
    from koshiki.posts.delivery import claim

    due = claim.Delivery.objects.filter(state__in=claim.CLAIMABLE).order_by("-due_at")
    claim._of = lambda account: list(due.filter(account=account).values_list("pk", "epoch")[:1])


def _greedy() -> None:
    """A worker stays with its account until all of it is out."""
    from koshiki.posts.delivery import carry
    from koshiki.posts.delivery.times import times

    carry.times = lambda: replace(times(), turn=math.inf)


def _careless() -> None:
    """A service in trouble is neither left alone nor kept from taking every thread."""
    from koshiki.posts.delivery import breaker, claim, unknown

    breaker.failed = lambda service: None
    claim.crowded = unknown.crowded = lambda: ()


WRONG: dict[str, Callable[[], None]] = {
    "naive": _naive, "mutant": _forgetful, "newest": _newest_first, "greedy": _greedy, "careless": _careless}
