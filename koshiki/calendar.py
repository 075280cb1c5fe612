"""Days as the office counts and writes them: eras, weekdays, 開庁日."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import jpholiday
from django.utils import timezone
from japanera import EraDate

from koshiki.guideline import guideline

_GREGORIAN_SINCE = date(1873, 1, 1)  # 明治6年: before it, era dates are lunar


def wareki(moment: date | datetime) -> str:
    """`令和8年11月22日(日)`; of a datetime also the time in the city's zone, ` 14時05分`."""
    return era_year(local_day(moment)) + wareki_short(moment)


def wareki_short(moment: date | datetime) -> str:
    """`11月22日(日)`, of a datetime also ` 14時05分`: where the year is plain."""
    day = local_day(moment)
    words = f"{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})"
    if not isinstance(moment, datetime):
        return words
    time_of_day = _local(moment)
    return f"{words} {time_of_day.hour}時{time_of_day.minute:02}分"


def local_day(moment: date | datetime) -> date:
    """The day of a moment in the city's zone; a day as it is."""
    return _local(moment).date() if isinstance(moment, datetime) else moment


@lru_cache(maxsize=4096)
def era_year(day: date) -> str:
    """`令和8年`, `令和元年`; before 明治6年 the year of the common era."""
    if day < _GREGORIAN_SINCE:
        return f"{day.year}年"
    era = EraDate.from_date(day).era
    year = era.absolute_year_to_relative_year(day.year)
    return f"{era.kanji}{'元' if year == 1 else year}年"


def holiday(day: date) -> str:
    """The name of the national holiday (国民の祝日), `""` on other days."""
    return jpholiday.is_holiday_name(day) or ""


def is_business_day(day: date) -> bool:
    """Whether the offices are open (開庁日): no weekend, no holiday, none of the file's closed days."""
    return (
        day.weekday() < 5
        and not jpholiday.is_holiday(day)
        and f"{day:%m-%d}" not in guideline().closed_days
    )


def business_days_after(start: date | datetime, n: int) -> date:
    """The nth business day after the day of `start`; with 0, that day or the next one that is open.

    Raises ValueError when `n` is negative.
    """
    if n < 0:
        raise ValueError("n must not be negative")
    day = local_day(start)
    left = n
    while left or not is_business_day(day):
        day += timedelta(days=1)
        left -= left > 0 and is_business_day(day)
    return day


def business_days_end(start: date | datetime, n: int) -> datetime:
    """The end (24時) of the nth business day after `start`, aware: until when a duty is in time."""
    day_after = business_days_after(start, n) + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day_after, time.min))


def _local(moment: datetime) -> datetime:
    """In the city's only zone: asking for the current one takes twenty times as long."""
    return moment.astimezone(timezone.get_default_timezone()) if timezone.is_aware(moment) else moment
