"""内容の値 — digests of all that the public pages show, by which the static copy knows what to draw anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import CharField, Value
from django.db.models.functions import MD5, Cast, Concat, TruncDate

from koshiki.public import feed, register
from koshiki.register.models import Policy, Verification

LOOKS = ("templates/public", "templates/components", "locale", "static", "public", "templatetags")
_ACCOUNT = ("pk", "state", "service", "name", "handle", "url", "introduction", "image", "listed_at", "division__code",
            "division__name", "division__name_en", "division__telephone")


@dataclass(frozen=True)
class Facts:
    """What the pages show: `ground` lies under every page, `days` is what was said, day by day."""

    ground: str
    policies: str
    days: dict[date, str]

    @property
    def digest(self) -> str:
        """Stands for everything."""
        return _digest(self.ground, self.policies, *(f"{day} {said}" for day, said in sorted(self.days.items())))

    def of_day(self, day: date) -> str:
        """Stands for one day's page; the next day's first hour may belong to it."""
        return _digest(self.ground, self.days.get(day, ""), self.days.get(day + timedelta(days=1), ""))


def facts() -> Facts:
    """As they stand in the database now."""
    return Facts(_digest(_looks(), *_accounts()), _digest(*_policies()), _days())


def _accounts() -> Iterable[Any]:
    seen = register.accounts()
    yield from seen.order_by("pk").values_list(*_ACCOUNT)
    yield from Verification.objects.filter(account__in=seen).order_by("pk").values_list("account", "granted_on")


def _policies() -> Iterable[Any]:
    complete = Policy.objects.filter(account__in=register.accounts(), completed_at__isnull=False)
    yield from complete.order_by("pk").values_list("account", "version", "digest", "completed_at", "in_force_from")


def _days() -> dict[date, str]:
    row = Concat(Cast("pk", CharField()), Value(" "), "url", output_field=CharField())
    by_day = feed.sent().annotate(day=TruncDate("sent_at")).order_by().values("day")
    return dict(by_day.annotate(said=MD5(StringAgg(row, ",", order_by="pk"))).values_list("day", "said"))


@lru_cache
def _looks() -> str:
    """The pages' own form: templates, words, style, the city; a new version of koshiki draws everything anew."""
    home = Path(__file__).parents[1]
    files = sorted(path for name in LOOKS for path in (home / name).rglob("*") if path.suffix not in ("", ".pyc"))
    bytes_of = [path.read_bytes() for path in (*files, Path(settings.KOSHIKI_GUIDELINE)) if path.is_file()]
    here = [settings.KOSHIKI_PUBLIC_URL, str(settings.KOSHIKI_SAMPLE)]
    return _digest(*here, *(hashlib.sha256(content).hexdigest() for content in bytes_of))


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, default=str, ensure_ascii=False).encode()).hexdigest()
