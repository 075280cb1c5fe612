"""What goes out, as one canonical text and its digest: an approval binds exactly this (§8(1)).

The canonical text holds per target the content as its service's adapter declares it, the SHA-256 of the very
bytes of each image and film as that service gets them, their alt texts, the addresses in the texts, the time and the
配信期限. It also names the post and the number of the revision, so that no two revisions share a digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from koshiki import store
from koshiki.audit.log import canonical
from koshiki.guideline import Refused, guideline
from koshiki.networks import SERVICES, means
from koshiki.networks.base import Content, HandsOver, Link, Media, Network, Threads
from koshiki.posts.models import Delivery, Medium, Post, Rendition, Revision, Way
from koshiki.register.models import Account
from koshiki.text import BadText, clean, links, outside
from koshiki.text import Link as Address


class Altered(Exception):
    """What is stored is no longer what was approved: it must not go out."""


@dataclass(frozen=True)
class Attached:
    """添付 — a medium with its alt text."""

    medium: Medium
    alt: str


@dataclass(frozen=True)
class Correcting:
    """訂正すること — the post in which something is wrong, and how it is put right on each target (§8(3))."""

    wrong: Post
    ways: Mapping[Account, str]


@dataclass(frozen=True)
class Draft:
    """下書きの内容 — all that an author writes at once; `contents` in the order of the targets.

    `reasons`: for each address outside the city's domains, why it is linked (§8(4)). `correcting`: of a correction.
    `answers`: of each finding that is to stay, by its key, why.
    """

    title: str
    basis: str
    contents: Mapping[Account, Content]
    media: Sequence[Attached] = ()
    due_at: datetime | None = None
    expires_after: int = 30
    reasons: Mapping[str, str] = field(default_factory=dict)
    correcting: Correcting | None = None
    answers: Mapping[str, str] = field(default_factory=dict)

    def way(self, account: Account) -> str:
        """How a correction puts it right there; empty for any other post."""
        return self.correcting.ways.get(account, "") if self.correcting else ""

    def cleaned(self) -> Draft:
        """The same with every text in NFC. Raises Refused K-text."""
        try:
            contents = {a: {k: clean(v) for k, v in c.items()} for a, c in self.contents.items()}
            media = [Attached(m.medium, clean(m.alt).strip()) for m in self.media]
            reasons = {url: clean(why).strip() for url, why in self.reasons.items() if why.strip()}
            answers = {key: clean(why).strip() for key, why in self.answers.items() if why.strip()}
            title, basis = clean(self.title).strip(), clean(self.basis).strip()
        except BadText as bad:
            raise Refused("K-text", bad.message) from bad
        return replace(self, title=title, basis=basis, contents=contents, media=media, reasons=reasons,
                       answers=answers)


@dataclass(frozen=True)
class GoingOut:
    """What goes to one account at once, read from what was approved."""

    content: dict[str, str]
    media: tuple[Media, ...]


def service_of(account: Account) -> Network:
    """The account's service with the limits of its server; without secrets.

    Raises KeyError for a service that koshiki doesn't know. Prefetch `connections` where there are many.
    """
    live = next((c for c in account.connections.all() if c.ended_at is None), None)
    facts = json.loads(live.server) if live else {}
    if (kind := means(account.service, connected=live is not None)) is None:
        raise KeyError(f"no means to reach {account.service}")
    return kind(Link(account=str(account.pk), server=str(facts.get("server", "")), facts=facts))


def publishes(account: Account) -> bool:
    """Can posts be written for this account: does koshiki publish to its service, or a person by hand-over?"""
    return means(account.service, connected=False) is not None


def by_hand(account: Account) -> HandsOver | None:
    """The account's service where a person posts, for want of a connection; None where koshiki publishes."""
    if account.service not in SERVICES or SERVICES[account.service].by_hand is None:
        return None  # whether it is connected need not be asked
    service = service_of(account)
    return service if isinstance(service, HandsOver) else None


def handed_over(row: Delivery) -> HandsOver | None:
    """The delivery's service where it was approved that a person posts, whatever the account is connected to since."""
    kind = SERVICES[row.account.service].by_hand if row.by_hand and row.account.service in SERVICES else None
    return kind(Link(account=str(row.account_id))) if kind else None


def addresses(contents: Iterable[Content]) -> list[Address]:
    """The addresses in the texts, in order, each once."""
    return list(dict.fromkeys(link for content in contents for value in content.values() for link in links(value)))


def outside_addresses(contents: Iterable[Content]) -> list[Address]:
    """Those that lead to pages of others than the city (§8(4))."""
    return outside(addresses(contents), guideline().city["domains"])


Renditions = Mapping[Account, Sequence[tuple[Rendition, str]]]


def canonical_of(post_id: int, number: int, draft: Draft, renditions: Renditions,
                 wrong: Mapping[int, Sequence[Delivery]] | None = None) -> str:
    """The one text that stands for all that would go out; `wrong`: what a correction puts right, by account."""
    return canonical({
        "post": post_id,
        "revision": number,
        "due_at": draft.due_at.astimezone(UTC).isoformat() if draft.due_at else "",
        "expires_after": draft.expires_after,
        "addresses": [link.url for link in addresses(draft.contents.values())],
        "targets": [_target(account, content, renditions[account]) | _way(draft.way(account), (wrong or {}).get(account.pk, ()))
                    for account, content in draft.contents.items()],
    })


def segments_of(service: Network, content: Content) -> list[Content]:
    """The posts that the content becomes on this service: several, where it is a thread there."""
    return service.segments(content) if isinstance(service, Threads) else [content]


def _target(account: Account, content: Content, media: Sequence[tuple[Rendition, str]]) -> dict[str, Any]:
    service = service_of(account)
    kept = json.loads(service.canonical(content))
    return {
        "account": account.pk,
        "service": account.service,
        "by_hand": int(isinstance(service, HandsOver)),
        "content": kept,
        "segments": [json.loads(service.canonical(segment)) for segment in segments_of(service, kept)],
        "media": [_medium(rendition, alt) for rendition, alt in media],
    }


def _way(way: str, wrong: Sequence[Delivery]) -> dict[str, Any]:
    """What is edited, deleted or answered is approved as well; of any other post there is nothing to say."""
    return {"way": way, "wrong": [row.pk for row in wrong]} if way else {}


def _medium(rendition: Rendition, alt: str) -> dict[str, Any]:
    kept = rendition.kept
    film = {"milliseconds": kept.milliseconds, "poster": kept.poster} if kept.is_film else {}
    return {"sha256": kept.sha256, "mime": kept.mime, "alt": alt, "width": kept.width, "height": kept.height,
            "size": kept.size, **film}


def is_film(medium: Mapping[str, Any]) -> bool:
    """Of a medium as it stands in the canonical text."""
    return str(medium["mime"]).startswith("video/")


def digest_of(text: str) -> str:
    """The digest that an approval binds."""
    return hashlib.sha256(text.encode()).hexdigest()


def going_out(revision: Revision, account: Account, segment: int = 0) -> GoingOut:
    """What goes to the account: from the canonical text, which must match its digest, with files that are whole.

    Of a thread the post at place `segment`; media go with its first. Nothing where something is only taken down.
    Raises Altered. A revision's approval must be compared with `revision.digest` by the caller.
    """
    target = _approved_target(revision, account)
    if not (segments := approved_segments(target)):
        return GoingOut({}, ())
    content = segments[segment]
    if segment:
        return GoingOut(content, ())
    media = tuple(_media(item) for item in target["media"])
    for item in target["media"]:
        if not store.whole(item["sha256"]):
            raise Altered("承認された画像や動画のファイルが、変わっているか、なくなっています。")
    return GoingOut(content, media)


def _media(item: Mapping[str, Any]) -> Media:
    return Media(store.path(item["sha256"]), item["mime"], item["alt"], item["width"], item["height"],
                 item.get("milliseconds", 0) / 1000)


def approved_segments(target: Mapping[str, Any]) -> list[dict[str, str]]:
    """The posts of a target, in order, out of the canonical text; none where something is only taken down.

    Earlier versions of koshiki knew no threads.
    """
    if target.get("way") == Way.TAKE_DOWN:
        return []
    found: list[dict[str, str]] = target.get("segments") or [target["content"]]
    return found


def targets_in(revision: Revision) -> list[dict[str, Any]]:
    """The targets as they stand in the canonical text. Raises Altered."""
    if digest_of(revision.canonical) != revision.digest:
        raise Altered("承認された内容が書き換えられています。")
    found: list[dict[str, Any]] = json.loads(revision.canonical)["targets"]
    return found


def pictured(revision: Revision) -> bool:
    """Do images or films go out with it? Where not, nobody need ask for them."""
    return any(target["media"] for target in json.loads(revision.canonical)["targets"])


def _approved_target(revision: Revision, account: Account) -> dict[str, Any]:
    for target in targets_in(revision):
        if target["account"] == account.pk:
            return target
    raise Altered("このアカウントは、承認された発信先にありません。")
