"""What time it is. Acts ask here, so that the sample and the tests can live through a year in a second.

Leases and the order of deliveries go by the database's clock instead (see posts/delivery).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time

from django.utils import timezone

_set: ContextVar[datetime | None] = ContextVar("set clock", default=None)


def now() -> datetime:
    """The moment of the act, aware, in UTC."""
    return _set.get() or timezone.now()


def today() -> date:
    """The day of the act in the city's time zone."""
    return timezone.localdate(now())


def daily(hour: int, minute: int) -> str:
    """The crontab line of a job that is done every day at this hour of the city; crontab lines are read in UTC.

    Once the city's zone had summer time, an hour of winter would be kept all year. Japan's has none.
    """
    local = datetime.combine(date(2026, 1, 1), time(hour, minute), timezone.get_default_timezone()).astimezone(UTC)
    return f"{local.minute} {local.hour} * * *"


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Everything inside happens at `moment` (aware)."""
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)


def spoken(seconds: int) -> str:
    """A length of time as people say it."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "時間"), (minutes, "分"), (rest, "秒"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0秒"
