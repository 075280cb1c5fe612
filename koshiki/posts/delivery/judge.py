"""判断 — what only a person can say: it was posted, it was not, it may go out after a stop (delivery 6, states)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks.base import Posted, Rejected
from koshiki.organization.models import Person
from koshiki.posts import jobs
from koshiki.posts.content import handed_over, service_of
from koshiki.posts.delivery import corrected
from koshiki.posts.delivery.check import (
    ask,
    refuse_copy,
    refuse_held,
    refuse_late,
    refuse_unapproved,
    refuse_unofficial,
)
from koshiki.posts.delivery.states import fenced_off, sources
from koshiki.posts.models import Delivery
from koshiki.posts.models.delivery import CHANGING
from koshiki.register.roles import is_approver, works_on
from koshiki.text import BadText, clean

S = Delivery.State
POSTABLE = (S.UNKNOWN, S.PERSON, S.OFFERED, S.TAKEN)
WORKERS = "このアカウントの情報発信担当者又は情報発信責任者"
APPROVERS = "このアカウントの情報発信責任者"


def may_say_posted(row: Delivery, person: Person) -> bool:
    return row.state in POSTABLE and works_on(person, row.account_id)


def may_say_not_posted(row: Delivery, person: Person) -> bool:
    """It makes koshiki send again, or hand over again: an approver's word."""
    return row.state in (S.PERSON, S.TAKEN) and is_approver(person, row.account_id)


def may_release(row: Delivery, person: Person) -> bool:
    """Overdue after a stop, and not yet too late."""
    return row.state == S.HELD and clock.now() <= row.expires_at and is_approver(person, row.account_id)


@transaction.atomic
def say_posted(row: Delivery, *, evidence: str, address: str = "", by: Person) -> Delivery:
    """「投稿済み」 — a person saw it on the service, at this address. Raises Refused K-unknown, K-evidence,
    K-once, K-handover."""
    locked, evidence = locked_row(row), evidence_in(evidence)
    if not works_on(by.afresh(), locked.account_id):
        raise Refused("K-unknown", "「投稿済み」と判断できるのは、このアカウントで働く職員です。", who=WORKERS)
    if locked.state not in POSTABLE:
        raise _nothing_to_judge(locked)
    posted = posted_at(locked, address.strip())
    move(locked, S.SENT, remote_id=posted.remote_id, url=posted.url, sent_at=clock.now(), next_at=Now(),
         judged_by=by, evidence=evidence, reason="", clause="")
    jobs.read_back.defer(delivery=locked.pk)
    record("delivery.say_posted", locked, by=by, clause="K-evidence", evidence=evidence, address=posted.url)
    corrected.note(locked)
    return locked


@transaction.atomic
def say_not_posted(row: Delivery, *, evidence: str, by: Person) -> Delivery:
    """「未投稿」 — an approver made sure that it is not there: it may be sent. Raises Refused K-unknown, K-evidence."""
    locked, evidence = locked_row(row), evidence_in(evidence)
    if not is_approver(by.afresh(), locked.account_id):
        raise Refused("K-unknown", "「未投稿」と判断できるのは、情報発信責任者です。", who=APPROVERS)
    if locked.state == S.UNKNOWN:
        raise Refused("K-unknown", "届いたかどうかを調べているところです。まだ「未投稿」とは言えません。",
                      now="調べ終わるのを待ちます。サービスで見つけたときは「投稿済み」と判断できます。", who=APPROVERS)
    if locked.state not in (S.PERSON, S.TAKEN):
        raise _nothing_to_judge(locked)
    move(locked, S.WAITING, next_at=Now(), judged_by=by, evidence=evidence, reason="", clause="")
    jobs.wake(locked)
    record("delivery.say_not_posted", locked, by=by, clause="K-evidence", evidence=evidence)
    return locked


@transaction.atomic
def release(row: Delivery, *, by: Person) -> Delivery:
    """「発信を進める」 — an approver's word for what became overdue under a stop. Raises Refused."""
    locked = locked_row(row)
    if not is_approver(by.afresh(), locked.account_id):
        raise Refused("K-hold", "停止の後に発信を進められるのは、情報発信責任者です。", who=APPROVERS)
    if locked.state != S.HELD:
        raise Refused("K-hold", f"この配信は「{locked.get_state_display()}」で、停止していません。")
    facts = ask(locked)
    for question in (refuse_copy, refuse_unofficial, refuse_held, refuse_unapproved, refuse_late):
        question(locked, facts)
    move(locked, S.WAITING, next_at=Now(), released_by=by, released_at=clock.now(), reason="", clause="")
    jobs.wake(locked)
    record("delivery.release", locked, by=by, clause="K-hold")
    return locked


def posted_at(row: Delivery, address: str) -> Posted:
    """The post at this address; none where the service gives none, or where the post was edited or deleted there.

    Raises Refused K-handover where a person posts and it is none of this account's.
    """
    if row.wrong and row.verb in CHANGING:
        return Posted("", row.wrong.url, told=False)
    if (hand_over := handed_over(row)) is None:
        return Posted((service_of(row.account).remote_id_in(address) or address)[:300], address[:500], told=True)
    if not address and not hand_over.gives_addresses:
        return Posted("", "", told=False)
    try:
        return hand_over.posted_at(address, row.account.url)
    except Rejected as other:
        raise Refused("K-handover", other.reason, now=f"「{row.account}」の投稿のアドレスを、もう一度入力してください。",
                      who=WORKERS) from None


def locked_row(row: Delivery) -> Delivery:
    """The delivery as it is now, locked for this transaction."""
    found = Delivery.objects.select_related("account", "approval__revision", "post")
    return found.select_for_update(of=("self",)).get(pk=row.pk)


def evidence_in(text: str) -> str:
    """What a person wrote of how they made sure. Raises Refused K-text, K-evidence."""
    try:
        given = clean(text).strip()
    except BadText as bad:
        raise Refused("K-text", bad.message) from bad
    if not given:
        raise Refused("K-evidence", "確かめた方法が書かれていません。",
                      now="見た画面、アドレス、確かめた日時などを書いて、もう一度押してください。")
    return given[:500]


def _nothing_to_judge(row: Delivery) -> Refused:
    return Refused("K-unknown", f"この配信は「{row.get_state_display()}」で、判断することはありません。",
                   now="画面を読み直してください。")


def move(row: Delivery, to: str, **values: object) -> None:
    """Moves a locked row to its next state. Raises Refused K-once for a bound remote id."""
    rewrite(row, sources(to), state=to, **values)


def rewrite(row: Delivery, states: Sequence[str], **values: object) -> None:
    """Writes to a locked row that is in one of these states; whoever was still at it is fenced off.

    Raises Refused K-once for a remote id that is bound to another.
    """
    mine = Delivery.objects.filter(pk=row.pk, state__in=states)
    try:
        with transaction.atomic():
            mine.update(**fenced_off(**values))
    except IntegrityError:
        raise Refused("K-once", "そのアドレスは、ほかの配信のものとして記録されています。",
                      now="アドレスを確かめて、もう一度入力してください。") from None
    row.refresh_from_db()
