"""What one wake-up does: the delivery it names, if it is due, and then whatever else is."""

from __future__ import annotations

from koshiki.posts import jobs
from koshiki.posts.delivery.claim import claim, due
from koshiki.posts.delivery.send import deliver
from koshiki.posts.delivery.times import elapsing, times
from koshiki.posts.delivery.unknown import find_out
from koshiki.posts.models import Delivery


def carry(pk: int) -> None:
    """Carries on with this delivery; then, for a while, with its account's and others' due ones."""
    row = Delivery.objects.select_related("account").filter(pk=pk).first()
    if row is None:
        return
    if row.state == Delivery.State.UNKNOWN:
        find_out(pk)
        return
    account, end = row.account, elapsing() + times().turn
    while elapsing() < end:
        held = claim(account) or claim()
        if held is None:
            return
        account = held.row.account
        deliver(held)
    jobs.wake_all(due().values_list("pk", flat=True)[:1])
