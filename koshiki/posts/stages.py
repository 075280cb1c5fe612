"""Where posts stand as people say it: the state of the post, and of its deliveries once it is approved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from koshiki.look import Tone
from koshiki.posts.models import Delivery, Post
from koshiki.posts.models.delivery import OPEN

_D = Delivery.State
TROUBLE = (_D.UNKNOWN, _D.PERSON, _D.FAILED, _D.HELD)
IN_HAND = (_D.OFFERED, _D.TAKEN)
ON_ITS_WAY = (_D.WAITING, _D.CLAIMED, _D.SENDING, _D.RETRY)


@dataclass(frozen=True)
class Stage:
    """段階 — key, word, tone and the condition that a post fulfils there."""

    key: str
    label: str
    tone: Tone
    condition: Q


def _with(states: tuple[str, ...]) -> Exists:
    return Exists(Delivery.objects.filter(post=OuterRef("pk"), state__in=states))


_APPROVED = Q(state=Post.State.APPROVED)
STAGES = {
    stage.key: stage
    for stage in (
        Stage("draft", "下書き", Tone.DRAFT, Q(state=Post.State.DRAFT)),
        Stage("submitted", "承認待ち", Tone.WAITING, Q(state=Post.State.SUBMITTED)),
        Stage("returned", "差戻し", Tone.RETURNED, Q(state=Post.State.RETURNED)),
        Stage("trouble", "確認が必要", Tone.UNKNOWN, _APPROVED & Q(_with(TROUBLE))),
        Stage("in_hand", "手渡し待ち", Tone.WAITING, _APPROVED & ~Q(_with(TROUBLE)) & Q(_with(IN_HAND))),
        Stage("planned", "発信待ち", Tone.PLANNED, _APPROVED & ~Q(_with((*TROUBLE, *IN_HAND))) & Q(_with(ON_ITS_WAY))),
        Stage("sent", "発信済み", Tone.DONE, _APPROVED & ~Q(_with((*TROUBLE, *IN_HAND, *ON_ITS_WAY)))),
        Stage("withdrawn", "取下げ", Tone.ENDED, Q(state=Post.State.WITHDRAWN)),
    )
}


WAITING = ("draft", "submitted", "returned", "trouble", "in_hand", "planned")  # what is neither out nor taken back


def open_counts(posts: QuerySet[Post]) -> dict[str, int]:
    """How many of these posts are at each stage where something still waits; one query.

    What is over is not counted: there is ever more of it, and nobody waits for it.
    """
    drafted = Q(state__in=[Post.State.DRAFT, Post.State.SUBMITTED, Post.State.RETURNED])
    under_way = Q(pk__in=Delivery.objects.filter(state__in=OPEN).values("post"))
    still = posts.order_by().filter(drafted | under_way)
    return still.aggregate(**{key: Count("pk", filter=STAGES[key].condition) for key in WAITING})


def stages_of(posts: Collection[Post]) -> dict[int, Stage]:
    """The stage of each of these posts, by their ids; in one query, or none where none is approved."""
    approved = [post.pk for post in posts if post.state == Post.State.APPROVED]
    states: dict[int, set[str]] = {}
    for post, state in Delivery.objects.filter(post__in=approved).values_list("post", "state"):
        states.setdefault(post, set()).add(state)
    return {post.pk: _stage(post, states.get(post.pk, set())) for post in posts}


def stage_of(post: Post, deliveries: Iterable[Delivery]) -> Stage:
    """The stage of one post whose deliveries are at hand."""
    return _stage(post, {delivery.state for delivery in deliveries})


def _stage(post: Post, states: set[str]) -> Stage:
    if post.state != Post.State.APPROVED:
        return STAGES[post.state]
    if states & set(TROUBLE):
        return STAGES["trouble"]
    if states & set(IN_HAND):
        return STAGES["in_hand"]
    return STAGES["planned" if states & set(ON_ITS_WAY) else "sent"]
