"""これは公式ですか — what koshiki can tell about an address that a citizen saw, and what it can't.

Only an account's address, or the address of a post that koshiki published, can be found to be the city's.
A name proves nothing: every impostor bears it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import Q

from koshiki.networks.address_rules import RULES
from koshiki.networks.addresses import Address, Kind, lowered, read_address
from koshiki.posts.models import Delivery
from koshiki.public import feed
from koshiki.public.register import Listed, closed, in_sections, listed
from koshiki.register.models import Account
from koshiki.text import BadText, clean

CANDIDATES = 1000
SHOWN = 100  # accounts to compare with; who looks further has the whole list


WITH_HOSTS = frozenset(service["service"] for service in RULES["services"])


class Verdict(StrEnum):
    """回答 — what can be said of what was asked."""

    OFFICIAL = "official"
    LISTED = "listed"
    CLOSED = "closed"
    NOT_LISTED = "not_listed"
    NAME = "name"
    PUBLISHED = "published"
    UNKNOWN_POST = "unknown_post"
    SHORT = "short"
    NO_ADDRESS = "no_address"


TONES = {
    Verdict.OFFICIAL: "success", Verdict.PUBLISHED: "success", Verdict.LISTED: "info", Verdict.NAME: "warning",
    Verdict.CLOSED: "warning",
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
    closed: date | None = None

    @property
    def tone(self) -> str:
        return TONES[self.verdict]


def check_page(q: str | None = None) -> dict[str, Any]:
    """The form, the answer to `q`, and the whole list; `q` is None in the static copy, where the script answers.

    `verdicts` are what the script fills in, so that it says the same words.
    """
    rows = listed()
    asked = (q or "").strip()
    return {"live": q is not None, "q": _echo(asked), "answer": answer(asked, rows) if asked else None,
            "verdicts": [Answer(verdict) for verdict in Verdict], **in_sections(rows)}


def answer(asked: str, rows: Sequence[Listed]) -> Answer:
    """What can be said of this text, given the accounts on the register. `static/asking.js` says the same."""
    address = read_address(asked)
    match address.kind:
        case Kind.SHORT:
            return Answer(Verdict.SHORT, host=address.host)
        case Kind.NAME:
            return Answer(Verdict.NAME, _of_name(address.key, rows))
        case Kind.NONE:
            return Answer(Verdict.NO_ADDRESS, host=address.host)
    if known := _account(address, rows):
        return known
    if ground(address) in grounds(rows) and (delivery := _delivery(address)):
        return Answer(Verdict.PUBLISHED, [Listed(delivery.account)], publication=feed.published(delivery))
    verdict = Verdict.UNKNOWN_POST if address.kind is Kind.POST else Verdict.NOT_LISTED
    return Answer(verdict, _of_service(address.service, rows), address.host)


def _account(address: Address, rows: Sequence[Listed]) -> Answer | None:
    """What the address is as an account's: official, listed, or the city's no longer (§7(2))."""
    if same := [row for row in rows if address.key and read_address(row.address).key == address.key]:
        official = [row for row in same if row.official]
        return Answer(Verdict.OFFICIAL if official else Verdict.LISTED, official or same)
    until = _closed(address.key)
    return Answer(Verdict.CLOSED, _of_service(address.service, rows), closed=until) if until else None


def ground(address: Address) -> str:
    """Where an address lies: the service, or, where anybody may run a server, the server's host."""
    return address.service if address.service in WITH_HOSTS else address.host


def grounds(rows: Iterable[Listed]) -> Collection[str]:
    """Where the city has accounts: nothing elsewhere is a publication of the city's, whatever its key."""
    return {ground(read_address(row.address)) for row in rows if row.address}


def publication_keys(service: str, remote_id: str, url: str) -> list[str]:
    """The keys under which a publication is found: told by its address and its remote id, never by a handle."""
    address = read_address(url)
    told = address.kind is Kind.POST or address.key.startswith("web:")
    numbered = f"{service}:post/{remote_id}"
    own = [numbered] if remote_id and service in WITH_HOSTS and numbered != address.key else []
    return ([address.key] if told else []) + own


def _delivery(address: Address) -> Delivery | None:
    tail = re.split(r"[/:#=]", address.key)[-1]
    if not tail or "\0" in tail:
        return None
    alike = feed.posted().filter(Q(remote_id__iexact=tail) | Q(remote_id=address.key) | Q(url__icontains=tail))
    found = alike.select_related("approval__revision", "account__division").order_by("-pk")[:CANDIDATES]
    return next((delivery for delivery in found if address.key in _keys(delivery)), None)


def _keys(delivery: Delivery) -> list[str]:
    return publication_keys(delivery.account.service, delivery.remote_id, delivery.url)


def _closed(key: str) -> date | None:
    """The last day on which the account at this address was the city's; None where it never was, or is again."""
    return next((row.closed for row in closed() if key and read_address(row.address).key == key), None)


def _of_service(service: str, rows: Iterable[Listed]) -> list[Listed]:
    return [row for row in rows if service and row.account.service == service][:SHOWN]


def _of_name(name: str, rows: Iterable[Listed]) -> list[Listed]:
    wanted = folded(name.partition("@")[0])
    return [row for row in rows if wanted and any(
        wanted in word or word in wanted for word in names(row.account))][:SHOWN]


def names(account: Account) -> list[str]:
    """Under what an account is looked for: its name and its handle, as they are compared."""
    return [word for word in (folded(account.name), folded(account.handle.lstrip("@").partition("@")[0])) if word]


def folded(name: str) -> str:
    """Without spaces, widths and letter case."""
    return lowered(re.sub(r"[ \t\r\n\u00a0\u3000]", "", unicodedata.normalize("NFKC", name)))


def _echo(asked: str) -> str:
    """What was typed, without what would hide or reorder it on the page."""
    try:
        return clean(asked)
    except BadText:
        return "".join(char for char in asked if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn"))
