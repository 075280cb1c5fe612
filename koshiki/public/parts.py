"""分冊 — what was said, in parts of which each makes one page that an old phone takes (under 60 kB).

Parts are counted from the oldest on, so that a full one never changes; only the last of an account or a day grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, FilteredRelation, Func, IntegerField, Q, QuerySet
from django.db.models.functions import Coalesce, Least

from koshiki.posts.models import Delivery

OF_A_DAY, OF_AN_ACCOUNT = 24_000, 40_000  # bytes; on a busy day's first page the others stand too, with a line each
FRAME = 400  # what stands around one text, in bytes
_LONGEST = 12_000


def weighed(deliveries: QuerySet[Delivery]) -> QuerySet[Any]:
    """In the order of their appearance, with how much each takes on a page."""
    content = FilteredRelation("approval__revision__targets", condition=Q(approval__revision__targets__account=F("account")))
    size = Func(F("content__content"), function="octet_length", output_field=IntegerField())
    found = deliveries.annotate(content=content).annotate(weight=Least(Coalesce(size, 0), _LONGEST) + FRAME)
    return found.order_by("sent_at", "pk")


class Counting:
    """分冊の番号 — of one publication after the other; a part that is full is followed by the next."""

    def __init__(self, page: int) -> None:
        self.page, self.number, self._weight = page, 0, 0

    def add(self, weight: int) -> int:
        """The number, from 1, of the part in which it stands."""
        if not self.number or self._weight + weight > self.page:
            self.number, self._weight = self.number + 1, 0
        self._weight += weight
        return self.number


def parted(rows: Iterable[tuple[int, int]], page: int) -> dict[int, list[int]]:
    """The keys of (key, weight), by part; an empty first part where there are none."""
    counting, found = Counting(page), dict[int, list[int]]({1: []})
    for key, weight in rows:
        found.setdefault(counting.add(weight), []).append(key)
    return found
