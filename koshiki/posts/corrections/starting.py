"""訂正を始める — one act: what is wrong, since when that is known, and a post that puts it right (§8(3))."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.actions.writing import begun, checked, one_line, renditions_of
from koshiki.posts.content import Draft
from koshiki.posts.corrections.ways import hindrances, open_corrections, out_on, standing
from koshiki.posts.flow import AUTHORS
from koshiki.posts.models import Correction, Delivery, Post
from koshiki.workflow import lock


def correct(draft: Draft, *, reason: str, found_at: datetime, found_by: str, by: Person,
            key: uuid.UUID | None = None) -> Correction:
    """訂正 — a new post that corrects `draft.correcting.wrong`, a draft as yet. The same `key` twice gives the same.

    Raises Refused: §8(3) without a reason, for a time to come, for a way that a service doesn't offer, and where another
    correction of the post is on its way; as `write` otherwise.
    """
    draft = checked(draft, by)
    assert draft.correcting  # noqa: S101
    wrong = draft.correcting.wrong
    said = {"reason": _said(reason, "誤りの内容", 300), "found_by": _said(found_by, "気付いた人", 100)}
    if found_at > clock.now():
        raise Refused("§8(3)", "誤りに気付いた日時が、これからの日時です。", now="気付いた日時を直してください。")
    renditions = renditions_of(draft)
    with transaction.atomic():
        lock(wrong)
        post, new = begun(draft, renditions, by=by, key=key)
        if not new:
            return Correction.objects.get(post=post)
        _refuse_hindered(draft)
        _refuse_second(wrong, draft)
        correction = Correction.objects.create(post=post, wrong=wrong, found_at=found_at, begun_by=by,
                                               begun_at=clock.now(), **said)
        record("post.correct", post, by=by, clause="§8(3)", wrong=wrong.pk, found_at=found_at.isoformat(), **said)
    return correction


def _said(text: str, what: str, longest: int) -> str:
    line = one_line(text, longest)
    if not line:
        raise Refused("§8(3)", f"{what}を書いてください。", who=AUTHORS)
    return line


def _refuse_hindered(draft: Draft) -> None:
    for account, why in hindrances(draft):
        raise Refused("§8(3)", f"{account}: {why}", now="訂正の方法を選び直してください。", who=AUTHORS)


def _refuse_second(wrong: Post, draft: Draft) -> None:
    """Two people who find the same at once make one correction."""
    same = Correction.objects.filter(open_corrections(wrong), post__revisions__targets__account__in=list(draft.contents))
    if other := same.select_related("post", "begun_by").first():
        raise Refused("§8(3)", f"{other.begun_by.name}さんが始めた訂正「{other.post.title}」が、まだ終わっていません。",
                      now="その訂正に加わるか、取り下げてから始めてください。", who=AUTHORS)
    out = [row.pk for rows in out_on(wrong, draft.contents).values() for row in rows]
    if standing(Delivery.objects.filter(pk__in=out)).count() < len(out):
        raise Refused("§8(3)", "この投稿は、すでに編集されたか、削除されています。",
                      now="まだ誤りがあるときは、その訂正の投稿から訂正を始めてください。", who=AUTHORS)
