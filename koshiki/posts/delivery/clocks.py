"""Clocks that can't be trusted hold publishing (K-clock): ours when it jumps, a service's when it is far from ours."""

from __future__ import annotations

import time

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.delivery.restore import WHO, may_confirm
from koshiki.posts.delivery.times import elapsing, times
from koshiki.register import stopping
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
        stopping.stop(Hold.Kind.CLOCK, reason, "K-clock")
        raise Refused("K-clock", reason, now="時計を直し、停止を解いた後、期限の残るものは責任者が進めます。",
                      who="システム管理の担当")


def compare(skew: float | None, service: str) -> None:
    """Holds the service where its `Date` and our clock are too far apart; the call that told it is over."""
    if skew is not None and abs(skew) > times().skew:
        stopping.stop(Hold.Kind.CLOCK, f"サービスの時計と{abs(skew):.0f}秒違います。", "K-clock", service=service)


@transaction.atomic
def confirm(*, reason: str, by: Person) -> None:
    """The clocks are right again: what was stopped for them may go on, what is overdue after an approver's word.

    Raises Refused K-clock for anybody but IT and the information policy head, and where nothing is stopped.
    """
    if not may_confirm(by.afresh()):
        raise Refused("K-clock", f"時計を確かめて停止を解けるのは、{WHO}です。", who=WHO)
    stops = list(Hold.objects.select_for_update(of=("self",)).open().filter(kind=Hold.Kind.CLOCK).order_by("pk"))
    if not stops or not reason.strip():
        raise Refused("K-clock", "時計のための停止がないか、確かめたことが書かれていません。", who=WHO)
    for stop in stops:
        stop.until, stop.lifted_by, stop.lift_reason = clock.now(), by, reason.strip()[:300]
        stop.save(update_fields=["until", "lifted_by", "lift_reason"])
    for stop in stops:
        record("hold.lift", stop, by=by, clause="K-clock", reason=reason)
