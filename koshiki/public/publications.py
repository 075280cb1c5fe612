"""発信 — what appeared, as it was approved: read many at once, since the static copy draws thousands."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
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

_READ = ("pk", "key", "url", "sent_at", "due_at", "account", "approval__revision", "approval__revision__canonical",
         "wrong__sent_at", "wrong__key", "wrong__approval__revision")
_MENDED = ("wrong", "verb", "sent_at", "key", "approval__revision")


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


@dataclass(frozen=True)
class Tie:
    """訂正のつながり — the other one of what was wrong and what puts it right: when, and where it stands (§8(3))."""

    at: datetime
    key: str = field(compare=False)
    revision: int

    @property
    def path(self) -> str:
        return f"{entry_page(self.at)}#{entry_anchor(self.key)}"


@dataclass
class Publication:
    """発信 — one content as it appeared, with every account where it did.

    `corrects` and `corrected`: what it puts right, and what puts it right. `gone`: since when it was deleted; what was
    deleted is named, and not shown.
    """

    at: datetime
    revision: int
    title: str
    text: str
    link: str
    pictures: tuple[Picture, ...]
    places: list[Place] = field(default_factory=list)
    corrects: Tie | None = None
    corrected: tuple[Tie, ...] = ()
    gone: datetime | None = None

    @property
    def moved(self) -> datetime:
        """When last something about it changed."""
        return max([self.at, *(tie.at for tie in self.corrected), *([self.gone] if self.gone else [])])

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
    """Every post that appeared on an account of the register, each of a thread's too: what an address is looked for in.

    Also what was deleted since: its address was the city's.
    """
    out = Delivery.objects.filter(state=Delivery.State.SENT, account__in=Account.objects.public())
    return out.exclude(verb=Delivery.Verb.DELETE)


def sent() -> QuerySet[Delivery]:
    """Everything that was published there; a thread once, by its first post."""
    return posted().filter(segment=0)


def published(delivery: Delivery) -> Publication:
    """What a delivery made appear, as it was approved."""
    return read(Delivery.objects.filter(pk=delivery.pk))[delivery.pk]


def read(deliveries: QuerySet[Delivery]) -> dict[int, Publication]:
    """What each of the deliveries made appear, by their keys: three queries, however many they are."""
    rows = list(deliveries.order_by().values_list(*_READ))
    accounts = Account.objects.in_bulk({row[5] for row in rows})
    mended = mended_by([row[0] for row in rows])
    return {row[0]: _as_it_is_now(_publication(accounts[row[5]], *row[1:]), mended.get(row[0], ())) for row in rows}


def mended_by(keys: Collection[int] | None = None) -> dict[int, list[tuple[Any, ...]]]:
    """What was done to put these publications right, or all of them: verb, when, key and revision of each."""
    done = Delivery.objects.filter(state=Delivery.State.SENT, wrong__isnull=False, segment=0)
    found: dict[int, list[tuple[Any, ...]]] = {}
    if keys is None or keys:
        of = done if keys is None else done.filter(wrong__in=keys)
        for wrong, *what in of.order_by("sent_at", "pk").values_list(*_MENDED):
            found.setdefault(wrong, []).append(tuple(what))
    return found


def _as_it_is_now(publication: Publication, mended: Iterable[tuple[Any, ...]]) -> Publication:
    """Marked as corrected; of what was deleted nothing is shown any more."""
    gone = [at for verb, at, *_ in mended if verb == Delivery.Verb.DELETE]
    publication.corrected = tuple(Tie(at, str(key), number) for verb, at, key, number in mended if verb != Delivery.Verb.DELETE)
    return replace(publication, gone=gone[-1], title="", text="", link="", pictures=()) if gone else publication


def _publication(account: Account, *row: Any) -> Publication:
    key, url, sent_at, due_at, number, revision, canonical, *wrong = row
    target = next(t for t in json.loads(canonical)["targets"] if t["account"] == number)
    content = target["content"]
    return Publication(
        at=sent_at or due_at, revision=revision, title=content.get("title", ""), text=content.get("text", ""),
        link=content.get("link", ""), pictures=tuple(_picture(medium) for medium in target["media"]),
        places=[Place(account, url, str(key))], corrects=Tie(wrong[0], str(wrong[1]), wrong[2]) if wrong[0] else None,
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
        key = (one.revision, local_day(one.at), one.title, one.text, one.link, one.gone is None,
               one.corrects and one.corrects.revision, *(tie.revision for tie in one.corrected))
        if key in found:
            found[key].places += one.places
        else:
            found[key] = one
    return list(found.values())
