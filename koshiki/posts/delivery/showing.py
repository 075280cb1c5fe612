"""What pages show of deliveries: state with icon and word, times, read-back, what may be done by whom."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from koshiki import clock
from koshiki.look import Tone
from koshiki.organization.models import Person
from koshiki.posts.content import Altered, approved_segments, service_of, targets_in
from koshiki.posts.corrections.showing import seen_before
from koshiki.posts.delivery.hand_over.mending import may_mend
from koshiki.posts.delivery.hand_over.taking import may_record, may_see
from koshiki.posts.delivery.judge import may_release, may_say_not_posted, may_say_posted
from koshiki.posts.models import Delivery
from koshiki.register.roles import is_author

S = Delivery.State

TONES = {
    S.WAITING: Tone.PLANNED, S.CLAIMED: Tone.WAITING, S.SENDING: Tone.WAITING, S.RETRY: Tone.WAITING,
    S.SENT: Tone.DONE, S.FAILED: Tone.FAILED, S.UNKNOWN: Tone.UNKNOWN, S.PERSON: Tone.UNKNOWN,
    S.HELD: Tone.STOPPED, S.CANCELLED: Tone.ENDED, S.OFFERED: Tone.WAITING, S.TAKEN: Tone.WAITING,
}
DONE = {Delivery.Verb.EDIT.value: "編集済み", Delivery.Verb.DELETE.value: "削除済み"}
MOVING = (S.CLAIMED, S.SENDING, S.RETRY, S.UNKNOWN)
SOON = timedelta(minutes=2)  # a page looks on for what is about to happen, not for days, nor for what does not come


@dataclass(frozen=True)
class Card:
    """One delivery as its page shows it."""

    row: Delivery
    tone: Tone
    approved: str
    shown: str
    differences: list[str]
    unread: str
    seen: dict[str, Any]  # of what was edited or deleted: what stood there before (§4(7))
    may_hand_over: bool
    may_say_posted: bool
    may_say_not_posted: bool
    may_release: bool
    may_set_time: bool
    may_mend: bool


def tone_of(row: Delivery) -> Tone:
    return TONES[S(row.state)]


def word_of(row: Delivery) -> str:
    """Its state in a word; what was edited or deleted was not sent."""
    return DONE.get(row.verb, row.get_state_display()) if row.state == S.SENT else row.get_state_display()


def is_moving(rows: Iterable[Delivery]) -> bool:
    """Will it change by itself, so that a page should look again?"""
    return any(row.state in MOVING or _soon_sent(row) or _soon_read(row) for row in rows)


def _soon_sent(row: Delivery) -> bool:
    """Waiting, and its time has come or is near."""
    return row.state == S.WAITING and row.next_at - clock.now() < SOON


def _soon_read(row: Delivery) -> bool:
    """Sent just now, or its address mended, and about to be read back."""
    return row.state == S.SENT and not row.read_back_at and bool(row.remote_id) and clock.now() - row.told_at < SOON


def card(row: Delivery, person: Person) -> Card:
    back: dict[str, Any] = json.loads(row.read_back) if row.read_back else {}
    return Card(
        row, tone_of(row), _approved(row), back.get("text", ""), back.get("differences", []), back.get("unread", ""),
        seen_before(row),
        may_hand_over(row, person),
        may_say_posted(row, person), may_say_not_posted(row, person), may_release(row, person),
        row.state == S.HELD and clock.now() > row.expires_at and is_author(person, row.account_id),
        may_mend(row, person),
    )


def may_hand_over(row: Delivery, person: Person) -> bool:
    """Is the page of the hand-over open to this person now: to take it, or to say what came of it?"""
    return may_see(row, person) and (row.state == S.OFFERED or may_record(row, person))


def _approved(row: Delivery) -> str:
    """The approved content as one text, as a reader of the service sees it; of a deletion nothing."""
    if row.verb == Delivery.Verb.DELETE:
        return ""
    try:
        target = next(t for t in targets_in(row.approval.revision) if t["account"] == row.account_id)
        content = approved_segments(target)[row.segment]
        return service_of(row.account).shown_text(content)
    except Altered as altered:
        return str(altered)
    except KeyError:  # of a service that is no longer served
        return "\n".join(content.values())
