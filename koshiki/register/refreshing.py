"""接続の更新 — credentials that run out are renewed in good time: by one worker at a time, kept before they are used.

A service that is away is asked again after a while; one that refuses holds the account until it is connected again.
What cannot be excluded: killed between the service's answer and its keeping, where the service lets a key be
used once only, the connection is dead, and a person connects the account again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from koshiki import clock
from koshiki.audit.log import record
from koshiki.networks import adapter
from koshiki.networks.base import Link, NotSent, Outcome, Refreshes, TokenDead
from koshiki.register import stopping
from koshiki.register.link import NotConnected, kept, link_of, opened
from koshiki.register.models import Account, Connection

LEASE = timedelta(minutes=2)
AGAIN = timedelta(minutes=2)  # after a service that could not be asked
AGAIN_MOST = timedelta(hours=1)
SPARE = timedelta(seconds=60)  # what runs out sooner is not begun with
log = logging.getLogger("koshiki.connections")


def due() -> list[int]:
    """The connections whose time to be refreshed has come."""
    free = Q(refresh_until=None) | Q(refresh_until__lt=Now())
    rows = Connection.objects.filter(free, ended_at=None, dead_at=None, refresh_at__lte=Now())
    return list(rows.order_by("refresh_at").values_list("pk", flat=True)[:200])


def fresh_link(account: Account) -> Link:
    """The account's connection with credentials that hold a while. Raises NotConnected; NotSent where they are being
    refreshed, or can't be for now."""
    link = link_of(account)
    if not _runs_out(link):
        return link
    for pk in account.connections.filter(ended_at=None, dead_at=None).values_list("pk", flat=True):
        refresh(pk)
    link = link_of(account)
    if _runs_out(link):
        raise NotSent("接続の鍵の期限が切れ、更新できていません。", 15)
    return link


def refresh(pk: int) -> None:
    """Refreshes one connection, unless another is at it."""
    row = _taken(pk)
    if row is None:
        return
    kind = adapter(row.account.service)
    try:
        if kind is None or not issubclass(kind, Refreshes):
            raise NotConnected("このサービスの鍵は、更新できません。")
        _keep(row, kind(opened(row, row.account)).refresh())
    except TokenDead as dead:
        stopping.token_dead(row.account, dead.reason)
        _let_go(row)
    except (Outcome, NotConnected) as trouble:
        log.warning("connection %s could not be refreshed: %s", pk, trouble.reason)
        _later(row, trouble.retry_after if isinstance(trouble, NotSent) else None)


def _runs_out(link: Link) -> bool:
    at = str(link.facts.get("expires_at") or "")
    return bool(at) and datetime.fromisoformat(at) < clock.now() + SPARE


def _taken(pk: int) -> Connection | None:
    """The connection for this worker alone, until its lease runs out."""
    free = Q(refresh_until=None) | Q(refresh_until__lt=Now())
    live = Connection.objects.filter(free, pk=pk, ended_at=None, dead_at=None)
    if not live.update(refresh_until=Now() + LEASE, epoch=F("epoch") + 1):
        return None
    return Connection.objects.select_related("account").get(pk=pk)


@transaction.atomic
def _keep(row: Connection, link: Link) -> None:
    """Written at once, fenced: who was overtaken writes nothing. Only then may the new credentials be used."""
    values = kept(link, service=row.account.service)
    mine = Connection.objects.filter(pk=row.pk, epoch=row.epoch, ended_at=None)
    if mine.update(**values, refresh_until=None):
        expires_at = values["expires_at"]
        record("connection.refresh", row.account, by=None, clause="K-connection",
               expires_at=expires_at.isoformat() if expires_at else "")


def _let_go(row: Connection) -> None:
    Connection.objects.filter(pk=row.pk, epoch=row.epoch).update(refresh_until=None)


def _later(row: Connection, wait: int | None) -> None:
    """Asked again after a pause, the longer the longer it has not worked; never hammered."""
    since = clock.now() - (row.refresh_at or clock.now())
    pause = max(min(max(AGAIN, since), AGAIN_MOST), timedelta(seconds=wait or 0))
    Connection.objects.filter(pk=row.pk, epoch=row.epoch).update(refresh_until=Now() + pause)
