"""間に合わなかった承認 — what was not approved by its time does not go out, and both are told (K-late)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.organization.alerts import tell
from koshiki.organization.models import Alert, Person
from koshiki.posts.models import Post, Revision
from koshiki.register import stopping

SUBJECT = "発信日時までに承認されなかった投稿"
SINCE = timedelta(days=1)


def tell_unapproved() -> None:
    """Authors and approvers of posts whose time came while they waited for approval; once for each time."""
    now = clock.now()
    newer = Revision.objects.filter(post=OuterRef("post"), number__gt=OuterRef("number"))
    overdue = Revision.objects.filter(~Exists(newer), post__state=Post.State.SUBMITTED, due_at__range=(now - SINCE, now))
    for revision in overdue.select_related("post", "author").defer("canonical"):
        _tell(revision)


@transaction.atomic
def _tell(revision: Revision) -> None:
    path = reverse("post", args=[revision.post_id])
    locked = Post.objects.select_for_update(of=("self",)).get(pk=revision.post_id)
    if Alert.objects.filter(subject=SUBJECT, path=path, made_at__gte=revision.due_at).exists():
        return
    people: list[Person] = [revision.author]
    for target in revision.targets.select_related("account"):
        people += stopping.workers(target.account)
    tell(people, subject=SUBJECT, path=path)
    record("post.overdue", locked, by=None, clause="K-late", revision=revision.number)
