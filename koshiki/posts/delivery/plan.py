"""配信の予定 — the rows that an approval makes, each with the job that wakes it; and their cancelling."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.content import approved_segments, targets_in
from koshiki.posts.jobs import wake_all
from koshiki.posts.models import ApprovalTarget, Delivery, Post, Revision

S = Delivery.State
_NOT_POSTED = "まだ投稿していないときは、引き受けた職員が「投稿していません」と記録すると、変えられるようになります。"
UNBEGUN = (S.WAITING, S.HELD, S.OFFERED)


def plan(revision: Revision, targets: Iterable[ApprovalTarget]) -> list[Delivery]:
    """One delivery for each target of the revision, of a thread one for each of its posts, woken when due.

    In the transaction of the last approval.

    Called once an approval stands for every target: `targets` are these. Raises Refused K-late where the time for going out
    has passed unapproved, K-once where the post is already on its way to one of the accounts.
    """
    due = _due(revision)
    ordered = sorted(targets, key=lambda target: target.account_id)
    _refuse_second(revision.post, [target.account_id for target in ordered])
    approved = {target["account"]: target for target in targets_in(revision)}
    rows = Delivery.objects.bulk_create(
        _row(target, revision, due, segment=place, by_hand=bool(approved[target.account_id]["by_hand"]))
        for target in ordered
        for place, _ in enumerate(approved_segments(approved[target.account_id])))
    first = [row.pk for row in rows if row.segment == 0]  # what follows in a thread is woken by what went before
    wake_all(first, at=due if revision.due_at else None)
    return rows


def cancel(post: Post, *, reason: str, by: Person) -> list[Delivery]:
    """Cancels what has not begun, nor was taken by a person, in the caller's transaction; its own entry in the log
    says why.

    Returns the cancelled rows. Raises Refused K-once if any row of the post has begun.
    """
    rows = list(post.deliveries.select_for_update(of=("self",)).exclude(state=S.CANCELLED).order_by("pk"))
    for row in rows:
        if row.state not in UNBEGUN:
            raise _begun(row)
    moment = clock.now()
    post.deliveries.filter(pk__in=[row.pk for row in rows]).update(
        state=S.CANCELLED, reason=f"{by.name}：{reason}"[:300], clause="§8(1)", next_at=moment
    )
    return rows


def _due(revision: Revision) -> datetime:
    now = clock.now()
    if revision.due_at and revision.due_at < now:
        raise Refused(
            "K-late", "発信日時までに承認されなかったため、発信できません。",
            now="新しい発信日時で、あらためて提出してください。", who="情報発信担当者",
        )
    return revision.due_at or now


def _row(target: ApprovalTarget, revision: Revision, due: datetime, *, segment: int, by_hand: bool) -> Delivery:
    return Delivery(
        approval_id=target.approval_id, post=revision.post, account_id=target.account_id, segment=segment,
        by_hand=by_hand, due_at=due, next_at=due, expires_at=due + timedelta(minutes=revision.expires_after),
    )


def _refuse_second(post: Post, accounts: Iterable[int]) -> None:
    begun = post.deliveries.filter(account__in=accounts).exclude(state=S.CANCELLED)
    if begun.exists():
        raise _begun(begun[0])


def _begun(row: Delivery) -> Refused:
    return Refused(
        "K-once", f"「{row.account}」への配信は、すでに「{row.get_state_display()}」です。内容を変えることはできません。",
        now=_NOT_POSTED if row.state == S.TAKEN else "直すときは、訂正の投稿を新しく起案してください（§8(3)）。",
        who="情報発信担当者",
    )
