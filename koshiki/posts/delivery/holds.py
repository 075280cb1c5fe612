"""停止 as delivery asks for it: what is open on an account, and what ended while something was due."""

from __future__ import annotations

from django.db.models import QuerySet

from koshiki.posts.models import Delivery
from koshiki.register.models import Account, Hold


def open_on(account: Account) -> QuerySet[Hold]:
    """The open holds that stop publishing on this account, newest first."""
    return Hold.objects.on(account).filter(what=Hold.What.PUBLISHING)


def ended_since(row: Delivery) -> QuerySet[Hold]:
    """The holds that were ended after the delivery had become due, or after it was last released."""
    since = row.released_at or row.due_at
    return Hold.objects.ever_on(row.account).filter(what=Hold.What.PUBLISHING, until__gt=since)
