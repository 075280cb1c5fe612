"""Reads the address of an account or a post, as people paste it, for 「これは公式ですか」 and for comparing.

A pure function over `address_rules.RULES`. Two addresses are the same account exactly if their `key`s are equal
and not empty. What is odd in a way that could deceive (userinfo, a port on a known service, dots in the path,
a divider that is encoded) gets no key: it can never be found official.

`static/addresses.js` reads the same rules in the browser, step by step as here; whoever changes one changes both
(tests/public/test_two_readers.py holds them to each other).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

from koshiki.networks.address_rules import RULES


class Kind(StrEnum):
    """What a pasted text is."""

    ACCOUNT = "account"
    POST = "post"
    NAME = "name"
    SHORT = "short"
    NONE = "none"


@dataclass(frozen=True)
class Address:
    """`service` is empty where the host is not one koshiki knows; `host` is where it truly leads.

    A NAME's key is the name itself, only to search by: it identifies nobody.
    """

    kind: Kind
    service: str = ""
    key: str = ""
    host: str = ""


_NOTHING = Address(Kind.NONE)
_UNREADABLE, _BLANK = re.compile(RULES["unreadable"]), re.compile(RULES["blank"])
_KNOWN = {host: service for service in RULES["services"] for host in service["hosts"]}
_SHORTENERS = frozenset(RULES["shorteners"])


def read_address(text: str) -> Address:
    """What this text is the address of. Never raises; a text that is no address is a NAME or NONE."""
    if len(text) > RULES["longest"]:
        return _NOTHING
    plain = unicodedata.normalize("NFKC", _UNREADABLE.sub("", text)).strip(RULES["around"]).replace("\\", "/")
    if not plain or _whole("opens_no_page", plain):
        return _NOTHING
    strange = _UNREADABLE.search(text) is not None
    if not strange and (handle := _whole("handle", plain)):
        return _fediverse(handle[1], handle[2])
    if not _looks_like_address(plain):
        return Address(Kind.NAME, key=lowered(plain.removeprefix("@")))
    return _NOTHING if strange or _BLANK.search(plain) else _read(plain)


def same_account(one: str, other: str) -> bool:
    """Whether two addresses are those of one account."""
    a, b = read_address(one), read_address(other)
    return a.kind is Kind.ACCOUNT and b.kind is Kind.ACCOUNT and a.key == b.key != ""


def lowered(text: str) -> str:
    """In lower case, letter by letter, as every program does it alike."""
    return text.lower() if text.isascii() else "".join(char.lower() for char in text)


def _whole(rule: str, text: str) -> re.Match[str] | None:
    return _expression(RULES[rule]).fullmatch(text)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """Letter case is ignored for ASCII alone, as JavaScript does."""
    return re.compile(pattern, re.I | re.A)


def _looks_like_address(text: str) -> bool:
    if "://" in text or text.startswith("//"):
        return True
    return not text.startswith("@") and _whole("address", re.split("[/?#]", text, maxsplit=1)[0]) is not None


def _read(text: str) -> Address:
    told = _whole("told", text) is not None
    parts = _whole("parts", text if told else "https://" + text.lstrip("/"))
    if parts is None:
        return _NOTHING
    scheme, authority, path, query, fragment = (group or "" for group in parts.groups())
    host, port = _host(authority.rpartition("@")[2], scheme.lower() if told else "")
    if scheme.lower() not in RULES["schemes"] or not host:
        return _NOTHING
    if _is_short(host):
        return Address(Kind.SHORT, host=host)
    plain = _path(path)
    if "@" in authority or plain is None or (port and host in _KNOWN):
        return Address(Kind.ACCOUNT, _KNOWN.get(host, {}).get("service", ""), host=host)
    return _classified(host, port, plain, _parameters(query), fragment)


def _classified(host: str, port: str, path: str, parameters: Mapping[str, str | None], fragment: str) -> Address:
    if host in _KNOWN:
        return _on_service(_KNOWN[host], host, path, parameters)
    return _elsewhere(host + (f":{port}" if port else ""), path, parameters, fragment)


def _on_service(
    service: Mapping[str, Any], host: str, path: str, parameters: Mapping[str, str | None]
) -> Address:
    name = service["service"]
    for row in service["rows"]:
        found = _matched(row, path, parameters, service.get("drop", ""), host)
        if found is None or (row["kind"] == "account" and found in service["not_accounts"]):
            continue
        kind = Kind(row["kind"])
        if kind is Kind.SHORT:
            return Address(kind, name, host=host)
        return Address(kind, name, f"{name}:{'post/' if kind is Kind.POST else ''}{found}", host)
    return Address(Kind.NONE, name, host=host)


def _elsewhere(host: str, path: str, parameters: Mapping[str, str | None], fragment: str) -> Address:
    """A host of anybody's: a server of the Mastodon API by its paths, else a site, whose page is its key."""
    service = RULES["elsewhere"]["service"]
    for row in RULES["elsewhere"]["rows"]:
        if (found := _matched(row, path, parameters, "", host)) is not None:
            return Address(Kind(row["kind"]), service, f"{service}:{found}", host)
    kept = {name: value for name, value in parameters.items() if not _whole("tracking", name)}
    if None in kept.values():
        return Address(Kind.ACCOUNT, host=host)
    asked = "&".join(sorted(f"{name}={value}" for name, value in kept.items()))
    key = f"web:{host}{path.rstrip('/')}" + (f"?{asked}" if asked else "")
    if _whole("feed_anchor", fragment):
        return Address(Kind.POST, "city_feed", f"{key}#{fragment.lower()}", host)
    return Address(Kind.ACCOUNT, "", key, host)


def _matched(
    row: Mapping[str, Any], path: str, parameters: Mapping[str, str | None], drop: str, host: str
) -> str | None:
    """The row's id for this address; None if the row is not its."""
    match = _expression(row["path"]).fullmatch(path)
    values = {name: parameters.get(name) or "" for name in row.get("query", ())}
    if match is None or not all(_whole("value", value) for value in values.values()):
        return None
    values |= {str(n): group for n, group in enumerate(match.groups(), start=1)} | {"host": host}
    found = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], row["id"])
    if row["kind"] == "account" and drop:
        found = found.replace(drop, "")
    return found if row.get("case") else lowered(found)


def _fediverse(name: str, typed_host: str) -> Address:
    host, port = _host(typed_host, "https")
    if not host or "." not in host or host in _KNOWN or _is_short(host):
        return Address(Kind.NAME, key=lowered(f"{name}@{typed_host}"))
    host += f":{port}" if port else ""
    return Address(Kind.ACCOUNT, "mastodon", f"mastodon:{host}/@{name.lower()}", host)


def _is_short(host: str) -> bool:
    """A shortener's own host, or one below it."""
    labels = host.split(".")
    return any(".".join(labels[place:]) in _SHORTENERS for place in range(len(labels) - 1))


def _host(authority: str, scheme: str) -> tuple[str, str]:
    """Host in lower case and punycode, and the port if it is not the usual one; empty if it is no host."""
    match = _whole("authority", authority)
    if match is None:
        return "", ""
    named = unicodedata.normalize("NFKC", lowered(match[1])).replace("\u3002", ".").removesuffix(".")
    host, port = ".".join(_label(label) for label in named.split(".")), (match[2] or "").lstrip("0")
    usual = (RULES["schemes"].get(scheme),) if scheme else RULES["schemes"].values()
    return (host if _whole("host", host) else ""), ("" if port in ("", *usual) else port)


def _label(label: str) -> str:
    """One label of a host as it is asked for. What browsers refuse is spelled out too: nobody can register it."""
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _path(path: str) -> str | None:
    """The path decoded, in NFC, without doubled and last slashes; None if it could deceive."""
    plain = None if _whole("deceiving", path) else _decoded(path)
    if plain is None or any(segment in (".", "..") for segment in plain.split("/")):
        return None
    return re.sub(r"/{2,}", "/", unicodedata.normalize("NFC", plain)).rstrip("/") or "/"


def _parameters(query: str) -> dict[str, str | None]:
    """Those with a value, by name, the last of each; the value is None where it can't be read."""
    found: dict[str, str | None] = {}
    for pair in query.split("&"):
        name, _, value = pair.replace("+", " ").partition("=")
        if value:
            found[_decoded(name) or name] = _decoded(value)
    return found


def _decoded(text: str) -> str | None:
    """With %-signs decoded; None where that gives no text, or one with characters that koshiki does not read."""
    try:
        found = unquote_to_bytes(text).decode() if "%" in text else text
    except UnicodeDecodeError:
        return None
    broken = _whole("no_encoding", text) or _UNREADABLE.search(found) or _BLANK.search(found.replace(" ", ""))
    return None if broken else found
