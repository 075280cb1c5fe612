"""引受け — one person says that they post it, posts it, and gives the address; or says that they did not."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from koshiki import clock
from koshiki.audit.log import record
from koshiki.calendar import wareki
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import jobs
from koshiki.posts.delivery import corrected
from koshiki.posts.delivery.check import check
from koshiki.posts.delivery.judge import WORKERS, evidence_in, locked_row, move, posted_at
from koshiki.posts.delivery.send import outgoing_of
from koshiki.posts.delivery.times import times
from koshiki.posts.models import Delivery
from koshiki.register.roles import works_on

S = Delivery.State


def may_see(row: Delivery, person: Person) -> bool:
    """Whose page this is: the account's authors and approvers."""
    return row.by_hand and works_on(person, row.account_id)


def may_record(row: Delivery, person: Person) -> bool:
    """Who may give the address: once it was taken, any of them; who had taken it, also when others are asked already."""
    returned = row.state == S.PERSON and row.taken_by_id == person.pk
    return (row.state == S.TAKEN or returned) and works_on(person, row.account_id)


def may_give_back(row: Delivery, person: Person) -> bool:
    return row.state == S.TAKEN and row.taken_by_id == person.pk


@transaction.atomic
def take(row: Delivery, *, by: Person) -> Delivery:
    """「投稿します」 — from now on this person, and nobody else, posts it. The same word twice is one.

    Asks all that is asked at the moment of sending. Raises Refused: K-handover where another has taken it or there
    is nothing to take; §6, §8(1), K-hold, K-late, K-restore and a stop's own clause.
    """
    locked, by = locked_row(row), by.afresh()
    if not works_on(by, locked.account_id):
        raise Refused("K-handover", "投稿できるのは、このアカウントで働く職員です。", who=WORKERS)
    if may_give_back(locked, by):
        return locked
    if locked.state != S.OFFERED:
        raise _taken_already(locked)
    check(locked)
    outgoing_of(locked)
    move(locked, S.TAKEN, taken_by=by, intent_at=clock.now(), next_at=Now() + timedelta(seconds=times().posting / 2))
    record("delivery.take", locked, by=by, clause="K-handover", approval=locked.approval_id)
    return locked


@transaction.atomic
def record_address(row: Delivery, *, address: str = "", evidence: str = "", by: Person) -> Delivery:
    """投稿した記録 — the post is out, at this address; where the service gives none, how the person saw that it is out.

    The same address twice is one. Raises Refused: K-handover for an address of anything else, K-once for one that is
    another delivery's, K-evidence where there is neither.
    """
    locked, by, address = locked_row(row), by.afresh(), address.strip()
    if locked.state == S.SENT and address and posted_at(locked, address).remote_id == locked.remote_id:
        return locked
    if not may_record(locked, by):
        raise _nothing_to_record(locked)
    posted = posted_at(locked, address)
    seen = {} if posted.remote_id else {"judged_by": by, "evidence": evidence_in(evidence)}
    move(locked, S.SENT, remote_id=posted.remote_id, url=posted.url, sent_at=clock.now(), next_at=Now(), reason="",
         clause="", **seen)
    jobs.read_back.defer(delivery=locked.pk)
    record("delivery.record_address", locked, by=by, clause="K-handover", address=locked.url, evidence=locked.evidence,
           remote_id=locked.remote_id, approval=locked.approval_id)
    corrected.note(locked)
    return locked


@transaction.atomic
def give_back(row: Delivery, *, reason: str, by: Person) -> Delivery:
    """「投稿していません」 — who took it did not post it: it is handed over again, if it is not too late.

    Raises Refused K-handover for anybody else, K-evidence without a reason.
    """
    locked, by = locked_row(row), by.afresh()
    reason = evidence_in(reason)
    if not may_give_back(locked, by):
        raise Refused("K-handover", f"この配信は「{locked.get_state_display()}」で、あなたが引き受けているものではありません。",
                      now="ほかの職員が引き受けたものは、情報発信責任者が「未投稿」と判断します。", who=WORKERS)
    move(locked, S.WAITING, next_at=Now(), taken_by=None, intent_at=None, reason=reason[:300], clause="K-handover")
    jobs.wake(locked)
    record("delivery.give_back", locked, by=by, clause="K-handover", reason=reason)
    return locked


def _taken_already(row: Delivery) -> Refused:
    if row.state == S.TAKEN and row.taken_by and row.intent_at:
        return Refused("K-handover", f"{row.taken_by.name}さんが、{wareki(row.intent_at)}に引き受けて、投稿しています。",
                       now="二重に投稿しないよう、お待ちください。急ぐときは本人に確かめてください。", who=row.taken_by.name)
    return Refused("K-handover", f"この配信は「{row.get_state_display()}」で、いま投稿するものではありません。",
                   now="配信のページで、いまの状態を確かめてください。", who=WORKERS)


def _nothing_to_record(row: Delivery) -> Refused:
    return Refused("K-handover", f"この配信は「{row.get_state_display()}」で、投稿の記録を待っていません。",
                   now="「手渡し待ち」のときは、先に「投稿します」を押します。", who=WORKERS)
