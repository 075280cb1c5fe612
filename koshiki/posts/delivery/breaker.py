"""遮断 — a service that takes nothing is left alone for a while; one success ends it. One row per service."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Now

from koshiki.posts.delivery.times import times
from koshiki.posts.models import Breaker

TOLERATED = 5


def failed(service: str) -> None:
    """One more failure in a row; from the fifth on nothing is begun there for a growing pause."""
    row, _ = Breaker.objects.get_or_create(service=service)
    Breaker.objects.filter(pk=service).update(failures=F("failures") + 1)
    row.refresh_from_db()
    if row.failures >= TOLERATED:
        pause = min(times().storm * 2 ** min((row.failures - TOLERATED) // TOLERATED, 8), times().storm_most)
        Breaker.objects.filter(pk=service).update(until=Now() + timedelta(seconds=pause))


def resting_until(service: str) -> datetime | None:
    """Until when the service is left alone; None where it is not."""
    return Breaker.objects.filter(service=service, until__gt=Now()).values_list("until", flat=True).first()


def succeeded(service: str) -> None:
    """The service works again."""
    Breaker.objects.filter(pk=service, failures__gt=0).update(failures=0, until=None)
