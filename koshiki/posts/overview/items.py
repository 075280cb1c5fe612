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
from koshiki.posts.models import Delivery, Post, Slot
from koshiki.posts.models.delivery import LIVE
from koshiki.posts.stages import Stage, stages_of
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
    """The posts of these ids, in the same order; in five queries. `times`: where another than the earliest counts."""
    ids = list(dict.fromkeys(posts))
    if not ids:
        return {}
    found = Post.objects.select_related("created_by").in_bulk(ids)
    stages, places, times = stages_of(found.values()), _places(ids), times or {}
    collisions = _collisions(ids, [at for place in places.values() for at in (place.first, place.last) if at], person)
    return {pk: Item(found[pk], stages[pk], times.get(pk, place.first), place.accounts, place.others,
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
    shown = slots.filter(place__lte=ACCOUNTS_SHOWN).select_related("account")
    for slot in shown.only("post", "account__name", "account__service"):
        known: Any = slot  # with what the query reckoned
        place = found.setdefault(slot.post_id, Place(known.first, known.last, max(0, known.of - ACCOUNTS_SHOWN)))
        place.accounts.append(slot.account)
    return found


def _collisions(posts: list[int], times: list[datetime], person: Person) -> dict[int, tuple[str, ...]]:
    """重なり — on an account whose drafts the person sees: another post within the hour, the same text within days."""
    mine = _kept().filter(post__in=posts)
    if not person.standing.sees_everything:
        mine = mine.filter(account__in=own_accounts(person))
    rows = list(mine.values_list("post", "account", "at", Exists(_near()), Exists(_alike())))
    drafts = _drafts({row[1] for row in rows}, times)
    found: dict[int, set[str]] = {}
    for post, account, at, hour, text in rows:
        near = hour or any(other != post and at and abs(at - then) < SAME_HOUR for other, then in drafts.get(account, ()))
        found.setdefault(post, set()).update([SAME_HOUR_WORD] * near + [SAME_TEXT_WORD] * text)
    return {post: tuple(word for word in (SAME_HOUR_WORD, SAME_TEXT_WORD) if word in words)
            for post, words in found.items()}


def _kept() -> QuerySet[Slot]:
    return Slot.objects.exclude(state=Post.State.WITHDRAWN)


def _near() -> QuerySet[Delivery]:
    """An approved post on the same account within the hour: straight from the deliveries, which have an index for it."""
    live = Delivery.objects.filter(LIVE, account=OuterRef("account")).exclude(post=OuterRef("post"))
    return live.annotate(time=Coalesce("sent_at", "due_at")).filter(
        time__gt=OuterRef("at") - SAME_HOUR, time__lt=OuterRef("at") + SAME_HOUR)


def _drafts(accounts: set[int], times: list[datetime]) -> dict[int, list[tuple[int, Any]]]:
    """What is not approved yet on these accounts around these times, read at once: few beside all that went out."""
    found: dict[int, list[tuple[int, Any]]] = {}
    if accounts and times:
        around = _kept().filter(delivery="", account__in=accounts, at__gt=min(times) - SAME_HOUR, at__lt=max(times) + SAME_HOUR)
        for account, post, at in around.values_list("account", "post", "at"):
            found.setdefault(account, []).append((post, at))
    return found


def _alike() -> QuerySet[Slot]:
    """With the same text; what has no time yet may go out any time now."""
    at = Coalesce(OuterRef("at"), Value(clock.now()))
    others = _kept().filter(account=OuterRef("account")).exclude(post=OuterRef("post"))
    same = others.filter(wording=OuterRef("wording")).exclude(content__regex=r'^\{("[^"]*":"",?)*\}$')
    return same.filter(Q(at__isnull=True) | Q(at__gt=at - SAME_TEXT, at__lt=at + SAME_TEXT))


def first_times(slots: QuerySet[Slot], *beside: str) -> QuerySet[Any, dict[str, Any]]:
    """Each post once, as post and first: the earliest of its times among these."""
    found: QuerySet[Any, dict[str, Any]] = slots.order_by().values("post", *beside).annotate(first=Min(F("at")))
    return found
