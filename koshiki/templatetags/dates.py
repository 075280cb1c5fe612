"""Dates as the office writes them: 令和8年11月22日(日) 14時05分."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from japanera import EraDate

from koshiki.look import When, local

WEEKDAYS = "月火水木金土日"


def era_year(day: date) -> str:
    """令和8年, 令和元年."""
    era = EraDate.from_date(day).era
    year = day.year - era.since.year + 1
    return f"{era.kanji}{'元' if year == 1 else year}年"


def era_day(day: date) -> str:
    """令和8年11月22日(日)."""
    return f"{era_year(day)}{short_day(day)}"


def short_day(day: date) -> str:
    """11月22日(日)."""
    return f"{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def clock_time(moment: datetime) -> str:
    """14時05分."""
    return f"{moment.hour}時{moment.minute:02}分"


def written(moment: When, *, short: bool = False) -> str:
    """A moment or a day in words, in the page's language; `short` leaves the year out."""
    moment = local(moment)
    if (get_language() or "ja").startswith("en"):
        return _in_english(moment)
    day = short_day(moment) if short else era_day(moment)
    return f"{day} {clock_time(moment)}" if isinstance(moment, datetime) else day


def _in_english(moment: When) -> str:
    day = f"{moment.day} {moment:%B} {moment.year}"
    return f"{day}, {moment:%H:%M}" if isinstance(moment, datetime) else day


def machine_read(moment: When) -> str:
    """The `datetime` attribute: to the second, with the city's offset."""
    moment = local(moment)
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()


def time_element(moment: When | None, *, short: bool = False) -> SafeString:
    """<time> with the words of the office inside and the machine's date in the attribute; "" for none."""
    if not moment:
        return SafeString("")
    return format_html('<time datetime="{}">{}</time>', machine_read(moment), written(moment, short=short))
