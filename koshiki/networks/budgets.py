"""回数の枠 — how much may be asked of a service within an hour, a day or a month: data of its adapter.

register/budget.py keeps count. Where a service counts a moving window, the fixed one here may let through what it refuses:
then its own answer (429) decides, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from koshiki.networks.network import Verb

FIRST = frozenset({Verb.PUBLISH, Verb.LOOK_UP, Verb.EDIT, Verb.DELETE, Verb.REPLY})
"""What the city says, corrects or must know to have said; all else leaves it its part."""


class Span(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True)
class Budget:
    """枠 — so many units within a span of the service's own time (`zone`), of which each verb costs some.

    `usual` is what the service allows without another contract; None where only the contract tells. `each_account`:
    counted for each account by itself, not for the city's app as a whole. `kept`: per cent that are for `FIRST` alone.
    """

    key: str
    label: str
    unit: str
    span: Span
    costs: Mapping[Verb, int]
    usual: int | None = None
    zone: str = "UTC"
    each_account: bool = False
    kept: int = 20

    def began(self, moment: datetime) -> datetime:
        """When the span began in which this moment lies."""
        there = moment.astimezone(ZoneInfo(self.zone)).replace(minute=0, second=0, microsecond=0)
        if self.span is not Span.HOUR:
            there = there.replace(hour=0)
        return (there.replace(day=1) if self.span is Span.MONTH else there).astimezone(UTC)

    def ends(self, moment: datetime) -> datetime:
        """When that span ends, and the count begins anew."""
        if self.span is Span.HOUR:
            return self.began(moment) + timedelta(hours=1)
        there = self.began(moment).astimezone(ZoneInfo(self.zone))
        return self.began(there + timedelta(days=32 if self.span is Span.MONTH else 1))  # by the clocks on its walls

    def open_to(self, verb: Verb, limit: int) -> int:
        """How much of the limit may be used when this verb is what it is used for."""
        return limit if verb in FIRST else limit * (100 - self.kept) // 100
