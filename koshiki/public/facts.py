"""内容の値 — digests of all that the public pages show, by which the static copy knows what to draw anew."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
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
from koshiki.register.models import Policy, RegisterPage, Verification

LOOKS = ("templates/public", "templates/components", "locale", "static", "public", "templatetags")
_SHOWN = ("pk", "state", "service", "name", "handle", "url", "introduction", "image", "listed_at", "division__code",
          "division__name", "division__name_en", "division__telephone")
_DAY = re.compile(r"(?:en/)?feed/([0-9]{4}-[0-9]{2}-[0-9]{2})\.html")
_CHECK = re.compile(r"check/([0-9]{4})\.bin")
_ACCOUNT = re.compile(r"(?:en/)?accounts/([0-9]+)/(index|policy)\.html")


@dataclass(frozen=True)
class Facts:
    """What the pages show: `ground` lies under every page; policies and what was said by account; what was said by day."""

    ground: str
    policies: Mapping[int, str]
    said: Mapping[int, str]
    days: Mapping[date, str]

    @property
    def digest(self) -> str:
        """Stands for everything."""
        return _digest(self.ground, *(sorted(part.items()) for part in (self.policies, self.days)))

    def of(self, path: str) -> str:
        """Stands for the page of a day or an account, or for a year of the check's index; empty for any other."""
        if day := _DAY.fullmatch(path):
            first = date.fromisoformat(day[1])  # the next day's first hour may belong to it
            return _digest(self.ground, self.days.get(first, ""), self.days.get(first + timedelta(days=1), ""))
        if check := _CHECK.fullmatch(path):
            return _digest(self.ground, [row for row in sorted(self.days.items()) if row[0].year == int(check[1])])
        if account := _ACCOUNT.fullmatch(path):
            number = int(account[1])
            said = self.said.get(number, "") if account[2] == "index" else ""
            return _digest(self.ground, self.policies.get(number, ""), said)
        return ""


def facts() -> Facts:
    """As they stand in the database now."""
    return Facts(_digest(_looks(), *_accounts()), _policies(), _said("account"), _said("day"))


def _accounts() -> Iterable[Any]:
    seen = register.accounts()
    yield from seen.order_by("pk").values_list(*_SHOWN)
    yield from RegisterPage.objects.filter(account__in=seen, ended_at=None).order_by("account").values_list("account", "url")
    yield from Verification.objects.filter(account__in=seen).order_by("pk").values_list("account", "granted_on")


def _policies() -> dict[int, str]:
    complete = Policy.objects.filter(account__in=register.accounts(), completed_at__isnull=False)
    return {account: f"{version} {digest} {since}" for account, version, digest, since in complete.order_by(
        "account", "version").values_list("account", "version", "digest", "in_force_from")}


def _said(by: str) -> dict[Any, str]:
    row = Concat(Cast("pk", CharField()), Value(" "), "url", output_field=CharField())
    grouped = feed.sent().annotate(day=TruncDate("sent_at")).order_by().values(by)
    return dict(grouped.annotate(said=MD5(StringAgg(row, ",", order_by="pk"))).values_list(by, "said"))


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
