"""これは公式ですか — what koshiki can tell about an address that a citizen saw, and what it can't.

Only an account's address, or the address of a post that koshiki published, can be found to be the city's.
A name proves nothing: every impostor bears it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q

from koshiki.networks.addresses import Address, Kind, read_address
from koshiki.posts.models import Delivery
from koshiki.public import feed
from koshiki.public.register import Listed, by_service, listed
from koshiki.text import BadText, clean

CANDIDATES = 1000


class Verdict(StrEnum):
    """回答 — what can be said of what was asked."""

    OFFICIAL = "official"
    LISTED = "listed"
    NOT_LISTED = "not_listed"
    NAME = "name"
    PUBLISHED = "published"
    UNKNOWN_POST = "unknown_post"
    SHORT = "short"
    NO_ADDRESS = "no_address"


TONES = {
    Verdict.OFFICIAL: "success", Verdict.PUBLISHED: "success", Verdict.LISTED: "info", Verdict.NAME: "warning",
    Verdict.NOT_LISTED: "warning", Verdict.UNKNOWN_POST: "warning", Verdict.SHORT: "warning",
    Verdict.NO_ADDRESS: "info",
}


@dataclass(frozen=True)
class Answer:
    """回答 — one verdict, with the city's accounts to compare with, and, of a post, what was published."""

    verdict: Verdict
    accounts: Sequence[Listed] = ()
    host: str = ""
    publication: feed.Publication | None = None

    @property
    def tone(self) -> str:
        return TONES[self.verdict]


def check_page(q: str | None = None) -> dict[str, Any]:
    """The form, the answer to `q`, and the whole list. None where nobody answers: in the static copy."""
    rows = listed()
    asked = (q or "").strip()
    return {"live": q is not None, "q": _echo(asked), "answer": answer(asked, rows) if asked else None,
            "services": by_service(rows)}


def answer(asked: str, rows: Sequence[Listed]) -> Answer:
    """What can be said of this text, given the accounts on the register."""
    address = read_address(asked)
    match address.kind:
        case Kind.SHORT:
            return Answer(Verdict.SHORT, host=address.host)
        case Kind.NAME:
            return Answer(Verdict.NAME, _of_name(address.key, rows))
        case Kind.NONE:
            return Answer(Verdict.NO_ADDRESS, host=address.host)
    if delivery := _delivery(address):
        return Answer(Verdict.PUBLISHED, [Listed(delivery.account)], publication=feed.published(delivery))
    if address.kind is Kind.POST:
        return Answer(Verdict.UNKNOWN_POST, _of_service(address.service, rows), address.host)
    return _account(address, rows)


def _account(address: Address, rows: Sequence[Listed]) -> Answer:
    same = [row for row in rows if address.key and read_address(row.address).key == address.key]
    if not same:
        return Answer(Verdict.NOT_LISTED, _of_service(address.service, rows), address.host)
    official = [row for row in same if row.official]
    return Answer(Verdict.OFFICIAL if official else Verdict.LISTED, official or same)


def _delivery(address: Address) -> Delivery | None:
    """What koshiki published under this address: told by service and remote id, never by the handle in it."""
    tail = re.split(r"[/:#=]", address.key)[-1]
    if not tail or "\0" in tail:
        return None
    alike = feed.sent().filter(Q(remote_id__iexact=tail) | Q(url__iendswith=tail))
    found = alike.select_related("approval__revision", "account__division").order_by("-pk")[:CANDIDATES]
    return next((delivery for delivery in found if address.key in _keys(delivery)), None)


def _keys(delivery: Delivery) -> tuple[str, str]:
    return read_address(delivery.url).key, f"{delivery.account.service}:post/{delivery.remote_id}"


def _of_service(service: str, rows: Iterable[Listed]) -> list[Listed]:
    return [row for row in rows if service and row.account.service == service]


def _of_name(name: str, rows: Iterable[Listed]) -> list[Listed]:
    wanted = _folded(name.partition("@")[0])
    return [row for row in rows if wanted and any(
        word and (wanted in word or word in wanted)
        for word in (_folded(row.account.name), _folded(row.account.handle.lstrip("@").partition("@")[0])))]


def _folded(name: str) -> str:
    return re.sub(r"[\s　]", "", unicodedata.normalize("NFKC", name)).casefold()


def _echo(asked: str) -> str:
    """What was typed, without what would hide or reorder it on the page."""
    try:
        return clean(asked)
    except BadText:
        return "".join(char for char in asked if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn"))
