"""Clocks that can't be trusted hold publishing (K-clock): ours when it jumps, a service's when it is far from ours."""

from __future__ import annotations

import time

from koshiki.guideline import Refused
from koshiki.posts.delivery import holds
from koshiki.posts.delivery.times import elapsing, times
from koshiki.register.models import Hold

_began = (time.time(), elapsing())


def refuse_jump() -> None:
    """Raises Refused K-clock, and holds everything, where this machine's wall clock was set meanwhile."""
    global _began  # noqa: PLW0603  (one clock in a process)
    now = (time.time(), elapsing())
    jump = (now[0] - _began[0]) - (now[1] - _began[1])
    _began = now
    if abs(jump) > times().skew:
        reason = f"この機械の時計が{abs(jump):.0f}秒飛びました。"
        holds.stop(Hold.Kind.CLOCK, reason, "K-clock")
        raise Refused("K-clock", reason, now="時計を直し、停止を解いた後、期限の残るものは責任者が進めます。",
                      who="システム管理の担当")


def compare(skew: float | None, service: str) -> None:
    """Holds the service where its `Date` and our clock are too far apart; the call that told it is over."""
    if skew is not None and abs(skew) > times().skew:
        holds.stop(Hold.Kind.CLOCK, f"サービスの時計と{abs(skew):.0f}秒違います。", "K-clock", service=service)
