"""Who carries a delivery: one worker at a time, until a time by the database's clock (delivery 2, 10)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from koshiki.networks.base import Publishes
from koshiki.posts.delivery.states import CLAIMABLE, UNDER_WAY
from koshiki.posts.delivery.times import elapsing, times
from koshiki.posts.models import Breaker, Delivery
from koshiki.register.models import Account

S, Verb = Delivery.State, Delivery.Verb
CANDIDATES = 40


@dataclass
class Claim:
    """占有 — a delivery with the epoch under which its holder writes, and when it was last renewed."""

    row: Delivery
    taken: float  # by `elapsing`, before the database was asked
    asked: float  # likewise, before it told its time …
    told: datetime  # … which was this
    network: Publishes | None = None  # once opened

    def now(self) -> datetime:
        """The database's time."""
        return self.told + timedelta(seconds=elapsing() - self.asked)

    @property
    def aged(self) -> bool:
        """Has the lease run out by this machine's own clock, whatever the database's says?"""
        return elapsing() - self.taken >= times().lease


def claim(account: Account | None = None) -> Claim | None:
    """Takes the first due delivery of the account, or of any account that nobody is serving. None if there is none.

    Among the due ones of an account the older due time goes first.
    """
    for pk, epoch in _of(account) if account else _of_any():
        taken = elapsing()
        if _take(pk, epoch):
            return held_by(pk, epoch + 1, taken)
    return None


def lease_end() -> CombinedExpression:
    """When a lease that begins now runs out, by the database's clock."""
    return Now() + timedelta(seconds=times().lease)


def due() -> QuerySet[Delivery]:
    """What may be claimed now: due, nothing that must come before it outstanding, its account served by nobody.

    Before a segment of a thread come those before it; before what goes out instead of another, that one's removal.
    """
    same_account = Delivery.objects.filter(account=OuterRef("account"))
    same_post = same_account.filter(post=OuterRef("post"))
    before = same_post.filter(Q(verb=OuterRef("verb"), segment__lt=OuterRef("segment"))
                              | Q(verb=Verb.DELETE) & ~Q(verb=OuterRef("verb")))
    return (Delivery.objects.filter(state__in=CLAIMABLE, next_at__lte=Now())
            .exclude(Exists(same_account.filter(state__in=UNDER_WAY)))
            .exclude(Exists(before.exclude(state__in=[S.SENT, S.CANCELLED])))
            .exclude(account__service__in=Breaker.objects.filter(until__gt=Now()).values("service")))


def _of(account: Account) -> list[tuple[int, int]]:
    """Id and epoch of the account's first due delivery; the database refuses a second one under way."""
    resting = Breaker.objects.filter(service=account.service, until__gt=Now())
    mine = Delivery.objects.filter(~Exists(resting), account=account, state__in=CLAIMABLE, next_at__lte=Now())
    rows = mine.order_by("due_at", "pk").values_list("pk", "epoch", "segment", "wrong")
    return [(pk, epoch) for pk, epoch, *after in rows[:1] if after == [0, None]]  # what comes after something: `_of_any`


def _of_any() -> list[tuple[int, int]]:
    """Ids and epochs of the first due delivery of each account, the older due time first."""
    found = due().exclude(account__service__in=crowded())
    first = found.order_by("account_id", "due_at", "pk").distinct("account_id")
    rows = sorted(first.values_list("due_at", "pk", "epoch"))
    return [(pk, epoch) for _, pk, epoch in rows[:CANDIDATES]]


def _take(pk: int, epoch: int) -> bool:
    """The conditional update that decides between workers; the database allows one under way per account."""
    row = Delivery.objects.filter(pk=pk, epoch=epoch, state__in=CLAIMABLE)
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            return bool(row.update(state=S.CLAIMED, epoch=F("epoch") + 1, tries=F("tries") + 1,
                                   lease_until=lease_end()))
    except IntegrityError:
        return False


def held_by(pk: int, epoch: int, taken: float) -> Claim | None:
    """The delivery as it was taken under this epoch; None if it was lost again meanwhile."""
    asked = elapsing()
    rows = Delivery.objects.select_related("account", "approval__revision", "post").annotate(told=Now())
    row = rows.filter(pk=pk, epoch=epoch).first()
    return Claim(row, taken, asked, row.told) if row else None


@contextmanager
def renewing(held: Claim) -> Iterator[None]:
    """Renews the lease while something long is done that nobody sees, such as the upload of pictures; fenced."""
    ended = threading.Event()
    thread = threading.Thread(target=_renew, args=(held, ended), daemon=True, name="lease")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(held: Claim, ended: threading.Event) -> None:
    mine = Delivery.objects.filter(pk=held.row.pk, epoch=held.row.epoch, state=S.CLAIMED, lease_until__gt=Now())
    try:
        while not ended.wait(times().lease / 3):
            renewed = elapsing()
            if not mine.update(lease_until=lease_end()):
                return
            held.taken = renewed
    except (OperationalError, InterfaceError):
        return  # the lease runs out if the database stays away
    finally:
        connection.close()


# ---------------------------------------------------------------- one service's storm must not slow another's

_carried: Counter[str] = Counter()
_lock = threading.Lock()


@contextmanager
def carrying(service: str) -> Iterator[None]:
    """Counts what this process is doing at a service, so that one that hangs can't take every thread."""
    with _lock:
        _carried[service] += 1
    try:
        yield
    finally:
        with _lock:
            _carried[service] -= 1


def crowded() -> Collection[str]:
    most = max(1, settings.KOSHIKI_WORKER_CONCURRENCY * 3 // 4)
    with _lock:
        return [service for service, count in _carried.items() if count >= most]
