"""日 — the days of a month or a week, each with its first posts, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from koshiki import clock
from koshiki.calendar import holiday
from koshiki.posts.models import Slot
from koshiki.posts.overview.choice import midnight
from koshiki.posts.overview.items import Item, first_times

Row = dict[str, Any]


@dataclass(frozen=True)
class Day:
    """一日 — with its first posts in the order of time."""

    date: date
    items: list[Item] = field(default_factory=list)
    total: int = 0
    outside: bool = False  # of the month before or after

    @property
    def more(self) -> int:
        return self.total - len(self.items)

    @property
    def today(self) -> bool:
        return self.date == clock.today()

    @cached_property
    def holiday(self) -> str:
        return holiday(self.date)

    @property
    def closed(self) -> bool:
        return self.date.weekday() > 4 or bool(self.holiday)


@dataclass(frozen=True)
class Span:
    """期間 — from a day to a day, both within."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def of(self, slots: QuerySet[Slot]) -> QuerySet[Slot]:
        return slots.filter(at__gte=midnight(self.first), at__lt=midnight(self.last + timedelta(days=1)))


def week_of(day: date) -> Span:
    """The week of a day, from Monday as the office plans it."""
    monday = day - timedelta(days=day.weekday())
    return Span(monday, monday + timedelta(days=6))


def month_of(day: date) -> Span:
    first = day.replace(day=1)
    return Span(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def weeks_around(span: Span) -> Span:
    """The whole weeks in which these days lie."""
    return Span(week_of(span.first).first, week_of(span.last).last)


def days_of(span: Span, rows: Sequence[Row], items: Mapping[int, Item], *, month: int = 0) -> list[Day]:
    """The days with what `first_of_each_day` found; `month`: other days are those of the months beside it."""
    found: dict[date, list[Row]] = {}
    for row in rows:
        found.setdefault(row["day"], []).append(row)
    return [Day(day, [items[row["post"]] for row in found.get(day, [])], found[day][0]["of"] if day in found else 0,
                outside=bool(month) and day.month != month) for day in span]


def first_of_each_day(slots: QuerySet[Slot], most: int, *beside: str) -> list[Row]:
    """The first posts of each day, and how many the day has (`of`); in one query, however many there are.

    `beside`: what else the posts are told apart by, as the account.
    """
    day = TruncDate(F("first"), tzinfo=timezone.get_current_timezone())
    apart = [F("day"), *map(F, beside)]
    rows = first_times(slots, *beside).annotate(day=day).annotate(
        place=Window(RowNumber(), partition_by=apart, order_by=[F("first"), F("post")]),
        of=Window(Count("*"), partition_by=apart))
    found: QuerySet[Any, Row] = rows.filter(place__lte=most).order_by("first", "post")
    return list(found)
