"""What an approver writes back: a return with a comment, a suggested wording (§8(1))."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import canonical
from koshiki.guideline import Refused
from koshiki.networks.base import Content
from koshiki.organization.alerts import tell
from koshiki.organization.models import Person
from koshiki.organization.roles import require_confirmation
from koshiki.posts.actions.writing import (
    checked_targets,
    draft_of,
    fall_approvals,
    moved,
    renditions_of,
    revise_locked,
    tell_approvers,
)
from koshiki.posts.content import Draft
from koshiki.posts.flow import AUTHORS, FLOW
from koshiki.posts.models import Post, Remark, Revision
from koshiki.posts.readiness import refuse_unless_ready
from koshiki.posts.roles import refuse_if_stale
from koshiki.text import BadText, clean
from koshiki.workflow import lock

Suggestion = Mapping[int, Content]
"""The suggested content of some targets, by the account's id."""


@transaction.atomic
def send_back(post: Post, text: str, *, by: Person, digest: str, suggestion: Suggestion | None = None) -> Remark:
    """差戻し — the author has the word again; standing approvals fall. Raises Refused §8(1), §4(1), K-text."""
    return _remark(lock(post), Remark.Kind.RETURN, "send_back", text=text,
                   suggestion=suggestion or {}, digest=digest, by=by)


@transaction.atomic
def suggest(post: Post, text: str, suggestion: Suggestion, *, by: Person, digest: str) -> Remark:
    """文案の提案 — a wording that the author may take over with one touch; the post stays submitted.

    Raises Refused §8(1), §4(1), K-text.
    """
    return _remark(lock(post), Remark.Kind.SUGGESTION, "suggest", text=text,
                   suggestion=suggestion, digest=digest, by=by)


def take_over(remark: Remark, *, by: Person) -> Post:
    """取入れ — the suggested wording becomes a new revision of the author's, submitted at once.

    Raises Refused: K-stale when the post was changed since the suggestion, as `submit` otherwise.
    """
    revision = Revision.objects.select_related("post").get(pk=remark.revision_id)
    draft = _suggested(draft_of(revision), remark)
    require_confirmation(by.afresh())
    checked_targets(draft, by)
    refuse_unless_ready(draft)
    renditions = renditions_of(draft)
    with transaction.atomic():
        locked = lock(revision.post)
        _refuse_unless_open(locked, remark)
        Remark.objects.filter(pk=remark.pk).update(taken_at=clock.now())
        taken = revise_locked(locked, draft, renditions, by=by, based_on=revision.number, step="take_over")
        tell_approvers(taken.latest)
        return taken


def _remark(locked: Post, kind: Remark.Kind, step: str, *, text: str, suggestion: Suggestion, digest: str,
            by: Person) -> Remark:
    revision = locked.latest
    refuse_if_stale(revision, digest)
    FLOW.check(locked, step, by=by)
    require_confirmation(by)
    text, words = _cleaned(text), _kept(revision, suggestion)
    if not text and (kind == Remark.Kind.RETURN or not words):
        raise Refused("§8(1)", "差し戻す理由を書いてください。" if kind == Remark.Kind.RETURN
                      else "文案か意見を書いてください。")
    remark = Remark.objects.create(post=locked, revision=revision, by=by, at=clock.now(), kind=kind, text=text,
                                   suggestion=words)
    if kind == Remark.Kind.RETURN:
        fall_approvals(locked, "差し戻したため", by=by)
        tell([revision.author], subject="投稿が差し戻されました", path=reverse("post", args=[locked.pk]))
    moved(locked, step, by=by, revision=revision.number, remark=remark.pk)
    return remark


def _kept(revision: Revision, suggestion: Suggestion) -> str:
    """Only what differs from the revision is a suggestion; empty when nothing does."""
    now = {t.account_id: json.loads(t.content) for t in revision.targets.all()}
    changed = {
        str(account): cleaned for account, content in suggestion.items() if account in now
        and (cleaned := {key: _cleaned(value) for key, value in content.items()})
        and {**now[account], **cleaned} != now[account]
    }
    return canonical(changed) if changed else ""


def _suggested(draft: Draft, remark: Remark) -> Draft:
    words = json.loads(remark.suggestion or "{}")
    return replace(draft, contents={a: {**c, **words.get(str(a.pk), {})} for a, c in draft.contents.items()})


def _refuse_unless_open(locked: Post, remark: Remark) -> None:
    fresh = Remark.objects.get(pk=remark.pk)
    if fresh.taken_at or not fresh.suggestion or locked.latest.pk != fresh.revision_id:
        raise Refused("K-stale", "この提案は、今の版へのものではないか、もう取り入れられています。",
                      now="投稿のページで今の版を読んでください。", who=AUTHORS)


def _cleaned(text: str) -> str:
    try:
        return clean(text).strip()
    except BadText as bad:
        raise Refused("K-text", bad.message) from bad
