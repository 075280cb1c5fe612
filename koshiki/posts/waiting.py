"""What of a post waits for a person: to approve it, to mend it, to take a wording over."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from koshiki import clock
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.posts.corrections.clock import correction_of, to_approve, to_write
from koshiki.posts.models import ApprovalTarget, Post, Remark, Revision
from koshiki.posts.roles import touched
from koshiki.posts.showing import approval_due
from koshiki.register.roles import APPROVER, AUTHOR, accounts_of

SOON = timedelta(hours=3)


def waiting(person: Person) -> list[Duty]:
    """The posts whose next step is this person's, the most pressing first."""
    duties = [*_to_approve(person), *_to_mend(person)]
    return sorted(duties, key=lambda duty: (duty.due is None, duty.due or clock.now()))


def _latest(posts: Q, **targets: object) -> list[Revision]:
    """The latest revisions of these posts, in one query; without the canonical text, which is long."""
    newer = Revision.objects.filter(post=OuterRef("post"), number__gt=OuterRef("number"))
    revisions = Revision.objects.filter(posts, ~Exists(newer), **targets).distinct()
    return list(revisions.select_related("post__correction", "author").defer("canonical"))


def _to_approve(person: Person) -> list[Duty]:
    mine = accounts_of(person, APPROVER)
    if not mine:
        return []
    approved = ApprovalTarget.objects.filter(revision=OuterRef("pk"), account__in=mine, standing=True)
    found = _latest(Q(post__state=Post.State.SUBMITTED) & ~Q(Exists(approved))
                    & ~Q(author=person) & ~Q(post__created_by=person), targets__account__in=mine)
    wrote = set(Revision.objects.filter(author=person, post__in=[r.post_id for r in found]).values_list("post", flat=True))
    return [_approval(r) for r in found if r.post_id not in wrote or person.pk not in touched(r)]


def _approval(revision: Revision) -> Duty:
    if correction := correction_of(revision.post):
        return to_approve(revision, correction)
    due = approval_due(revision.post, revision)
    return Duty(
        title=f"「{revision.post.title}」の承認", url=reverse("post_approve", args=[revision.post_id]), clause="§8(1)",
        action="読んで承認する", detail=f"{revision.author.name}さんが提出しました。", since=revision.post.moved_at, due=due,
        urgent=revision.due_at is not None and revision.due_at < clock.now() + SOON)


def _to_mend(person: Person) -> list[Duty]:
    """What this person wrote last: returned, submitted with a wording to take over, a correction still to be submitted."""
    if not accounts_of(person, AUTHOR):
        return []
    open_wording = Remark.objects.filter(revision=OuterRef("pk"), kind=Remark.Kind.SUGGESTION, taken_at__isnull=True)
    found = _latest(Q(author=person) & (
        Q(post__state=Post.State.RETURNED) | Q(post__state=Post.State.DRAFT, post__correction__isnull=False)
        | Q(post__state=Post.State.SUBMITTED) & Q(Exists(open_wording))))
    return [_mending(revision) for revision in found]


def _mending(revision: Revision) -> Duty:
    if correction := correction_of(revision.post):
        return to_write(revision, correction)
    returned = revision.post.state == Post.State.RETURNED
    return Duty(
        title=f"「{revision.post.title}」の{'書き直し' if returned else '文案の提案'}",
        url=reverse("post", args=[revision.post_id]), clause="§8(1)", action="意見を読む",
        detail="差し戻されました。" if returned else "責任者が文案を示しました。一度押すだけで取り入れられます。",
        since=revision.post.moved_at, due=revision.due_at)

