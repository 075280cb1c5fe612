"""手渡し待ち — a delivery is due, and a person is to post it: the account's authors and approvers are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.urls import reverse

from koshiki.audit.log import record
from koshiki.organization.alerts import tell
from koshiki.organization.models import Alert
from koshiki.posts.delivery.states import write
from koshiki.posts.delivery.times import times
from koshiki.posts.models import Delivery
from koshiki.register import stopping

SUBJECT = "投稿の手渡し"
AGAIN = "投稿の手渡し（まだ投稿されていません）"


@transaction.atomic
def offer(row: Delivery) -> None:
    """It waits for a person to take it; nothing of it is out. Raises Overtaken."""
    write(row, to=Delivery.State.OFFERED, next_at=Now() + timedelta(seconds=times().watch), lease_until=None,
          intent_at=None, taken_by=None, reason="", clause="")
    tell(stopping.workers(row.account), subject=SUBJECT, path=path_of(row))
    record("delivery.hand_over", row, by=None, clause="K-handover")


def remind(row: Delivery) -> None:
    """Tells the same people once more; in the caller's transaction."""
    tell(stopping.workers(row.account), subject=AGAIN, path=path_of(row))
    record("delivery.remind", row, by=None, clause="K-handover")


def next_reminder(row: Delivery) -> datetime:
    """When half of the time that was left at the last mail has passed: the nearer the 配信期限, the more often."""
    last = Alert.objects.filter(path=path_of(row)).aggregate(at=Max("made_at"))["at"] or row.due_at
    return last + max((row.expires_at - last) / 2, timedelta(seconds=times().remind))


def path_of(row: Delivery) -> str:
    """The page on which a person takes it."""
    return reverse("delivery_hand_over", args=[row.pk])
