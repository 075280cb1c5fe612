"""What the city's host says by itself of whose accounts are the city's (§6(3)): to machines that ask there.

`trust.txt` names them all; a page's JSON-LD says it of one; a service that takes a host for an account's name finds the account
below `/.well-known/`. Only what went through the whole opening is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.safestring import SafeString

from koshiki.guideline import guideline
from koshiki.networks import SERVICES, adapter
from koshiki.public.register import Listed, listed
from koshiki.register.address import on_the_citys_site, register_address

WELL_KNOWN = ".well-known/"


def trust_txt() -> bytes:
    """The city's accounts, a line for each (journallist.net's trust.txt); whom to ask is told on the pages."""
    return ("\n".join(_lines()) + "\n").encode()


def _lines() -> Iterator[str]:
    yield f"# {guideline().city['name']}" + ("（見本）" if settings.KOSHIKI_SAMPLE else "")
    yield from (f"social={row.address}" for row in listed() if row.official and row.address and not row.on_these_pages)
    yield f"contact={settings.KOSHIKI_PUBLIC_URL}"


def names() -> list[str]:
    """The files below `/.well-known/` that there are."""
    found = {service.adapter.well_known for service in SERVICES.values() if service.adapter}
    return sorted(name for name in found if name and well_known(name))


def well_known(name: str) -> bytes | None:
    """By what the service knows the account that these pages' host names: the one that bears the host's name, else the one
    that bears a name of the city's, else the only one, which so may take it. None where there is not exactly one."""
    rows = [row for row in listed() if _is_named_so(row, name)]
    here = [row for row in rows if _handle(row) == urlsplit(settings.KOSHIKI_PUBLIC_URL).hostname]
    found = here or [row for row in rows if on_the_citys_site(f"https://{_handle(row)}/")] or rows
    return found[0].account.remote_id.encode() if len(found) == 1 else None


def _is_named_so(row: Listed, name: str) -> bool:
    kind = adapter(row.account.service)
    return kind is not None and kind.well_known == name and row.official and row.account.remote_id != ""


def _handle(row: Listed) -> str:
    return row.account.handle.lstrip("@").lower()


def linked_data(row: Listed) -> SafeString:
    """That this account is the city's, as JSON-LD (schema.org): data, which no browser runs; empty before it is official."""
    if not row.official or not row.address:
        return SafeString("")
    city, division = guideline().city, row.account.division
    said: dict[str, Any] = {
        "@context": "https://schema.org", "@type": "GovernmentOrganization", "name": city["name"],
        "alternateName": city["name_en"], "url": settings.KOSHIKI_PUBLIC_URL, "sameAs": [row.address],
        "mainEntityOfPage": register_address(row.account),
        "department": {"@type": "GovernmentOrganization", "name": division.name, "telephone": division.telephone},
    }
    text = json.dumps(said, ensure_ascii=False)
    for sign in "<>&":  # no word of it ends the element
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return SafeString(f'<script type="application/ld+json">{text}</script>')
