"""掲載 — the public register (§6(3)イ): which accounts are the city's, and under which policy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop, override
from django.utils.translation import gettext as _

from koshiki.guideline import Way, guideline
from koshiki.networks import SERVICES, service_label
from koshiki.posts.models import Delivery
from koshiki.public import pictures
from koshiki.public.parts import OF_AN_ACCOUNT, parted, weighed
from koshiki.public.publications import gathered, read, sent
from koshiki.register.address import account_address, the_citys_own
from koshiki.register.models import Account, Policy
from koshiki.register.policy import shown_items

ACCOUNT = re.compile(
    r"accounts/(?P<number>[1-9][0-9]{0,17})/"
    r"(?P<page>index|policy(?:-(?P<version>[1-9][0-9]{0,4}))?|feed-(?P<part>[1-9][0-9]{0,5}))\.html")
NEWEST = 3  # on an account's own page
EARLIER = 20  # versions named on a policy's page; those before them stand on the last one's page
WITH_INTRODUCTIONS, ON_ONE_PAGE = 60, 200  # accounts; a page stays under 60 kB (an old phone in bright sun)
# Services whose names are words of a language.
NAMED_IN_JAPANESE = (gettext_noop("市の発信一覧"), gettext_noop("X（旧Twitter）"), gettext_noop("ブログ（WordPress）"))


@dataclass(frozen=True)
class Listed:
    """掲載事項 — what citizens read of one account; never a staff member's name."""

    account: Account

    @property
    def official(self) -> bool:
        """Has it gone through the whole opening?"""
        return self.account.state == Account.State.OFFICIAL

    @property
    def verified(self) -> bool:
        """Does the newest finding say that the service has verified the account? (§6(3)エ)"""
        newest = next(iter(self.account.verifications.all()), None)
        return newest is not None and newest.granted_on is not None

    @property
    def service(self) -> str:
        """The service's name in the page's language."""
        return _(service_label(self.account.service))

    @property
    def division(self) -> str:
        """The division's name in the page's language."""
        division = self.account.division
        return division.name_en if get_language() == "en" and division.name_en else division.name

    @property
    def since(self) -> date | None:
        """The day on which it came on the register."""
        return timezone.localdate(self.account.listed_at) if self.account.listed_at else None

    @property
    def address(self) -> str:
        """The full address of the account, with which another's is compared; empty if it is none of the web."""
        return web_address(account_address(self.account))

    @property
    def on_these_pages(self) -> bool:
        """Does the account live on the city's own pages?"""
        return the_citys_own(self.account)

    @property
    def page(self) -> str:
        """Its page's path below the public address; it never changes."""
        return f"accounts/{self.account.pk}/"

    @property
    def face(self) -> str:
        """The file of its image as shown; empty if it has none."""
        return pictures.small_name(self.account.image, pictures.FACE) if self.account.image else ""


@dataclass(frozen=True)
class Section:
    """区分 — the accounts on one service, and how many they are where they stand on a page of their own."""

    key: str
    label: str
    accounts: list[Listed]
    number: int


_KEPT: ContextVar[dict[str, list[Listed]] | None] = ContextVar("listed", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Within it the list is read once, however many pages are drawn of it: those of one copy."""
    outside = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(outside)


def listed() -> list[Listed]:
    """Every account on the register, by service, then by division."""
    kept = _KEPT.get()
    if kept is None:
        return _listed()
    if "all" not in kept:
        kept["all"] = _listed()
    return kept["all"]


def _listed() -> list[Listed]:
    order = {key: place for place, key in enumerate(SERVICES)}
    rows = accounts().order_by("division__code", "pk")
    return [Listed(account) for account in sorted(rows, key=lambda account: order.get(account.service, len(order)))]


@dataclass(frozen=True)
class Closed:
    """廃止したアカウント — what is still said of one that was on the register: that it was the city's, and until when."""

    account: Account
    closed: date

    @property
    def since(self) -> date | None:
        """The day on which it came on the register."""
        return timezone.localdate(self.account.listed_at) if self.account.listed_at else None

    @property
    def address(self) -> str:
        """Compared with what is asked for; no page leads there any more."""
        return web_address(account_address(self.account)) if not the_citys_own(self.account) else ""


def closed() -> list[Closed]:
    """The accounts that were on the register, the last to leave it first; each as of the day of its delisting (§7(2))."""
    gone: QuerySet[Any] = Account.objects.once_public().select_related("division").filter(
        closings__delisted_at__isnull=False).annotate(delisted=F("closings__delisted_at"))
    return [Closed(account, timezone.localdate(account.delisted)) for account in gone.order_by("-delisted", "-pk")]


def was_there(path: str) -> bool:
    """Did the page of an account that is no longer on the register stand at this path? (§7(2))"""
    match = re.match(r"(?:en/)?accounts/([1-9][0-9]{0,17})(?:/|$)", path)
    return match is not None and Account.objects.once_public().filter(pk=match[1]).exists()


def by_service(rows: Iterable[Listed]) -> list[tuple[str, str, list[Listed]]]:
    """The accounts under the key and name of each service."""
    return [(*service, list(group)) for service, group in groupby(rows, lambda row: (row.account.service, row.service))]


def numbers() -> list[int]:
    """The numbers of the accounts that have a page."""
    return list(Account.objects.public().order_by("pk").values_list("pk", flat=True))


def numbers_with_policy() -> list[int]:
    """The numbers of the accounts whose policy has a page: those with a completed version (§6(2))."""
    complete = Account.objects.public().filter(policies__completed_at__isnull=False)
    return list(complete.order_by("pk").values_list("pk", flat=True).distinct())


def accounts() -> QuerySet[Account]:
    """The accounts on the register with all that their entries show."""
    found = Account.objects.public().select_related("division").prefetch_related("verifications")
    return found.prefetch_related("register_pages") if guideline().way is Way.FRAGMENT else found


def in_each_language(service: str) -> list[str]:
    """The service's name in Japanese and in English, for what both languages' pages read."""
    found = []
    for language in ("ja", "en"):
        with override(language):
            found.append(_(service_label(service)))
    return found


def web_address(url: str) -> str:
    """The address if it leads to a page of the web; else nothing that a page may link to."""
    return url if url.lower().startswith(("https://", "http://")) else ""


def register_page() -> dict[str, Any]:
    rows = listed()
    return {"introductions": len(rows) <= WITH_INTRODUCTIONS, **in_sections(rows)}


def in_sections(rows: Sequence[Listed]) -> dict[str, Any]:
    """The list by service; of many accounts only the services with how many, since each has a page of its own."""
    many = len(rows) > ON_ONE_PAGE
    found = [Section(key, label, [] if many else accounts, len(accounts)) for key, label, accounts in by_service(rows)]
    return {"sections": found, "many": many, "count": len(rows)}


def service_page(service: str) -> dict[str, Any] | None:
    """The accounts on one service, with their full addresses, by division; None where the city has none."""
    rows = [row for row in listed() if row.account.service == service]
    if not rows:
        return None
    return {"label": rows[0].service, "divisions": [
        (name, list(group)) for name, group in groupby(rows, attrgetter("division"))]}


def services() -> list[str]:
    """The services on which the city has accounts."""
    return list(Account.objects.public().order_by("service").values_list("service", flat=True).distinct())


# ---------------------------------------------------------------- an account's own pages


def account_pages(paths: Collection[str]) -> dict[str, dict[str, Any]]:
    """Entry, policy and publications of accounts, for the pages at `paths` that there are."""
    asked = {path: match for path in paths if (match := ACCOUNT.fullmatch(path))}
    complete = Prefetch("policies", Policy.objects.filter(completed_at__isnull=False).select_related("change").order_by(
        "-version"), "complete")
    shown = accounts().filter(pk__in={int(match["number"]) for match in asked.values()}).prefetch_related(complete)
    known: dict[int, Any] = {account.pk: account for account in shown}
    pages = _pages_of(known)
    found = {path: context for path, match in asked.items() if (account := known.get(int(match["number"])))
             and (context := _context(account, match, pages[account.pk]))}
    said = read(Delivery.objects.filter(pk__in={key for context in found.values() for key in context["keys"]}))
    for context in found.values():
        context["publications"] = gathered(said[key] for key in context.pop("keys"))[::-1]
    return found


def _pages_of(known: Collection[int]) -> dict[int, dict[int, list[int]]]:
    """What was published on these accounts, by the page on which it stands."""
    by_account = defaultdict[int, list[tuple[int, int]]](list)
    for number, key, weight in weighed(sent().filter(account__in=known)).values_list("account", "pk", "weight"):
        by_account[number].append((key, weight))
    return {number: parted(by_account[number], OF_AN_ACCOUNT) for number in known}


def _context(account: Any, match: re.Match[str], pages: dict[int, list[int]]) -> dict[str, Any] | None:
    policy: Policy | None = next(iter(account.complete), None)
    common = {"listed": Listed(account), "account": account, "policy": policy, "parts": len(pages), "keys": ()}
    if match["page"] == "index":
        return {**common, "keys": [key for keys in pages.values() for key in keys][-NEWEST:]}
    if match["page"].startswith("policy"):
        version = _version(account.complete, match["version"])
        return {**common, **version} if version else None
    keys = pages.get(int(match["part"]))
    return {**common, "part": int(match["part"]), "keys": keys} if keys else None


def _version(complete: list[Policy], asked: str | None) -> dict[str, Any] | None:
    """The version in force, or an earlier one; with what it changed, what followed it, and those before it (§別紙1-3)."""
    place = next((n for n, policy in enumerate(complete) if asked is None or (n and policy.version == int(asked))), None)
    if place is None:
        return None
    return {"policy": complete[place], "items": shown_items(complete[place]), "after": complete[place - 1] if place else None,
            "earlier": complete[place + 1:place + 1 + EARLIER]}
