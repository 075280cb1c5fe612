"""Time as an office spends it: the sample's people work from 8:30 to 17:15 on days on which the city hall is open."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from koshiki.calendar import is_business_day

OPENS, CLOSES = time(8, 30), time(17, 15)
DAY = 8.75  # hours
STEP = timedelta(minutes=15)


def later(moment: datetime, hours: float) -> datetime:
    """The moment this many office hours after."""
    return _walk(moment, hours, STEP)


def earlier(moment: datetime, hours: float) -> datetime:
    """The moment this many office hours before."""
    return _walk(moment, hours, -STEP)


def _walk(moment: datetime, hours: float, step: timedelta) -> datetime:
    left = round(timedelta(hours=hours) / STEP)
    local = timezone.localtime(moment).replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    while left or not _open(local):
        local += step
        left -= left > 0 and _open(local)
    return local.astimezone(UTC)


def _open(local: datetime) -> bool:
    return OPENS <= local.time() < CLOSES and is_business_day(local.date())
