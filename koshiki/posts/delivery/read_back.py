"""読み返し — what was sent is read back and compared with what was approved (§4(7), delivery 9)."""

from __future__ import annotations

import json
from datetime import timedelta

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks.base import (
    CannotTell,
    HandsOver,
    Network,
    NotSent,
    Outgoing,
    Publishes,
    Reads,
    Shown,
    TokenDead,
    Verb,
)
from koshiki.networks.shown import skeleton
from koshiki.organization.alerts import tell
from koshiki.posts.content import handed_over
from koshiki.posts.delivery.send import opened, outgoing_of
from koshiki.posts.delivery.settle import HandOver
from koshiki.posts.delivery.staging import fetched
from koshiki.posts.delivery.times import times
from koshiki.posts.models import Delivery
from koshiki.posts.models.delivery import CHANGING
from koshiki.register import stopping
from koshiki.register.budget import UsedUp, spend


class NotYet(Exception):
    """It could not be read now; the job is tried again."""


def compare(pk: int) -> None:
    """Reads one sent delivery back and keeps what is shown. It publishes nothing. Raises NotYet."""
    row = Delivery.objects.select_related("account", "approval__revision", "post").get(pk=pk)
    if not _is_to_be_read(row):
        return None
    if hand_over := handed_over(row):
        return _compare_by_hand(row, hand_over)
    try:
        network, outgoing = opened(row), outgoing_of(row)
        fetched(outgoing, network)
        shown = _shown(row, network)
    except (Refused, HandOver):
        return None  # nobody's connection any more, or a service that shows nothing: there is nothing to read with
    except UsedUp as used_up:
        return _keep(row, None, [], unread=used_up.reason)
    except TokenDead as dead:
        return stopping.token_dead(row.account, dead.reason)
    except NotSent as later:
        raise NotYet(later.reason) from None
    return _keep(row, shown, _otherwise(row, network, outgoing, shown))


def _otherwise(row: Delivery, network: Network, outgoing: Outgoing, shown: Shown | None) -> list[str]:
    if row.verb == Delivery.Verb.DELETE:
        return ["サービスに、まだ残っています。"] if shown else []
    return differences(network.shown_text(outgoing.content), [m.alt for m in outgoing.media], shown)


def _is_to_be_read(row: Delivery) -> bool:
    """Out, told where, and neither read yet nor edited or deleted for a correction meanwhile (§8(3))."""
    if row.state != Delivery.State.SENT or row.read_back_at or not _number(row):
        return False
    return not row.corrections.filter(verb__in=CHANGING).exclude(state=Delivery.State.CANCELLED).exists()


def _number(row: Delivery) -> str:
    """Of the post that is to be seen, or that must not be any more."""
    return row.wrong.published_id if row.wrong and row.verb == Delivery.Verb.DELETE else row.published_id


def _shown(row: Delivery, network: Publishes) -> Shown | None:
    """What stands there now. Raises HandOver where the service does not show it, UsedUp, and as `read`."""
    if not isinstance(network, Reads):
        raise HandOver
    spend(row.account, Verb.READ)
    return network.read(_number(row))


def _compare_by_hand(row: Delivery, hand_over: HandsOver) -> None:
    """The page that a person gave is fetched where that can be; where it can't, that is kept, and said."""
    if row.verb == Delivery.Verb.DELETE:
        return _keep(row, None, [], unread="職員が削除した投稿です。")
    try:
        outgoing = outgoing_of(row)
        seen = hand_over.seen_at(row.url, outgoing.content)
    except Refused:
        return None  # what was approved is not whole any more: there is nothing to compare with
    except NotSent as later:
        if clock.now() - row.told_at < timedelta(seconds=times().give_up):
            raise NotYet(later.reason) from None
        seen = CannotTell(later.reason)
    if isinstance(seen, CannotTell):
        return _keep(row, None, [], unread=seen.reason)
    return _keep(row, seen, differences(hand_over.shown_text(outgoing.content), [m.alt for m in outgoing.media], seen))


def differences(text: str, alts: list[str], shown: Shown | None) -> list[str]:
    """What is shown otherwise than it was approved, in words; empty if nothing."""
    if shown is None:
        return ["サービスに見当たりません。"]
    found = []
    if skeleton(shown.text) != skeleton(text):
        found.append("本文が、承認した内容と違います。")
    if shown.media_count is None:
        return found
    if shown.media_count != len(alts):
        found.append(f"画像が{shown.media_count}枚です（承認した枚数は{len(alts)}枚）。")
    elif [skeleton(alt) for alt in shown.alts] != [skeleton(alt) for alt in alts]:
        found.append("代替テキストが、承認した内容と違います。")
    return found


@transaction.atomic
def _keep(row: Delivery, shown: Shown | None, found: list[str], *, unread: str = "") -> None:
    """`unread`: why it could not be read at all. What was read where it is not any more counts for nothing."""
    kept = {"text": shown.text, "alts": list(shown.alts), "url": shown.url} if shown else {}
    text = json.dumps({**kept, "differences": found, "unread": unread}, ensure_ascii=False)
    mine = Delivery.objects.filter(pk=row.pk, epoch=row.epoch, state=Delivery.State.SENT, read_back_at=None)
    if not mine.update(read_back=text, read_back_at=clock.now(), differs=bool(found)):
        return
    if found:
        tell(stopping.workers(row.account), subject="配信した内容の確認", path=f"/posts/{row.post_id}/deliveries/",
             urgent=True)
    record("delivery.read_back", row, by=None, clause="§4(7)", differences=found, unread=unread)
