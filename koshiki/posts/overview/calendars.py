"""予定表 — the month and the week, and the week account by account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from koshiki.calendar import era_year
from koshiki.organization.models import Person
from koshiki.organization.sign_in import signed_in
from koshiki.posts.models import Slot
from koshiki.posts.overview.choice import Choice
from koshiki.posts.overview.days import (
    Day,
    Row,
    Span,
    days_of,
    first_of_each_day,
    month_of,
    week_of,
    weeks_around,
)
from koshiki.posts.overview.items import Item, items_of
from koshiki.posts.overview.tabs import frame
from koshiki.register.models import Account

MOST_OF_A_DAY = {"post_month": 3, "post_week": 12, "post_accounts": 3}
MOST_UNDATED = 8
ACCOUNTS_PER_PAGE = 15
HIDES = ("since", "until")


@require_safe
def post_month(request: HttpRequest) -> HttpResponse:
    """The month of a day in whole weeks, each day with its first posts; beside it what has no time yet."""
    choice = _choice(request)
    month = month_of(choice.day)
    days, undated = _days(choice, weeks_around(month), MOST_OF_A_DAY["post_month"], month.first.month)
    title = f"{era_year(month.first)}{month.first.month}月"
    return render(request, "posts/calendar.html", {
        **_around("post_month", choice, month, title), **_shown(days, undated)})


@require_safe
def post_week(request: HttpRequest) -> HttpResponse:
    """The week of a day, with more of each day than the month shows."""
    choice = _choice(request)
    week = week_of(choice.day)
    days, undated = _days(choice, week, MOST_OF_A_DAY["post_week"])
    return render(request, "posts/calendar.html", {
        **_around("post_week", choice, week, _title(week)), **_shown(days, undated)})


@dataclass(frozen=True)
class AccountWeek:
    """アカウントの一週間 — an account with its seven days."""

    account: Account
    days: list[Day]


@require_safe
def post_accounts(request: HttpRequest) -> HttpResponse:
    """The week of a day, a row for each account on which something is or was to go out."""
    choice = _choice(request)
    week = week_of(choice.day)
    slots = week.of(choice.calendar())
    busy = Account.objects.filter(pk__in=slots.values("account")).select_related("division")
    page = Paginator(busy.order_by("division__code", "name", "pk"), ACCOUNTS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "posts/accounts.html", {
        **_around("post_accounts", choice, week, _title(week)), "page": page, "week": list(week),
        "rows": _rows(list(page), week, slots, choice.person)})


def _choice(request: HttpRequest) -> Choice:
    return Choice(request.GET, person=signed_in(request), hides=HIDES)


def _days(choice: Choice, span: Span, most: int, month: int = 0) -> tuple[list[Day], list[Item]]:
    """The days, and what has no time yet: all their posts are read together."""
    slots = choice.calendar()
    rows = first_of_each_day(span.of(slots), most)
    undated = list(slots.filter(at__isnull=True).values_list("post", flat=True).distinct().order_by("-post")[:MOST_UNDATED + 1])
    times = _times(rows)
    items = items_of([*times, *undated], choice.person, times)
    return days_of(span, rows, items, month=month), [items[pk] for pk in undated]


def _times(rows: Iterable[Row]) -> dict[int, datetime]:
    return {row["post"]: row["first"] for row in rows}


def _rows(accounts: Sequence[Account], week: Span, slots: QuerySet[Slot], person: Person) -> list[AccountWeek]:
    found = first_of_each_day(slots.filter(account__in=accounts), MOST_OF_A_DAY["post_accounts"], "account")
    times = _times(found)
    items = items_of(times, person, times)
    return [AccountWeek(account, days_of(week, [row for row in found if row["account"] == account.pk], items))
            for account in accounts]


def _title(week: Span) -> str:
    first, last = week.first, week.last
    until = f"{last.month}月{last.day}日" if last.month != first.month else f"{last.day}日"
    return f"{era_year(first)}{first.month}月{first.day}日から{until}まで"


def _around(name: str, choice: Choice, span: Span, title: str) -> dict[str, Any]:
    """What stands around the days: the other ways to look, and the same for the time before, after and today."""
    days = {"before": span.first - timedelta(days=1), "after": span.last + timedelta(days=1), "now": None}
    beside = {word: choice.query(on=day, since=None, until=None) for word, day in days.items()}
    return {**frame(name, choice, span), **beside, "title": title, "unit": "月" if name == "post_month" else "週"}


def _shown(days: list[Day], undated: list[Item]) -> dict[str, Any]:
    weeks = [days[first:first + 7] for first in range(0, len(days), 7)]
    return {"weeks": weeks, "busy": any(day.items for day in days), "undated": undated[:MOST_UNDATED],
            "more_undated": len(undated) > MOST_UNDATED}
