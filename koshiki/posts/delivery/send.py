"""The calls: check, prepare invisibly, write the intent down, check once more, publish (delivery 3, 4).

No transaction is open during a call. What cannot be excluded all the same stands in docs/reliability.md.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django.db.models import Exists
from django.db.models.functions import Now

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.networks import adapter, network
from koshiki.networks.base import (
    Deletes,
    Edits,
    NotSent,
    Outgoing,
    Published,
    Publishes,
    Reads,
    Rejected,
    Verb,
)
from koshiki.posts.content import Altered, GoingOut, going_out
from koshiki.posts.delivery import clocks, holds, settle
from koshiki.posts.delivery.check import check, refuse_late
from koshiki.posts.delivery.claim import Claim, carrying, lease_end, renewing
from koshiki.posts.delivery.staging import staged
from koshiki.posts.delivery.states import Overtaken, write
from koshiki.posts.delivery.times import elapsing
from koshiki.posts.models import Delivery
from koshiki.posts.models.delivery import CHANGING
from koshiki.register.budget import spend
from koshiki.register.link import NotConnected
from koshiki.register.models import Account
from koshiki.register.refreshing import fresh_link

S = Delivery.State


def deliver(held: Claim) -> None:
    """Carries a claimed delivery to its outcome and writes it down. Raises nothing that a call brings about."""
    with carrying(held.row.account.service):
        try:
            published = _carry(held)
        except Exception as ending:  # every way to end is an outcome, a bug too
            settle.ended(held, ending)
        else:
            settle.sent(held, published)
        if held.network:
            clocks.compare(held.network.skew, held.row.account.service)


def _carry(held: Claim) -> Published:
    clocks.refuse_jump()
    check(held.row)
    held.network = network = opened(held.row)
    if held.row.verb in CHANGING:
        spend(held.row.account, Verb(held.row.verb))
        return change(held, network)
    outgoing = staged(outgoing_of(held.row), network)
    spend(held.row.account, Verb.PUBLISH)  # still `claimed`: nothing is in doubt where it is used up
    with renewing(held) if outgoing.media else nullcontext():
        stage = network.prepare(outgoing, json.loads(held.row.stage), _saving(held), lambda: last_check(held))
    intend(held, dict(stage))
    return network.publish(staged(outgoing_of(held.row), network), stage, lambda: last_check(held))


def opened(row: Delivery) -> Publishes:
    """The account's service, connected.

    Raises Refused where there is no connection, HandOver where a person posts, NotSent where its key is being renewed.
    """
    if row.by_hand or adapter(row.account.service) is None:
        raise settle.HandOver
    try:
        return network(row.account.service, fresh_link(row.account))
    except NotConnected as missing:
        raise Refused("K-hold", missing.reason, now="つなぎ直した後、「発信を進める」を押します。",
                      who="情報発信責任者又は所属長") from None


def outgoing_of(row: Delivery) -> Outgoing:
    """What was approved, byte for byte, bound to the delivery's key. Raises Refused §8(1) for anything else.

    Of a deletion nothing.
    """
    try:
        approved = GoingOut({}, ()) if row.verb == Delivery.Verb.DELETE else going_out(
            row.approval.revision, row.account, row.segment)
    except Altered as altered:
        raise Refused("§8(1)", str(altered), now="あらためて提出し、承認を受けると発信できます。") from None
    root, after = _thread(row)
    return Outgoing(approved.content, approved.media, str(row.key), row.intent_at or clock.now(), after, root,
                    json.loads(row.stage))


def _thread(row: Delivery) -> tuple[str, str]:
    """The first post of the thread and the one just before, as the service knows them. Raises Refused K-unknown."""
    root = _answered(row)
    if not row.segment:
        return root, row.wrong.published_id if root and row.wrong else ""
    same = Delivery.objects.filter(post=row.post_id, account=row.account_id, verb=row.verb, state=S.SENT,
                                   segment__lt=row.segment)
    before = list(same.order_by("segment").values_list("remote_id", flat=True))
    if len(before) != row.segment or not all(before):
        raise Refused("K-unknown", "続きの投稿の、前の投稿の番号が分からないため、つなげて発信できません。",
                      now="サービスの画面で、続きを手で投稿するか、新しい投稿として起案します。", who="情報発信担当者")
    return root or before[0], before[-1]


def _answered(row: Delivery) -> str:
    """Of a correction in answer: the first post of the thread that it goes into, and so on where that was one too."""
    if row.verb != Delivery.Verb.REPLY or row.wrong is None:
        return ""
    return _answered(row.wrong) or row.wrong.published_id


def intend(held: Claim, stage: dict[str, Any]) -> None:
    """Writes down, before the call, that it is about to be made, and with what. Raises Overtaken.

    The time of an earlier intent in doubt stays: a look-up must reach back to it.
    """
    renewed = elapsing()
    write(held.row, to=S.SENDING, intent_at=held.row.intent_at or held.now(), stage=json.dumps(stage),
          lease_until=lease_end())
    held.taken = renewed


def last_check(held: Claim) -> None:
    """On the open connection, directly before the first byte. Raises Overtaken, Refused: then nothing is sent."""
    row = held.row
    mine = Delivery.objects.filter(pk=row.pk, epoch=row.epoch, state=row.state, lease_until__gt=Now())
    free = mine.filter(account__state=Account.State.OFFICIAL, approval__withdrawn_at=None)
    if held.aged or not free.exclude(Exists(holds.open_on(row.account))).exists():
        check(row)  # says why
        raise Overtaken(str(row.pk))
    refuse_late(row)


# ---------------------------------------------------------------- what is out is put right (§8(3))


def change(held: Claim, network: Publishes) -> Published:
    """Edits or takes away what is wrong, and keeps what was to be seen before (§4(7)). Both may be repeated.

    Raises as `edit`; Rejected where the service can't.
    """
    row = held.row
    assert row.wrong  # noqa: S101  (constraint)
    number, url, stage = row.wrong.published_id, row.wrong.url, json.loads(row.stage)
    if "seen" not in stage:
        stage["seen"] = _seen(network, number)
    if row.verb == Delivery.Verb.DELETE and isinstance(network, Deletes):
        intend(held, stage)
        network.delete(number, lambda: last_check(held))
        return Published("", url)
    if row.verb == Delivery.Verb.EDIT and isinstance(network, Edits):
        intend(held, stage)
        return changed(row, network.edit(number, outgoing_of(row), lambda: last_check(held)))
    raise Rejected("このサービスでは、koshiki から編集も削除もできません。")


def changed(row: Delivery, published: Published) -> Published:
    """The edit, with a number of its own only where the service gave it a new one: a number is bound once."""
    assert row.wrong  # noqa: S101  (constraint)
    same = published.remote_id == row.wrong.published_id
    return replace(published, remote_id="" if same else published.remote_id, url=published.url or row.wrong.url, at=None)


def _seen(network: Publishes, number: str) -> dict[str, Any]:
    """What stood there; a service that shows nothing now must not keep what is wrong from being put right."""
    if not isinstance(network, Reads):
        return {"unread": "このサービスは、投稿を読み返せません。"}
    try:
        shown = network.read(number)
    except NotSent as later:
        return {"unread": later.reason}
    return {"text": shown.text, "alts": list(shown.alts), "url": shown.url} if shown else {"gone": True}


def _saving(held: Claim) -> Any:
    """Keeps what was done at the service so far, and begins the lease anew."""

    def save(stage: dict[str, Any]) -> None:
        renewed = elapsing()
        write(held.row, stage=json.dumps(stage), lease_until=lease_end())
        held.taken = renewed

    return save
