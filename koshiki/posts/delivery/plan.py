"""配信の予定 — the rows that an approval makes, each with the job that wakes it; and their cancelling."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.content import approved_segments, targets_in
from koshiki.posts.jobs import wake_all
from koshiki.posts.models import ApprovalTarget, Delivery, Post, Revision, Way

S, Verb = Delivery.State, Delivery.Verb
_NOT_POSTED = "まだ投稿していないときは、引き受けた職員が「投稿していません」と記録すると、変えられるようになります。"
UNBEGUN = (S.WAITING, S.HELD, S.OFFERED)


def plan(revision: Revision, targets: Iterable[ApprovalTarget]) -> list[Delivery]:
    """One delivery for each target of the revision, of a thread one for each of its posts, woken when due.

    In the transaction of the last approval. Of a correction (§8(3)) also one for each post that it takes away, before
    those of the post that goes out instead.

    Called once an approval stands for every target: `targets` are these. Raises Refused K-late where the time for going out
    has passed unapproved, K-once where the post is already on its way to one of the accounts, or where what it corrects
    is already being edited or taken away.
    """
    due = _due(revision)
    ordered = sorted(targets, key=lambda target: target.account_id)
    _refuse_second(revision.post, [target.account_id for target in ordered])
    approved = {target["account"]: target for target in targets_in(revision)}
    gone: Container[int | None] = set(_taken_away(revision.post).values_list("wrong", flat=True)) if _corrects(approved) else ()
    rows = _created(_row(target, revision, due, by_hand=bool(approved[target.account_id]["by_hand"]), **what)
                    for target in ordered for what in _work(approved[target.account_id], gone))
    # What follows in a thread, or goes out instead of something, is woken by what went before.
    wake_all(_first(rows), at=due if revision.due_at else None)
    return rows


def _work(target: Mapping[str, Any], gone: Container[int | None]) -> Iterator[dict[str, Any]]:
    """What is to be done for a target, in order: verb, segment and the publication that it is done to."""
    way, wrong = target.get("way", ""), list(target.get("wrong", ()))
    if way in (Way.REPOST, Way.TAKE_DOWN):
        yield from ({"verb": Verb.DELETE, "segment": place, "wrong_id": pk}
                    for place, pk in enumerate(wrong) if pk not in gone)
    verb = {Way.REPLY: Verb.REPLY, Way.EDIT: Verb.EDIT}.get(way, Verb.PUBLISH)
    first = wrong[0] if wrong else None
    yield from ({"verb": verb, "segment": place, "wrong_id": first} for place, _ in enumerate(approved_segments(target)))


def _created(rows: Iterable[Delivery]) -> list[Delivery]:
    made = list(rows)
    if not any(row.wrong_id for row in made):
        return Delivery.objects.bulk_create(made)
    try:
        with transaction.atomic():
            return Delivery.objects.bulk_create(made)
    except IntegrityError:
        raise Refused("K-once", "訂正しようとする投稿は、別の訂正で、すでに編集されているか、削除されています。",
                      now="その訂正のページで、いまの様子を確かめてください。", who="情報発信担当者") from None


def _first(rows: Iterable[Delivery]) -> list[int]:
    """The row of each account with which its work begins."""
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(row.account_id, row.pk)
    return list(first.values())


def _corrects(approved: Mapping[int, Mapping[str, Any]]) -> bool:
    return any(target.get("way") for target in approved.values())


def _taken_away(post: Post) -> QuerySet[Delivery]:
    """What the post has taken away already: that is done, whatever becomes of the post that goes out instead."""
    return post.deliveries.filter(verb=Verb.DELETE, state=S.SENT)


def cancel(post: Post, *, reason: str, by: Person) -> list[Delivery]:
    """Cancels what has not begun, nor was taken by a person, in the caller's transaction; its own entry in the log
    says why.

    What was taken away for a correction remains so. Returns the cancelled rows. Raises Refused K-once if any row of the
    post has begun.
    """
    live = post.deliveries.exclude(state=S.CANCELLED).exclude(verb=Verb.DELETE, state=S.SENT)
    rows = list(live.select_for_update(of=("self",)).order_by("pk"))
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


def _row(target: ApprovalTarget, revision: Revision, due: datetime, **what: Any) -> Delivery:
    return Delivery(
        approval_id=target.approval_id, post=revision.post, account_id=target.account_id, due_at=due, next_at=due,
        expires_at=due + revision.patience, **what,
    )


def _refuse_second(post: Post, accounts: Iterable[int]) -> None:
    begun = post.deliveries.filter(account__in=accounts).exclude(state=S.CANCELLED).exclude(verb=Verb.DELETE, state=S.SENT)
    if begun.exists():
        raise _begun(begun[0])


def _begun(row: Delivery) -> Refused:
    return Refused(
        "K-once", f"「{row.account}」への配信は、すでに「{row.get_state_display()}」です。内容を変えることはできません。",
        now=_NOT_POSTED if row.state == S.TAKEN else "直すときは、訂正の投稿を新しく起案してください（§8(3)）。",
        who="情報発信担当者",
    )
