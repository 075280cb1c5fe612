"""What an author does: write, revise, submit, withdraw (§8(1))."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.alerts import tell
from koshiki.organization.models import Person
from koshiki.organization.roles import require_confirmation
from koshiki.posts.content import (
    Attached,
    Correcting,
    Draft,
    Renditions,
    canonical_of,
    digest_of,
    outside_addresses,
    pictured,
    publishes,
    service_of,
)
from koshiki.posts.corrections.ways import out_on
from koshiki.posts.delivery.plan import cancel as cancel_deliveries
from koshiki.posts.findings import answers_of, as_logged, kept_of
from koshiki.posts.flow import AUTHORS, FLOW
from koshiki.posts.media import rendition
from koshiki.posts.models import (
    ApprovalTarget,
    Finding,
    OutsideLink,
    Post,
    Revision,
    RevisionMedium,
    RevisionTarget,
    findings_of,
)
from koshiki.posts.readiness import HOST_LONGEST, URL_LONGEST, refuse_unless_ready
from koshiki.posts.roles import (
    eligible_approvers,
    know_target_accounts,
    standing_approvals,
    whole_latest,
    with_accounts,
)
from koshiki.register.roles import is_author
from koshiki.store import BadMedium
from koshiki.text import BadText, clean
from koshiki.workflow import lock


def write(draft: Draft, *, by: Person, key: uuid.UUID | None = None) -> Post:
    """起案 — a new post with its first revision. The same `key` twice gives the same post.

    Raises Refused: §4(1), §8(1) (author of every target), K-text, K-limit.
    """
    draft = checked(draft, by)
    renditions = renditions_of(draft)
    with transaction.atomic():
        post, _ = begun(draft, renditions, by=by, key=key)
    return post


def begun(draft: Draft, renditions: Renditions, *, by: Person, key: uuid.UUID | None) -> tuple[Post, bool]:
    """The part of writing that happens in the transaction: the post of this key, and whether it is new."""
    first = next(iter(draft.contents))
    post, new = Post.objects.get_or_create(
        key=key or uuid.uuid4(), created_by=by,
        defaults={"division": first.division, "title": draft.title, "created_at": clock.now(), "moved_at": clock.now()})
    if new:
        revision = _keep(post, draft, renditions, by)
        record("post.write", post, by=by, clause="§8(1)", revision=revision.number, digest=revision.digest)
    return post, new


def revise(post: Post, draft: Draft, *, by: Person, based_on: int | None = None) -> Post:
    """書き直し — a new revision: approvals fall, what waits to be sent is cancelled, the post is a draft again.

    `based_on`: the number of the revision that the author had before them. Raises Refused: as `write`,
    K-stale when another revision came in between, K-once when sending has begun.
    """
    draft = checked(draft, by)
    renditions = renditions_of(draft)
    with transaction.atomic():
        return revise_locked(lock(post), draft, renditions, by=by, based_on=based_on, step="revise")


def revise_locked(locked: Post, draft: Draft, renditions: Renditions, *, by: Person, based_on: int | None,
                  step: str) -> Post:
    """The part of a revision that happens under the lock; `step` is the row of the flow that it is."""
    FLOW.check(locked, step, by=by)
    if based_on is not None and locked.latest.number != based_on:
        raise Refused("K-stale", "ほかの担当者が、先に新しい版を書きました。",
                      now="投稿のページで新しい版を読み、そこから書き直してください。", who=AUTHORS)
    cancel_deliveries(locked, reason="書き直したため", by=by)
    fell = fall_approvals(locked, "書き直したため", by=by)
    locked.title = draft.title
    locked.save(update_fields=["title"])
    revision = _keep(locked, draft, renditions, by)
    know_target_accounts(locked, list(draft.contents))
    return moved(locked, step, by=by, revision=revision.number, digest=revision.digest, approvals_fell=fell)


@transaction.atomic
def submit(post: Post, *, by: Person) -> Post:
    """提出 — ask for approval of the latest revision.

    Raises Refused with the clause of what the draft lacks: §4(2), §4(4), §6, §8(4), K-limit, K-late; §4(1), §8(1).
    """
    locked = lock(post)
    revision = whole_latest(locked)
    FLOW.check(locked, "submit", by=by)
    require_confirmation(by)
    refuse_unless_ready(draft_of(revision))
    tell_approvers(revision)
    return moved(locked, "submit", by=by, revision=revision.number, digest=revision.digest, **findings_told(revision))


@transaction.atomic
def withdraw(post: Post, reason: str = "", *, by: Person) -> Post:
    """取下げ — give up a post that was not yet approved. Raises Refused §8(1)."""
    locked = lock(post)
    FLOW.check(locked, "withdraw", by=by)
    fall_approvals(locked, "取り下げたため", by=by)
    return moved(locked, "withdraw", by=by, reason=one_line(reason))


@transaction.atomic
def cancel(post: Post, reason: str, *, by: Person) -> Post:
    """取りやめ — an approved post that was not yet sent will not be. Raises Refused §8(1), K-once."""
    locked = lock(post)
    FLOW.check(locked, "cancel", by=by)
    reason = wanted(reason, "取りやめる理由を書いてください。")
    cancel_deliveries(locked, reason=reason, by=by)
    fall_approvals(locked, reason, by=by)
    return moved(locked, "cancel", by=by, reason=reason)


def draft_of(revision: Revision) -> Draft:
    """What its author wrote."""
    prefetch_related_objects([revision], with_accounts(), "targets__account__connections")
    contents = {target.account: json.loads(target.content) for target in revision.targets.all()}
    linked = outside_addresses(contents.values())
    return Draft(
        title=revision.post.title,
        basis=revision.basis,
        contents=contents,
        media=[Attached(m.medium, m.alt) for m in revision.media.select_related("medium")] if pictured(revision) else [],
        due_at=revision.due_at,
        expires_after=revision.expires_after,
        reasons={link.url: link.reason for link in revision.outside_links.all()} if linked else {},
        correcting=_correcting(revision),
        answers=answers_of(revision),
    )


def _correcting(revision: Revision) -> Correcting | None:
    """Of a correction what it corrects, and how."""
    ways = {target.account: target.way for target in revision.targets.all() if target.way}
    return Correcting(revision.post.correction.wrong, ways) if ways else None


# ---------------------------------------------------------------- shared by the acts on a post


def moved(locked: Post, step: str, *, by: Person, **data: Any) -> Post:
    """The step is done: the new state, since when the post stands there, and one entry in the log."""
    locked.moved_at = clock.now()
    return FLOW.move(locked, step, by=by, also=("moved_at",), **data)


def findings_told(revision: Revision) -> dict[str, list[str]]:
    """For the log: what was found and how it was answered; nothing where nothing was found."""
    told = as_logged(findings_of(revision))
    return {"findings": told} if told else {}


def fall_approvals(post: Post, reason: str, *, by: Person) -> int:
    """The standing approvals of the post stand no longer. Returns how many fell."""
    falling = list(standing_approvals(post))
    for approval in falling:
        approval.withdrawn_at, approval.withdrawn_by, approval.withdrawn_for = clock.now(), by, reason
        approval.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_for"])
    ApprovalTarget.objects.filter(approval__in=falling, standing=True).update(standing=False)
    return len(falling)


def tell_approvers(revision: Revision) -> None:
    """One mail to each who could approve it now."""
    prefetch_related_objects([revision], with_accounts())
    accounts = [target.account for target in revision.targets.all()]
    tell(eligible_approvers(revision, accounts), subject="投稿の承認をお願いします",
         path=reverse("post_approve", args=[revision.post_id]))


def one_line(text: str, longest: int = 300) -> str:
    """A reason in one line. Raises Refused K-text, K-limit."""
    try:
        line = " ".join(clean(text).split())
    except BadText as bad:
        raise Refused("K-text", bad.message) from bad
    if len(line) > longest:
        raise Refused("K-limit", f"{longest}字以内で書いてください。")
    return line


def wanted(text: str, words: str) -> str:
    """A reason that must be there. Raises Refused §8(1) with these words, K-text, K-limit."""
    line = one_line(text)
    if not line:
        raise Refused("§8(1)", words)
    return line


def checked_targets(draft: Draft, by: Person) -> None:
    """Raises Refused §8(1) unless the person is author of every target, and there is one."""
    if not draft.contents:
        raise Refused("§8(1)", "発信先を選んでください。")
    for account in draft.contents:
        if not is_author(by, account):
            raise Refused("§8(1)", f"{by.name}さんは、{account}の情報発信担当者ではありません。",
                          now="所属長が情報発信担当者を指定します。", who="所属長")
        if not publishes(account):
            raise Refused("K-limit", f"{account}へは、koshiki から発信できません。")


def checked(draft: Draft, by: Person) -> Draft:
    """The draft in clean words, of an author of all its targets. Raises Refused as `write`."""
    require_confirmation(by.afresh())
    checked_targets(draft, by)
    draft = draft.cleaned()
    long = {"件名": (draft.title, 100), "根拠": (draft.basis, 300)} | {
        f"{n}番目の画像や動画の代替テキスト": (m.alt, 1500) for n, m in enumerate(draft.media, start=1)} | {
        "リンクの理由": (max(draft.reasons.values(), key=len, default=""), 300),
        "指摘への答え": (max(draft.answers.values(), key=len, default=""), 300)}
    for label, (text, longest) in long.items():
        if len(text) > longest:
            raise Refused("K-limit", f"{label}は{longest}字以内で書いてください。")
    if not draft.title:
        raise Refused("§8(1)", "件名を書いてください。")
    if any(not m.alt for m in draft.media):
        raise Refused("§4(2)", "画像や動画に、代替テキストを書いてください。", who="情報発信担当者")
    return draft


def renditions_of(draft: Draft) -> Renditions:
    """For each target the bytes of each image and film as its service gets them; made before the approval (§8(1))."""
    try:
        return {
            account: [(rendition(m.medium, account.service, service_of(account).media_rules), m.alt)
                      for m in draft.media]
            for account in draft.contents
        }
    except BadMedium as bad:
        raise Refused("K-limit", bad.message) from bad


def _keep(post: Post, draft: Draft, renditions: Renditions, by: Person) -> Revision:
    """Write the next revision with its rows; the post is locked."""
    newest = post.revisions.order_by("-number").first()
    number = newest.number + 1 if newest else 1
    wrong = out_on(draft.correcting.wrong, draft.contents) if draft.correcting else {}
    text = canonical_of(post.pk, number, draft, renditions, wrong)
    revision = Revision.objects.create(
        post=post, number=number, author=by, at=clock.now(), basis=draft.basis, due_at=draft.due_at,
        expires_after=draft.expires_after, canonical=text, digest=digest_of(text))
    RevisionTarget.objects.bulk_create(
        RevisionTarget(revision=revision, account=a, content=service_of(a).canonical(c), way=draft.way(a))
        for a, c in draft.contents.items())
    RevisionMedium.objects.bulk_create(
        RevisionMedium(revision=revision, medium=m.medium, order=n, alt=m.alt) for n, m in enumerate(draft.media))
    OutsideLink.objects.bulk_create(
        OutsideLink(revision=revision, url=link.url, host=link.host, reason=draft.reasons[link.url])
        for link in outside_addresses(draft.contents.values())
        if link.url in draft.reasons and len(link.url) <= URL_LONGEST and len(link.host) <= HOST_LONGEST)
    Finding.objects.bulk_create(kept_of(revision, draft, newest))
    return revision
