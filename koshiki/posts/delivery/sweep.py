"""点検 — every few seconds: nothing that is due stays without a job, nothing that died stays held (delivery 11)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task

from koshiki.audit.log import record
from koshiki.database import identity
from koshiki.posts import jobs
from koshiki.posts.delivery import restore
from koshiki.posts.delivery.claim import due
from koshiki.posts.delivery.hand_over.watching import watch
from koshiki.posts.delivery.states import fenced_off
from koshiki.posts.delivery.unapproved import tell_unapproved
from koshiki.posts.models import Delivery

S = Delivery.State
AT_ONCE = 200
log = logging.getLogger("koshiki.delivery")


def sweep() -> None:
    """All of it, each part on its own; repeating it changes nothing."""
    if doubt := identity.doubt():
        restore.discovered(doubt)
    else:
        identity.note_seen()
    take_back()
    wake_due()
    wake_unread()
    watch()
    tell_unapproved()


def take_back() -> None:
    """Leases that ran out: nothing was sent in `claimed`; in `sending` nobody knows (delivery 5)."""
    over = Delivery.objects.filter(lease_until__lt=Now())
    over.filter(state=S.CLAIMED).update(**fenced_off(state=S.WAITING, next_at=Now()))
    over.filter(state=S.UNKNOWN).update(**fenced_off())
    for pk, epoch in over.filter(state=S.SENDING).values_list("pk", "epoch"):
        _lost_sight_of(pk, epoch)


@transaction.atomic
def _lost_sight_of(pk: int, epoch: int) -> None:
    reason = "送信の途中で処理が止まりました。"
    mine = Delivery.objects.filter(pk=pk, epoch=epoch, state=S.SENDING, lease_until__lt=Now())
    if mine.update(**fenced_off(state=S.UNKNOWN, unknown_at=Now(), next_at=Now(), negatives=0, looked_at=None,
                                reason=reason, clause="K-unknown")):
        record("delivery.unknown", Delivery.objects.get(pk=pk), by=None, clause="K-unknown", reason=reason)


def wake_due() -> None:
    """One job for each account with something due, one for each delivery that is to be looked up."""
    first = due().order_by("account_id", "due_at", "pk").distinct("account_id")
    for pk, account in first.values_list("pk", "account")[:AT_ONCE]:
        _wake(pk, f"delivery of account {account}")
    unknown = Delivery.objects.filter(Q(lease_until=None) | Q(lease_until__lt=Now()), state=S.UNKNOWN,
                                      next_at__lte=Now()).order_by(F("next_at"))
    for pk in unknown.values_list("pk", flat=True)[:AT_ONCE]:
        _wake(pk, f"delivery {pk}")


def wake_unread() -> None:
    """What was sent within the last day, or whose address was mended in it, and has not been read back yet."""
    minute, day = timedelta(minutes=1), timedelta(days=1)
    within = (Now() - day, Now() - minute)
    unread = Delivery.objects.filter(Q(sent_at__range=within) | Q(next_at__range=within), state=S.SENT, read_back_at=None)
    for pk in unread.exclude(remote_id="", wrong=None).values_list("pk", flat=True)[:AT_ONCE]:
        _wake(pk, f"reading {pk}", jobs.read_back)


def _wake(pk: int, only_one: str, job: Task[..., None, Any] = jobs.deliver) -> None:
    try:
        with transaction.atomic():
            job.configure(queueing_lock=only_one).defer(delivery=pk)
    except AlreadyEnqueued:
        log.debug("%s is awake already", only_one)
