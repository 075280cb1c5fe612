"""発信 — what appeared, as it was approved: read many at once, since the static copy draws thousands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from koshiki.calendar import local_day
from koshiki.networks.city_feed import entry_anchor, entry_page
from koshiki.posts.content import is_film
from koshiki.posts.models import Delivery
from koshiki.public.pictures import POSTER, Picture
from koshiki.register.models import Account
from koshiki.templatetags.prose import linked

_READ = ("pk", "key", "url", "sent_at", "due_at", "account", "approval__revision", "approval__revision__canonical")


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
    revision: int
    title: str
    text: str
    link: str
    pictures: tuple[Picture, ...]
    places: list[Place] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.places[0].key

    @property
    def headline(self) -> str:
        """Its title, else its first words."""
        return self.title or self.text.strip().split("\n", 1)[0]

    @property
    def path(self) -> str:
        """Where it stands, below the public address."""
        return f"{entry_page(self.at)}#{entry_anchor(self.key)}"

    @cached_property
    def html(self) -> SafeString:
        """The text with its links, drawn once for all pages on which it stands."""
        return linked(self.text)


def posted() -> QuerySet[Delivery]:
    """Every post that appeared on an account of the register, each of a thread's too: what an address is looked for in."""
    return Delivery.objects.filter(state=Delivery.State.SENT, account__in=Account.objects.public())


def sent() -> QuerySet[Delivery]:
    """Everything that was published there; a thread once, by its first post."""
    return posted().filter(segment=0)


def published(delivery: Delivery) -> Publication:
    """What a delivery made appear, as it was approved."""
    return read(Delivery.objects.filter(pk=delivery.pk))[delivery.pk]


def read(deliveries: QuerySet[Delivery]) -> dict[int, Publication]:
    """What each of the deliveries made appear, by their keys: two queries, however many they are."""
    rows = list(deliveries.order_by().values_list(*_READ))
    accounts = Account.objects.in_bulk({row[5] for row in rows})
    return {row[0]: _publication(accounts[row[5]], *row[1:]) for row in rows}


def _publication(account: Account, *row: Any) -> Publication:
    key, url, sent_at, due_at, number, revision, canonical = row
    target = next(t for t in json.loads(canonical)["targets"] if t["account"] == number)
    content = target["content"]
    return Publication(
        at=sent_at or due_at, revision=revision, title=content.get("title", ""), text=content.get("text", ""),
        link=content.get("link", ""), pictures=tuple(_picture(medium) for medium in target["media"]),
        places=[Place(account, url, str(key))],
    )


def _picture(medium: dict[str, Any]) -> Picture:
    width, height = medium["width"], medium["height"]
    if is_film(medium):
        return Picture(medium["poster"], POSTER, f"動画：{medium['alt']}", width, height)
    return Picture(medium["sha256"], medium["mime"], medium["alt"], width, height)


def gathered(publications: Iterable[Publication]) -> list[Publication]:
    """Those with the same content of one revision and day, together; oldest first, which gives the key."""
    found: dict[tuple[Any, ...], Publication] = {}
    for one in publications:
        key = (one.revision, local_day(one.at), one.title, one.text, one.link)
        if key in found:
            found[key].places += one.places
        else:
            found[key] = one
    return list(found.values())
