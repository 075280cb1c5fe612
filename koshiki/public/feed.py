"""What the city said: every publication on every account, a page per day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from koshiki.networks.city_feed import entry_anchor, entry_page
from koshiki.posts.models import Delivery
from koshiki.public.pictures import Picture
from koshiki.register.models import Account

NEWEST, NEWEST_DAYS = 20, 14
SETTLING = timedelta(hours=1)  # an entry of shortly before midnight may be settled after it


@dataclass(frozen=True)
class Place:
    """発信先 — where something was published."""

    account: Account
    url: str
    key: str

    @property
    def anchor(self) -> str:
        return entry_anchor(self.key)

    @property
    def elsewhere(self) -> str:
        """Its address on the service; empty where these pages are the service."""
        return self.url if self.account.url and self.url.startswith(("https://", "http://")) else ""


@dataclass
class Publication:
    """発信 — one content as it appeared, with every account where it did."""

    at: datetime
    title: str
    text: str
    link: str
    pictures: tuple[Picture, ...]
    places: list[Place] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.places[0].key

    @property
    def path(self) -> str:
        """Where it stands, below the public address."""
        return f"{entry_page(self.at)}#{entry_anchor(self.key)}"


@dataclass(frozen=True)
class Month:
    """月 — the days of a month on which the city said something, each with how often."""

    first: date
    days: list[tuple[date, int]]


def sent() -> QuerySet[Delivery]:
    """Everything that was published on an account of the register."""
    return Delivery.objects.filter(state=Delivery.State.SENT, account__in=Account.objects.public())


def days() -> list[tuple[date, int]]:
    """The days on which the city said something, newest first, and how often."""
    counted = sent().annotate(day=TruncDate("sent_at")).values("day").annotate(
        number=Count("approval__revision", distinct=True))
    return list(counted.order_by("-day").values_list("day", "number"))


def newest(number: int) -> list[Publication]:
    """The newest publications of all accounts."""
    return _newest_first(_shown(sent()).order_by("-sent_at", "-pk")[:number * 4])[:number]


def newest_of(account: Account, number: int = 3) -> list[Publication]:
    """The newest publications of one account."""
    return _newest_first(_shown(sent()).filter(account=account).order_by("-sent_at", "-pk")[:number])


def feed_page() -> dict[str, Any]:
    """The newest publications, and the days and years to look further."""
    found = days()
    return {"publications": newest(NEWEST), "days": found[:NEWEST_DAYS],
            "years": list(dict.fromkeys(day.year for day, _ in found))}


def year_page(year: str) -> dict[str, Any] | None:
    """The days of a year on which the city said something; None for a year without."""
    found = [(day, number) for day, number in days() if day.year == int(year)]
    months = [Month(first, list(of)) for first, of in groupby(found, lambda row: row[0].replace(day=1))]
    return {"year": date(int(year), 12, 31), "months": months} if months else None


def day_page(day: str) -> dict[str, Any] | None:
    """All that was said on one day, in the order of its appearance; None for a day without."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return None
    publications = _gathered(_shown(_on(wanted)).order_by("sent_at", "pk"))
    return {"day": wanted, "publications": publications} if publications else None


def published(delivery: Delivery) -> Publication:
    """What a delivery made appear, as it was approved."""
    target = next(t for t in json.loads(delivery.approval.revision.canonical)["targets"]
                  if t["account"] == delivery.account_id)
    content = target["content"]
    return Publication(
        at=delivery.sent_at or delivery.due_at, title=content.get("title", ""), text=content.get("text", ""),
        link=content.get("link", ""), pictures=tuple(_picture(medium) for medium in target["media"]),
        places=[Place(delivery.account, delivery.url, str(delivery.key))],
    )


def _shown(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return deliveries.select_related("approval__revision", "account")


def _on(day: date) -> QuerySet[Delivery]:
    start = timezone.make_aware(datetime.combine(day, time()))
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    named = Q(sent_at__gte=end, sent_at__lt=end + SETTLING, url__contains=f"/feed/{day:%Y-%m-%d}.html#")
    return sent().filter(Q(sent_at__gte=start, sent_at__lt=end) | named)


def _newest_first(deliveries: Iterable[Delivery]) -> list[Publication]:
    return _gathered(reversed(list(deliveries)))[::-1]


def _gathered(deliveries: Iterable[Delivery]) -> list[Publication]:
    """Deliveries with the same content of one revision and day, together; oldest first, which gives the key."""
    found: dict[tuple[Any, ...], Publication] = {}
    for delivery in deliveries:
        one = published(delivery)
        key = (delivery.approval.revision_id, timezone.localdate(one.at), one.title, one.text, one.link)
        if key in found:
            found[key].places += one.places
        else:
            found[key] = one
    return list(found.values())


def _picture(medium: dict[str, Any]) -> Picture:
    return Picture(medium["sha256"], medium["mime"], medium["alt"], medium["width"], medium["height"])
