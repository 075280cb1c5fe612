"""内容の値 — digests of all that the public pages show, by which the static copy knows what to draw anew."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from koshiki.public import feed, register
from koshiki.public.parts import OF_A_DAY, OF_AN_ACCOUNT, Counting, weighed
from koshiki.public.publications import mended_by
from koshiki.register.models import Account, Policy, RegisterPage, Verification

LOOKS = ("templates/public", "templates/components", "locale", "static", "public", "templatetags", "networks")
_SHOWN = ("pk", "state", "service", "name", "handle", "url", "remote_id", "introduction", "image", "listed_at", "division__code",
          "division__name", "division__name_en", "division__telephone")
_SAID = ("account", "day", "approval__revision", "pk", "url", "remote_id", "account__name", "account__service",
         "account__url", "weight")
_DAY = re.compile(r"(?:en/)?feed/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:-([0-9]+))?\.html")
_YEAR = re.compile(r"(?:(?:en/)?feed|check)/([0-9]{4})\.(html|bin)")
_ACCOUNT = re.compile(r"(?:en/)?accounts/([0-9]+)/(index|policy(?:-[0-9]+)?|feed-([0-9]+))\.html")
_REGISTER = re.compile(
    r"(?:en/)?(?:(?:index|about|check|services/\w+)\.html|(?:accounts|accounts\.schema|search)\.json|search\.bin"
    r"|accounts\.csv|trust\.txt|\.well-known/[a-z-]+)")


@dataclass
class Said:
    """発信の値 — of an account or a day: a digest of each part as `parts` has them, and which contents there were."""

    counting: Counting
    parts: list[str] = field(default_factory=list)
    contents: set[int] = field(default_factory=set)

    def add(self, row: tuple[Any, ...], content: int, weight: int) -> None:
        """One more publication, in the order of their appearance."""
        if self.counting.add(weight) > len(self.parts):
            self.parts.append("")
        self.parts[-1] = hashlib.md5(f"{self.parts[-1]}{row}".encode(), usedforsecurity=False).hexdigest()
        self.contents.add(content)


@dataclass(frozen=True)
class Facts:
    """What the pages show: their own looks, the register by account, what was said by account and by day."""

    looks: str
    accounts: Mapping[int, str]
    closed: str
    policies: Mapping[int, Mapping[int, str]]
    said: Mapping[int, Said]
    days: Mapping[date, Said]

    @cached_property
    def digest(self) -> str:
        """Stands for everything."""
        days = [(day, said.parts) for day, said in sorted(self.days.items())]
        return _digest(self.register, sorted(self.policies.items()), days)

    @cached_property
    def register(self) -> str:
        """Stands for the register as a whole."""
        return _digest(self.looks, self.closed, sorted(self.accounts.items()))

    @property
    def years(self) -> list[int]:
        return sorted({day.year for day in self.days}, reverse=True)

    def of(self, path: str) -> str:
        """Stands for the page at `path`; the same as long as the page is."""
        if day := _DAY.fullmatch(path):
            return self._of_day(date.fromisoformat(day[1]), int(day[2] or 1))
        if year := _YEAR.fullmatch(path):
            of_year = [(day, said.parts, len(said.contents)) for day, said in sorted(self.days.items())
                       if day.year == int(year[1])]
            return _digest(self.looks, of_year)
        if account := _ACCOUNT.fullmatch(path):
            return self._of_account(int(account[1]), account[2], int(account[3] or 0))
        if path == "check.json":
            return _digest(self.register, self.years)
        return self.register if _REGISTER.fullmatch(path) else self.digest

    def _of_day(self, day: date, part: int) -> str:
        """The first page names what stands on the others; the next day's first hour may belong to the last."""
        parts = self.days[day].parts if day in self.days else []
        following = self.days[day + timedelta(days=1)].parts[:1] if day + timedelta(days=1) in self.days else []
        return _digest(self.looks, parts if part == 1 else parts[part - 1:part], len(parts), following)

    def _of_account(self, number: int, page: str, part: int) -> str:
        parts = self.said[number].parts if number in self.said else []
        shown = [*parts[-2:], len(parts)] if page == "index" else [*parts[part - 1:part], len(parts)] if part else []
        return _digest(self.looks, self.accounts.get(number, ""), self.policies.get(number, ""), shown)


def facts() -> Facts:
    """As they stand in the database now. The number of queries does not grow with anything."""
    return Facts(_looks(), _accounts(), _closed(), _policies(), *_said())


def _accounts() -> dict[int, str]:
    """Of each account on the register, what its entry shows."""
    seen, found = register.accounts(), defaultdict[int, list[Any]](list)
    for row in _rows(seen):
        found[row[0]].append(row[1:])
    return {number: _digest(rows) for number, rows in found.items()}


def _closed() -> str:
    """Of the accounts that left the register, what is still said of them."""
    return _digest([(row.account.pk, row.account.name, row.address, row.since, row.closed) for row in register.closed()])


def _rows(seen: QuerySet[Account]) -> Iterator[tuple[Any, ...]]:
    yield from seen.order_by("pk").values_list(*_SHOWN)
    yield from RegisterPage.objects.filter(account__in=seen, ended_at=None).order_by("pk").values_list("account", "url")
    yield from Verification.objects.filter(account__in=seen).order_by("pk").values_list("account", "granted_on")


def _policies() -> dict[int, dict[int, str]]:
    """Of each account, its versions in their order with what stands for each; what changed stays once it is in force."""
    complete = Policy.objects.filter(account__in=register.accounts(), completed_at__isnull=False)
    found = defaultdict[int, dict[int, str]](dict)
    for account, version, digest, since in complete.order_by("account", "version").values_list(
            "account", "version", "digest", "in_force_from"):
        found[account][version] = f"{digest} {since}"
    return dict(found)


def _said() -> tuple[dict[int, Said], dict[date, Said]]:
    """What was published, by account and by day, in one walk."""
    by_account = defaultdict[int, Said](lambda: Said(Counting(OF_AN_ACCOUNT)))
    mended = mended_by()
    by_day = defaultdict[date, Said](lambda: Said(Counting(OF_A_DAY)))
    for row in weighed(feed.sent()).annotate(day=TruncDate("sent_at")).values_list(*_SAID).iterator(10_000):
        account, day, content, *shown, weight = row
        shown += mended.get(shown[0], [])
        by_account[account].add(tuple(shown), content, weight)
        by_day[day].add(tuple(shown), content, weight)
    return dict(by_account), dict(by_day)


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
