"""What came of a call, written down once, fenced: sent, to be tried again, failed, held, or unknown (delivery 5–8)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks.base import NotSent, OutcomeUnknown, Published, Rejected, TokenDead
from koshiki.organization.alerts import tell
from koshiki.posts import jobs
from koshiki.posts.delivery import breaker, corrected
from koshiki.posts.delivery.claim import Claim
from koshiki.posts.delivery.hand_over.offering import offer
from koshiki.posts.delivery.states import Overtaken, write
from koshiki.posts.delivery.times import times
from koshiki.posts.models import Delivery
from koshiki.register import stopping
from koshiki.register.budget import UsedUp

S = Delivery.State
DONE: dict[str, str] = {Delivery.Verb.EDIT: "delivery.edit", Delivery.Verb.DELETE: "delivery.delete"}
log = logging.getLogger("koshiki.delivery")


class HandOver(Exception):
    """koshiki cannot publish to this service: a person posts, and gives the address."""


def sent(held: Claim, published: Published) -> None:
    """It is there: bound to its remote id, which no other delivery of the account may have (delivery 7)."""
    try:
        _insist(held, lambda: arrived(held.row, published))
    except (IntegrityError, DataError):
        _insist(held, lambda: unknown(held.row, "サービスの答えた番号が、ほかの投稿のものか、正しくありません。"))
    breaker.succeeded(held.row.account.service)


def ended(held: Claim, ending: Exception) -> None:
    """Every other way in which a delivery can end for now."""
    row = held.row
    match ending:
        case Overtaken():
            log.info("delivery %s was taken over", row.pk)
            return
        case Refused():
            act: Callable[[], None] = lambda: hold(row, ending.message, ending.clause.id)  # noqa: E731
        case HandOver():
            act = lambda: offer(row)  # noqa: E731
        case UsedUp():
            act = lambda: _wait(row, ending)  # noqa: E731
        case TokenDead():
            act = lambda: _dead(row, ending.reason)  # noqa: E731
        case Rejected():
            act = lambda: _failed(row, ending.reason)  # noqa: E731
        case NotSent():
            act = lambda: _retry(row, ending.reason, ending.retry_after)  # noqa: E731
        case _:
            act = lambda: _doubtful(row, ending)  # noqa: E731
    _insist(held, act)
    if isinstance(ending, NotSent | OutcomeUnknown):
        breaker.failed(row.account.service)


def _insist(held: Claim, act: Callable[[], None]) -> None:
    """An outcome that is known is worth waiting for the database, as long as the lease holds."""
    while True:
        try:
            return act()
        except Overtaken:
            log.warning("delivery %s was taken over before its outcome was written", held.row.pk)
            return None
        except (OperationalError, InterfaceError):
            if held.aged:
                raise
            connection.close()
            time.sleep(0.5)


# ---------------------------------------------------------------- one function for each ending


@transaction.atomic
def arrived(row: Delivery, published: Published, *, how: str = "", **more: Any) -> None:
    """sent, edited or deleted; the read-back follows as a job of its own. Raises IntegrityError where the remote id is bound."""
    write(row, to=S.SENT, remote_id=published.remote_id, url=published.url[:500], sent_at=published.at or clock.now(),
          lease_until=None, reason="", clause="", **more)
    jobs.read_back.configure(schedule_in={"seconds": int(times().read_back)}).defer(delivery=row.pk)
    record(how or DONE.get(row.verb, "delivery.send"), row, by=None, clause="§8(3)" if row.wrong_id else "§8(1)",
           remote_id=published.remote_id, url=published.url, approval=row.approval_id)
    corrected.note(row)


@transaction.atomic
def unknown(row: Delivery, reason: str) -> None:
    """It may have gone out: never to be blindly repeated (delivery 6)."""
    write(row, to=S.UNKNOWN, unknown_at=Now(), next_at=Now() + timedelta(seconds=times().early), negatives=0,
          looked_at=None, lease_until=None, reason=reason[:300], clause="K-unknown")
    record("delivery.unknown", row, by=None, clause="K-unknown", reason=reason)


@transaction.atomic
def hold(row: Delivery, reason: str, clause: str) -> None:
    """held: what is overdue waits for an approver, what is too late for a new approval."""
    write(row, to=S.HELD, lease_until=None, reason=reason[:300], clause=clause, **_nothing_out(row))
    _told(row, "停止した配信")
    record("delivery.hold", row, by=None, clause=clause, reason=reason)


@transaction.atomic
def to_person(row: Delivery, reason: str) -> None:
    """A person looks, and decides with evidence."""
    write(row, to=S.PERSON, lease_until=None, reason=reason[:300], clause="K-unknown")
    _told(row, "配信の確認")
    record("delivery.ask_person", row, by=None, clause="K-unknown", reason=reason)


@transaction.atomic
def _failed(row: Delivery, reason: str) -> None:
    write(row, to=S.FAILED, lease_until=None, reason=reason[:300], clause="", **_nothing_out(row))
    if row.verb == Delivery.Verb.DELETE:
        _nothing_instead(row)
    _told(row, "配信の失敗")
    record("delivery.fail", row, by=None, clause="§8(1)", reason=reason)


def _nothing_instead(row: Delivery) -> None:
    """What can't be taken away is not followed by what was to go out instead (§8(3))."""
    Delivery.objects.filter(post=row.post_id, account=row.account_id, state=S.WAITING).update(
        state=S.CANCELLED, clause="§8(3)", reason="誤った投稿を削除できなかったため、代わりの投稿も出しません。")


def _dead(row: Delivery, reason: str) -> None:
    with transaction.atomic():
        stopping.token_dead(row.account, reason)
        hold(row, reason, "K-hold")


def _retry(row: Delivery, reason: str, after: int | None) -> None:
    """Known not to be out: again later, as the service asks or by a growing pause, until the 配信期限."""
    pause = min(times().backoff * 2 ** min(row.tries - 1, 10), times().backoff_most)
    _again(row, reason, min(after or pause, times().retry_most))


def _again(row: Delivery, reason: str, wait: float) -> None:
    later = Least(Now() + timedelta(seconds=wait), F("expires_at") + timedelta(seconds=1))
    write(row, to=S.RETRY, next_at=later, lease_until=None,
          reason=reason[:300], clause="", **_nothing_out(row))


def _wait(row: Delivery, used_up: UsedUp) -> None:
    """The service is asked nothing until its budget begins anew; only whether IT has raised it is looked at in between."""
    left = max((used_up.until - clock.now()).total_seconds(), 1)
    _again(row, used_up.reason, min(left, times().retry_most))


def _doubtful(row: Delivery, ending: Exception) -> None:
    """Before the call an error is only an error; after it was begun nobody knows."""
    if not isinstance(ending, OutcomeUnknown):
        log.error("delivery %s: %s", row.pk, type(ending).__name__, exc_info=ending)
    reason = ending.reason if isinstance(ending, OutcomeUnknown) else "配信の途中で誤りが起きました。"
    if row.state == S.SENDING:
        unknown(row, reason)
    else:
        _retry(row, reason, None)


def _nothing_out(row: Delivery) -> dict[str, Any]:
    """The intent of a call that is known to have brought nothing is void; one that is in doubt remains."""
    return {"intent_at": None} if row.unknown_at is None else {}


def _told(row: Delivery, subject: str) -> None:
    """One mail for a post, however many of its accounts are concerned."""
    others = Delivery.objects.filter(post=row.post_id, state=row.state, segment=row.segment).exclude(pk=row.pk)
    if others.exists():
        return
    tell(stopping.workers(row.account), subject=subject, path=f"/posts/{row.post_id}/deliveries/", urgent=True)
