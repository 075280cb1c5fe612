"""訂正の終わり — the last delivery of a correction is there: how long it took since the error was found (§8(3))."""

from __future__ import annotations

from koshiki import clock
from koshiki.audit.log import record
from koshiki.posts.models import Correction, Delivery

S = Delivery.State


def note(row: Delivery) -> None:
    """After a delivery arrived, in the caller's transaction, and after its entry in the log.

    The log's lock makes one of two that arrive at once see the other.
    """
    if row.wrong_id is None or Delivery.objects.filter(post=row.post_id).exclude(state__in=[S.SENT, S.CANCELLED]).exists():
        return
    if Correction.objects.filter(post=row.post_id, done_at=None).update(done_at=clock.now()):
        done = Correction.objects.select_related("post").get(post=row.post_id)
        record("post.corrected", done.post, by=None, clause="§8(3)", wrong=done.wrong_id,
               found_at=done.found_at.isoformat(), seconds=int(done.took.total_seconds()))
