"""一覧 — the list of posts, page by page, and the same as a table to take along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from koshiki import sheet
from koshiki.audit.log import record
from koshiki.networks import service_label
from koshiki.organization.sign_in import signed_in
from koshiki.posts.corrections.clock import running
from koshiki.posts.models import Delivery, Post, Slot
from koshiki.posts.overview.choice import Choice
from koshiki.posts.overview.items import first_times, items_of
from koshiki.posts.overview.tabs import frame
from koshiki.posts.stages import STAGES, open_counts

PER_PAGE = 50
MOST = 2000  # to count further takes as long as to read it all
_STATES = dict(Delivery.State.choices) | dict(Post.State.choices)
_HEADINGS = ("番号", "件名", "状態", "所属", "起案した職員", "起案日時", "サービス", "アカウント", "発信日時",
             "文", "投稿のアドレス")


class Paged(Paginator):  # type: ignore[type-arg]  # (it is generic for mypy alone)
    """The first so many posts in pages."""

    def __init__(self, posts: QuerySet[Any, int]) -> None:
        super().__init__(posts, PER_PAGE)
        self.posts = posts

    @cached_property
    def count(self) -> int:
        return self.posts[:MOST].count()


@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    """The posts that match, the newest first, or on the days asked for in the order of time."""
    choice = Choice(request.GET, person=signed_in(request), hides=("stage",))
    page = Paged(_ids(choice)).get_page(request.GET.get("page"))
    return render(request, "posts/list.html", {
        **frame("posts", choice), "page": page, "items": list(items_of(page, choice.person).values()),
        "running": running(choice.person), "stages": _links(choice), "by_time": choice.by_time(),
        "most": MOST if page.paginator.count == MOST else 0})


def _ids(choice: Choice) -> QuerySet[Any, int]:
    if choice.by_time():
        found: QuerySet[Any, int] = first_times(choice.dated()).order_by("first", "post").values_list("post", flat=True)
        return found
    return choice.listed().values_list("pk", flat=True)


def _links(choice: Choice) -> list[tuple[str, str, int | None, bool]]:
    """Each state as word, query, how many wait there (None: nothing waits), and whether it is the chosen one."""
    chosen, waiting = choice.chosen("stage"), open_counts(choice.of_all_stages())
    links = [("すべて", choice.query(stage=None), None, not chosen)]
    return links + [(s.label, choice.query(stage=s.key), waiting.get(s.key), chosen == s.key) for s in STAGES.values()]


@require_POST
def post_export(request: HttpRequest) -> HttpResponseBase:
    """The list as it was narrowed, a row for each account; that somebody took it along is recorded."""
    person = signed_in(request)
    slots = Choice(request.POST, person=person).dated()
    with transaction.atomic():
        record("post.export", person, by=person, count=slots.count())
    ordered = slots.order_by(F("at").asc(nulls_last=True), "post", "account")
    return sheet.download("posts", _rows(ordered.select_related("post__division", "post__created_by", "account")))


def _rows(slots: QuerySet[Slot]) -> Iterator[tuple[object, ...]]:
    yield _HEADINGS
    for slot in slots.iterator(chunk_size=2000):
        post = slot.post
        yield (post.pk, post.title, _STATES[slot.delivery or post.state], post.division.name, post.created_by.name,
               _moment(post.created_at), service_label(slot.account.service), slot.account.name, _moment(slot.at),
               slot.text, slot.url)


def _moment(at: datetime | None) -> str:
    """As a spreadsheet reads it, in the city's time."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
