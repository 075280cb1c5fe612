"""What the city said: every publication on every account, a page per day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from koshiki.posts.models import Delivery
from koshiki.public.parts import OF_A_DAY, parted, weighed
from koshiki.public.publications import Place, Publication, gathered, posted, published, read, sent

__all__ = ["Place", "Publication", "posted", "published", "sent"]
NEWEST, NEWEST_DAYS, NEWEST_BYTES = 20, 14, 30_000
SETTLING = timedelta(hours=1)  # an entry of shortly before midnight may be settled after it
YEAR = re.compile(r"feed/([0-9]{4})\.html")
DAY = re.compile(r"feed/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:-(?P<part>[2-9]|[1-9][0-9]{1,5}))?\.html")


@dataclass(frozen=True)
class Month:
    """月 — the days of a month on which the city said something, each with how often."""

    first: date
    days: list[tuple[date, int]]


def days() -> list[tuple[date, int]]:
    """The days on which the city said something, newest first, and how often."""
    counted = sent().annotate(day=TruncDate("sent_at")).values("day").annotate(
        number=Count("approval__revision", distinct=True))
    return list(counted.order_by("-day").values_list("day", "number"))


def newest(number: int) -> list[Publication]:
    """The newest publications of all accounts."""
    newest_keys = sent().order_by("-sent_at", "-pk").values_list("pk", flat=True)[:number * 4]
    return newest_first(newest_keys)[:number]


def newest_first(keys: Collection[int]) -> list[Publication]:
    """The publications of these deliveries, given newest first."""
    found = read(Delivery.objects.filter(pk__in=list(keys)))
    return gathered(found[key] for key in reversed(list(keys)))[::-1]


def overviews(paths: Collection[str]) -> dict[str, dict[str, Any]]:
    """The feed's first page, and the pages of years, for those at `paths` that there are."""
    found, newest_ones = days(), _fitting(newest(NEWEST)) if "feed/index.html" in paths else []
    contexts = {path: _year(int(match[1]), found) if (match := YEAR.fullmatch(path)) else _first(newest_ones, found)
                for path in paths}
    return {path: context for path, context in contexts.items() if context}


def _first(publications: list[Publication], found: list[tuple[date, int]]) -> dict[str, Any]:
    """The newest publications, and the days and years to look further."""
    return {"publications": publications, "days": found[:NEWEST_DAYS],
            "years": list(dict.fromkeys(day.year for day, _ in found))}


def _fitting(publications: Iterable[Publication]) -> list[Publication]:
    """As many as one page takes."""
    left, found = NEWEST_BYTES, list[Publication]()
    for publication in publications:
        left -= len(publication.text.encode())
        if left < 0:
            break
        found.append(publication)
    return found


def _year(year: int, found: list[tuple[date, int]]) -> dict[str, Any] | None:
    """The days of a year on which the city said something; None for a year without."""
    of_year = [(day, number) for day, number in found if day.year == year]
    months = [Month(first, list(of)) for first, of in groupby(of_year, lambda row: row[0].replace(day=1))]
    return {"year": date(year, 12, 31), "months": months} if months else None


# ---------------------------------------------------------------- days


def day_pages(paths: Collection[str]) -> dict[str, dict[str, Any]]:
    """All that was said on each day, in the order of its appearance, for the pages at `paths` that there are.

    Of a day of which there is more than one page takes, the first names what stands on the others.
    """
    asked = {path: _day_and_part(path) for path in paths}
    pages = _pages_of({day for day, _ in asked.values() if day})
    wanted = {path: _shown_on(pages[day], part) for path, (day, part) in asked.items() if day and part in pages[day]}
    found = read(Delivery.objects.filter(pk__in={key for of in wanted.values() for keys in of.values() for key in keys}))
    contexts = ((path, _day(*asked[path], pages, {n: gathered(found[key] for key in keys) for n, keys in of.items()}))
                for path, of in wanted.items())
    return {path: context for path, context in contexts if context["publications"]}


def _day_and_part(path: str) -> tuple[date | None, int]:
    match = DAY.fullmatch(path)
    try:
        return (date.fromisoformat(match["day"]), int(match["part"] or 1)) if match else (None, 0)
    except ValueError:
        return None, 0


def _shown_on(pages: dict[int, list[int]], part: int) -> dict[int, list[int]]:
    return pages if part == 1 else {part: pages[part]}


def _day(day: date | None, part: int, pages: Any, found: dict[int, list[Publication]]) -> dict[str, Any]:
    return {"day": day, "part": part, "parts": len(pages[day]), "publications": found[part],
            "further": {number: publications for number, publications in found.items() if number != part}}


def _pages_of(wanted: Collection[date]) -> dict[date, dict[int, list[int]]]:
    """The deliveries of these days, by the page on which they stand: those settled after midnight on the last."""
    by_day, late = defaultdict[date, list[tuple[int, int]]](list), defaultdict[date, list[int]](list)
    for key, day, at, url, weight in _around(wanted).values_list("pk", "day", "sent_at", "url", "weight"):
        before = day - timedelta(days=1)
        by_day[day].append((key, weight))
        if at < _midnight(day) + SETTLING and f"/feed/{before:%Y-%m-%d}.html#" in url:
            late[before].append(key)
    found = {day: parted(by_day[day], OF_A_DAY) for day in wanted}
    for day, pages in found.items():
        pages[len(pages)] += late[day]
    return found


def _around(wanted: Collection[date]) -> QuerySet[Any]:
    """What was sent on these days, and on those after them."""
    near = {day + timedelta(days=more) for day in wanted for more in (0, 1)}
    found: QuerySet[Any] = weighed(sent()).annotate(day=TruncDate("sent_at")).filter(day__in=near)
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
