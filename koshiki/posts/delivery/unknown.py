"""結果の確認 — what may have gone out is repeated only with a key that the service honours; else it is looked up;
else a person decides (delivery 6). The row stays `unknown` meanwhile, under a lease of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks.base import (
    CannotTell,
    Found,
    LooksUp,
    LookUp,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Published,
    Publishes,
    Reads,
    Rejected,
    TokenDead,
    Verb,
)
from koshiki.networks.shown import skeleton
from koshiki.posts import jobs
from koshiki.posts.delivery import breaker, clocks, settle
from koshiki.posts.delivery.check import check
from koshiki.posts.delivery.claim import Claim, carrying, crowded, held_by, lease_end
from koshiki.posts.delivery.read_back import differences
from koshiki.posts.delivery.send import last_check, opened, outgoing_of
from koshiki.posts.delivery.staging import staged
from koshiki.posts.delivery.states import Overtaken, write
from koshiki.posts.delivery.times import elapsing, times
from koshiki.posts.models import Delivery
from koshiki.posts.models.delivery import CHANGING
from koshiki.register import stopping
from koshiki.register.budget import UsedUp, spend

S = Delivery.State
ENOUGH = 2  # look-ups that found nothing, before it may be sent again
log = logging.getLogger("koshiki.delivery")


def find_out(pk: int) -> None:
    """Takes one step towards knowing. Nothing if it isn't unknown any more, or another is at it."""
    if _crowded(pk) or (held := _take(pk)) is None:
        return
    with carrying(held.row.account.service):
        try:
            _step(held)
        except Overtaken:
            log.info("delivery %s was taken over", pk)
        except (OperationalError, InterfaceError):
            raise  # the lease runs out, and the sweep comes back to it
        except Exception:
            log.exception("delivery %s could not be looked up", pk)
            _look_again(held, CannotTell("調べる途中で誤りが起きました。"))
        if held.network:
            clocks.compare(held.network.skew, held.row.account.service)


def _crowded(pk: int) -> bool:
    """Is this process busy enough with the delivery's service? The sweep comes back to it."""
    return Delivery.objects.filter(pk=pk, account__service__in=crowded()).exists()


def _take(pk: int) -> Claim | None:
    row = Delivery.objects.filter(pk=pk).first()
    if row is None:
        return None
    taken = elapsing()
    free = Delivery.objects.filter(Q(lease_until=None) | Q(lease_until__lt=Now()), pk=pk, state=S.UNKNOWN,
                                   epoch=row.epoch, next_at__lte=Now())
    if not free.update(epoch=F("epoch") + 1, lease_until=lease_end()):
        return None
    return held_by(pk, row.epoch + 1, taken)


def _step(held: Claim) -> None:
    try:
        held.network = network = opened(held.row)
    except settle.HandOver:
        return settle.to_person(held.row, "このサービスは調べられません。")
    except Refused as closed:
        return _look_again(held, CannotTell(closed.message))
    except NotSent as later:
        return _look_again(held, CannotTell(later.reason))
    step, verb = _next_step(held, network)
    try:
        spend(held.row.account, verb)
    except UsedUp as used_up:
        return _look_again(held, CannotTell(used_up.reason))
    return step(held, network)


def _next_step(held: Claim, network: Publishes) -> tuple[Callable[[Claim, Publishes], None], Verb]:
    """How the doubt is ended, and what that costs of the service's budget."""
    if held.row.verb in CHANGING:
        return _look_at_change, Verb.LOOK_UP
    return (_repeat, Verb.PUBLISH) if _may_repeat(held, network) else (_look, Verb.LOOK_UP)


# ---------------------------------------------------------------- edited or deleted: what is there now tells


def _look_at_change(held: Claim, network: Publishes) -> None:
    """Both may be repeated without harm; what may not be begun any more is first known not to have happened."""
    row = held.row
    assert row.wrong  # noqa: S101  (constraint)
    try:
        there = _is_changed(row, network)
    except (NotSent, TokenDead) as doubt:
        return _look_again(held, CannotTell(doubt.reason, token_dead=isinstance(doubt, TokenDead)))
    if there:
        return _arrived(row, Published("", row.wrong.url), "delivery.find", looked_at=held.now())
    try:
        check(row)
    except Refused:
        return _not_found(held, network.settle_seconds)
    write(row, to=S.WAITING, next_at=Now(), lease_until=None, reason="まだ済んでいないため、もう一度行います。")
    return jobs.wake(row)


def _is_changed(row: Delivery, network: Publishes) -> bool:
    """As far as can be seen. Raises NotSent, TokenDead where it can't be looked at."""
    assert row.wrong  # noqa: S101
    if not isinstance(network, Reads):
        return False
    shown = network.read(row.wrong.published_id)
    if row.verb == Delivery.Verb.DELETE:
        return shown is None
    outgoing, before = outgoing_of(row), json.loads(row.stage).get("seen", {}).get("text", "")
    approved = network.shown_text(outgoing.content)
    looks_new = skeleton(before) != skeleton(approved)
    return looks_new and not differences(approved, [media.alt for media in outgoing.media], shown)


# ---------------------------------------------------------------- repeat with the key


def _may_repeat(held: Claim, network: Publishes) -> bool:
    """Within the key's validity, with time to spare, and only what might be sent now anyway."""
    spare = timedelta(seconds=network.repeatable_for() - 2 * times().lease)
    if held.row.intent_at is None or held.now() > held.row.intent_at + spare:
        return False
    try:
        check(held.row)
    except Refused:
        return False
    return True


def _repeat(held: Claim, network: Publishes) -> None:
    """The same call with the same key: a service that honours it answers with what is there already."""
    try:
        published = network.publish(staged(outgoing_of(held.row), network), json.loads(held.row.stage), lambda: last_check(held))
    except (NotSent, OutcomeUnknown) as doubt:
        breaker.failed(held.row.account.service)
        write(held.row, next_at=Now() + timedelta(seconds=times().repeat), lease_until=None, reason=doubt.reason[:300])
    except TokenDead as dead:
        stopping.token_dead(held.row.account, dead.reason)
        _look(held, network)
    except (Rejected, Refused):
        _look(held, network)
    else:
        _arrived(held.row, published, "delivery.repeat")


# ---------------------------------------------------------------- look it up


def _look(held: Claim, network: Publishes) -> None:
    """Only look-ups after the settle time count; one before it can only find."""
    if not isinstance(network, LooksUp):
        return settle.to_person(held.row, "このサービスは、投稿されたかどうかを調べられません。")
    others = Delivery.objects.filter(account=held.row.account_id).exclude(pk=held.row.pk).exclude(remote_id="")
    since: datetime = held.row.intent_at or held.row.due_at
    seen: LookUp = network.look_up(outgoing_of(held.row), since, set(others.values_list("remote_id", flat=True)))
    match seen:
        case Found():
            _arrived(held.row, Published(seen.remote_id, seen.url, seen.at), "delivery.find", looked_at=held.now())
        case NotFound():
            _not_found(held, network.settle_seconds)
        case CannotTell():
            if seen.token_dead:
                stopping.token_dead(held.row.account, seen.reason)
            _look_again(held, seen)


def _arrived(row: Delivery, published: Published, how: str, **more: object) -> None:
    try:
        settle.arrived(row, published, how=how, **more)
    except IntegrityError:  # bound to another meanwhile: the next look leaves it out
        write(row, next_at=Now(), lease_until=None)


@transaction.atomic
def _not_found(held: Claim, settle_seconds: float) -> None:
    row, now, gap = held.row, held.now(), timedelta(seconds=times().gap)
    settled = (row.unknown_at or row.due_at) + timedelta(seconds=times().settle or settle_seconds)
    if now < settled:
        return write(row, next_at=settled, lease_until=None, reason="まだ見つかりません。もう一度探します。")
    if row.looked_at and now < row.looked_at + gap:
        return write(row, next_at=row.looked_at + gap, lease_until=None)
    seen: dict[str, Any] = {"negatives": row.negatives + 1, "looked_at": now, "lease_until": None}
    if row.negatives + 1 < ENOUGH:
        return write(row, next_at=now + gap, reason="見つかりませんでした。もう一度確かめます。", **seen)
    write(row, to=S.WAITING, next_at=now, clause="K-unknown",
          reason="サービスに投稿されていないことを、時間をおいて2回確かめました。", **seen)
    record("delivery.not_found", row, by=None, clause="K-unknown", looked=row.negatives)
    jobs.wake(row)
    return None


def _look_again(held: Claim, seen: CannotTell) -> None:
    """It could not be seen: later again, in the end a person."""
    row, now = held.row, held.now()
    if seen.token_dead or now > (row.unknown_at or row.due_at) + timedelta(seconds=times().give_up):
        return settle.to_person(row, seen.reason)
    return write(row, next_at=now + timedelta(seconds=times().gap), lease_until=None, reason=seen.reason[:300])
