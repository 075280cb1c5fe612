"""一件 — a post as calendar and list show it: where it stands, when, on which accounts, and what it collides with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.posts.models import Post, Slot
from koshiki.posts.stages import STAGES, Stage, stage_key
from koshiki.register.models import Account
from koshiki.register.roles import own_accounts

SAME_HOUR = timedelta(hours=1)
SAME_TEXT = timedelta(days=30)  # further apart, saying it again is a new publication, not an oversight
ACCOUNTS_SHOWN = 3
SAME_HOUR_WORD, SAME_TEXT_WORD = "同じ時間帯", "同じ文"


@dataclass(frozen=True)
class Item:
    """一件 — one post; `at` is empty while it would go out as soon as it is approved."""

    post: Post
    stage: Stage
    at: datetime | None
    accounts: list[Account]
    others: int
    collisions: tuple[str, ...] = ()


def items_of(posts: Iterable[int], person: Person, times: Mapping[int, datetime] | None = None) -> dict[int, Item]:
    """The posts of these ids, in the same order; in three queries. `times`: where another than the earliest counts."""
    ids = list(dict.fromkeys(posts))
    if not ids:
        return {}
    found = Post.objects.filter(pk__in=ids).annotate(stage=stage_key()).select_related("created_by").in_bulk()
    places, times = _places(ids), times or {}
    collisions = _collisions(ids, [at for place in places.values() for at in (place.first, place.last) if at], person)
    return {pk: Item(found[pk], STAGES[found[pk].stage], times.get(pk, place.first), place.accounts, place.others,  # type: ignore[attr-defined]
                     collisions.get(pk, ()))
            for pk in ids for place in [places.get(pk, Place())]}


@dataclass(frozen=True)
class Place:
    """場所と時 — when a post goes out first and last, its first accounts, and how many more there are."""

    first: datetime | None = None
    last: datetime | None = None
    others: int = 0
    accounts: list[Account] = field(default_factory=list)


def _places(posts: list[int]) -> dict[int, Place]:
    alike: dict[str, Any] = {"partition_by": "post"}
    slots = Slot.objects.filter(post__in=posts).order_by("post", "account").annotate(
        place=Window(RowNumber(), order_by="account", **alike), of=Window(Count("*"), **alike),
        first=Window(Min("at"), **alike), last=Window(Max("at"), **alike))
    found: dict[int, Place] = {}
    for slot in slots.filter(place__lte=ACCOUNTS_SHOWN).select_related("account").defer("content", "wording", "url"):
        known: Any = slot  # with what the query reckoned
        place = found.setdefault(slot.post_id, Place(known.first, known.last, max(0, known.of - ACCOUNTS_SHOWN)))
        place.accounts.append(slot.account)
    return found


def _collisions(posts: list[int], times: list[datetime], person: Person) -> dict[int, tuple[str, ...]]:
    """重なり — on an account whose drafts the person sees: another post within the hour, the same text within days."""
    mine = Slot.objects.filter(post__in=posts).exclude(state=Post.State.WITHDRAWN)
    if not person.standing.sees_everything:
        mine = mine.filter(account__in=own_accounts(person))
    found: dict[int, set[str]] = {}
    for post, hour, text in mine.values_list("post", Exists(_near(times)), Exists(_alike())):
        found.setdefault(post, set()).update([SAME_HOUR_WORD] * hour + [SAME_TEXT_WORD] * text)
    return {post: tuple(word for word in (SAME_HOUR_WORD, SAME_TEXT_WORD) if word in words)
            for post, words in found.items()}


def _others() -> QuerySet[Slot]:
    """Other posts on the same account that were not taken back."""
    others = Slot.objects.filter(account=OuterRef("account")).exclude(post=OuterRef("post"))
    return others.exclude(state=Post.State.WITHDRAWN)


def _near(times: list[datetime]) -> QuerySet[Slot]:
    """Within the hour. That it is near `times` follows from this, but tells the planner how little there is to read."""
    near = _others().filter(at__gt=OuterRef("at") - SAME_HOUR, at__lt=OuterRef("at") + SAME_HOUR)
    return near.filter(at__gt=min(times) - SAME_HOUR, at__lt=max(times) + SAME_HOUR) if times else near


def _alike() -> QuerySet[Slot]:
    """With the same text; what has no time yet may go out any time now."""
    at = Coalesce(OuterRef("at"), Value(clock.now()))
    same = _others().filter(wording=OuterRef("wording")).exclude(content__regex=r'^\{("[^"]*":"",?)*\}$')
    return same.filter(Q(at__isnull=True) | Q(at__gt=at - SAME_TEXT, at__lt=at + SAME_TEXT))


def first_times(slots: QuerySet[Slot], *beside: str) -> QuerySet[Any, dict[str, Any]]:
    """Each post once, as post and first: the earliest of its times among these."""
    found: QuerySet[Any, dict[str, Any]] = slots.order_by().values("post", *beside).annotate(first=Min(F("at")))
    return found
