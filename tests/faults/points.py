"""Where a worker is killed (K1–K7) or stopped and continued (K13): laid around the product from outside.

Also two ways to be wrong, for the harness to prove that it sees them: `naive` repeats on any error, and the
mutant's new claim forgets that a delivery is unknown.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

POINTS = ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K13")


class Fuse:
    """Goes off at the n-th passing."""

    def __init__(self, point: str, passings: int) -> None:
        self.point, self.left = point, passings
        self.lock = threading.Lock()

    def pass_by(self) -> None:
        with self.lock:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGSTOP if self.point == "K13" else signal.SIGKILL)


def arm(point: str, passings: int) -> None:
    """Lays the fuse in this process."""
    from koshiki.posts.delivery import carry, send, settle

    fuse = Fuse(point, passings)
    match point:
        case "K1":
            _around(carry, "deliver", before=fuse.pass_by)
        case "K2":
            _around(send, "intend", before=fuse.pass_by)
        case "K3":
            _around(send, "intend", after=fuse.pass_by)
        case "K4" | "K5" | "K13":
            _on_the_wire(fuse)
        case "K6":
            _around(settle, "sent", before=fuse.pass_by)
        case "K7":
            _around(settle, "sent", after=fuse.pass_by)


def _around(module: Any, name: str, *, before: Callable[[], None] | None = None,
            after: Callable[[], None] | None = None) -> None:
    inner = getattr(module, name)

    @functools.wraps(inner)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before:
            before()
        result = inner(*args, **kwargs)
        if after:
            after()
        return result

    setattr(module, name, wrapped)


def _on_the_wire(fuse: Fuse) -> None:
    """K4: written to its last byte; K5: accepted, the answer unread; K13: on the open connection, before the check."""
    from koshiki.networks import http, reach

    before, flush = http._Writing.__call__, reach._Timed._flush

    def stopped(self: Any, event: str, info: Any) -> None:
        if event == "http11.send_request_headers.started":
            request = info["request"]
            if (request.method, request.url.target) == (b"POST", b"/api/v1/statuses"):
                fuse.pass_by()
        before(self, event, info)

    def written(self: Any, timeout: float | None) -> None:
        publishes = bytes(self._held).startswith(b"POST /api/v1/statuses ")
        flush(self, timeout)
        if publishes:
            time.sleep(0.1 if fuse.point == "K5" else 0)
            fuse.pass_by()

    if fuse.point == "K13":
        http._Writing.__call__ = stopped  # type: ignore[method-assign]
    else:
        reach._Timed._flush = written  # type: ignore[method-assign]


def be_wrong(variant: str) -> None:
    """"naive": at least once, as others do it; "mutant": the claim forgets `unknown`; "": nothing of the kind."""
    from koshiki.posts.delivery import claim, settle, sweep
    from koshiki.posts.delivery.states import CLAIMABLE, UNDER_WAY, S, fenced_off
    from koshiki.posts.models import Delivery

    if variant == "mutant":
        claim.CLAIMABLE = (*CLAIMABLE, S.UNKNOWN)  # type: ignore[assignment]
    if variant == "naive":
        from django.db.models.functions import Now

        def again() -> None:
            over = Delivery.objects.filter(lease_until__lt=Now(), state__in=UNDER_WAY)
            over.update(**fenced_off(state=S.WAITING, next_at=Now()))

        sweep.take_back = again
        settle.unknown = lambda row, reason: settle._retry(row, reason, None)
