"""訂正の時計 — what is being put right, how long that is going on, and whose step it is (§8(3))."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from koshiki.guideline import guideline
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.posts.models import Correction, Post, Revision


def due(correction: Correction) -> datetime:
    """「直ちに」: by when it is to be put right."""
    return correction.found_at + timedelta(hours=guideline().deadlines["correction_hours"])


def running(person: Person) -> list[Correction]:
    """The corrections that the person may see and that are neither done nor given up, the longest running first."""
    found = Correction.objects.filter(done_at=None, post__in=Post.objects.visible_to(person))
    return list(found.exclude(post__state=Post.State.WITHDRAWN).select_related("post", "wrong")[:20])


def correction_of(post: Post) -> Correction | None:
    """What the post corrects; read with `select_related("correction")` it asks nothing."""
    found: Correction | None = getattr(post, "correction", None)
    return found


def to_approve(revision: Revision, correction: Correction) -> Duty:
    """An approver's, above everything else, with the clock that runs since the error was found."""
    return Duty(
        title=f"「{revision.post.title}」の承認", url=reverse("post_approve", args=[revision.post_id]), clause="§8(3)",
        action="読んで承認する", detail=f"{revision.author.name}さんが提出しました。誤りの内容：{correction.reason}",
        since=revision.post.moved_at, due=due(correction), urgent=True, clock=correction.found_at)


def to_write(revision: Revision, correction: Correction) -> Duty:
    """Its author's, until it is submitted."""
    return Duty(
        title=f"「{revision.post.title}」の起案", url=reverse("post", args=[revision.post_id]), clause="§8(3)",
        action="続きを書く", detail=f"誤りの内容：{correction.reason}", since=revision.post.moved_at, due=due(correction),
        urgent=True, clock=correction.found_at)
