"""What time it is. Acts ask here, so that the sample and the tests can live through a year in a second.

Leases and the order of deliveries go by the database's clock instead (see posts/delivery).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.utils import timezone

_set: ContextVar[datetime | None] = ContextVar("set clock", default=None)


def now() -> datetime:
    """The moment of the act, aware, in UTC."""
    return _set.get() or timezone.now()


def today() -> date:
    """The day of the act in the city's time zone."""
    return timezone.localdate(now())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Everything inside happens at `moment` (aware)."""
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)
