"""Reads the address of an account or a post, as people paste it, for 「これは公式ですか」 and for comparing.

A pure function over `address_rules.RULES`. Two addresses are the same account exactly if their `key`s are equal
and not empty. What is odd in a way that could deceive (userinfo, a port on a known service, dots in the path)
gets no key: it can never be found official.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote

import idna

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
_AROUND = " .\t\r\n\u3000「」『』【】（）()<>〈〉《》［］[]\"'“”‘’`、。，．,;；!！"
_HIDDEN = re.compile(
    "[\x00-\x20\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_PARTS = re.compile(r"(?:([a-z][a-z0-9+.-]*):)//([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.I | re.S)
_HANDLE = re.compile(r"@([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)@([^@/?#\s]+)", re.I)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PORT = re.compile(r"(.*?)(?::([0-9]*))?", re.S)


def read_address(text: str) -> Address:
    """What this text is the address of. Never raises; a text that is no address is a NAME or NONE."""
    text = unicodedata.normalize("NFKC", text).strip(_AROUND).replace("\\", "/")
    if not text or len(text) > RULES["longest"]:
        return _NOTHING
    if handle := _HANDLE.fullmatch(text):
        return _fediverse(handle[1], handle[2])
    if not _looks_like_address(text):
        return Address(Kind.NAME, key=text.removeprefix("@").casefold())
    return _NOTHING if _HIDDEN.search(text) else _read(text)


def same_account(one: str, other: str) -> bool:
    """Whether two addresses are those of one account."""
    a, b = read_address(one), read_address(other)
    return a.kind is Kind.ACCOUNT and b.kind is Kind.ACCOUNT and a.key == b.key != ""


def _looks_like_address(text: str) -> bool:
    if "://" in text or text.startswith("//"):
        return True
    start = re.split(r"[/?#]", text, maxsplit=1)[0]
    named = re.fullmatch(r"[^\s@]+\.(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)\.?(?::[0-9]+)?", start, re.I)
    return bool(named) and not text.startswith("@")


def _read(text: str) -> Address:
    told = "://" in text
    parts = _PARTS.fullmatch(text if told else "https://" + text.lstrip("/"))
    if parts is None:
        return _NOTHING
    scheme, authority, path, query, fragment = (group or "" for group in parts.groups())
    host, port = _host(authority.rpartition("@")[2], scheme.lower() if told else "")
    if scheme.lower() not in ("http", "https") or not host:
        return _NOTHING
    if "@" in authority or _has_dots(path):
        return Address(Kind.ACCOUNT, host=host)
    return _classified(host, port, _path(path), query, fragment)


def _classified(host: str, port: str, path: str, query: str, fragment: str) -> Address:
    if host in RULES["shorteners"]:
        return Address(Kind.SHORT, host=host)
    parameters = dict(parse_qsl(query))
    known = [service for service in RULES["services"] if host in service["hosts"]]
    if known:
        service = known[0]["service"]
        if port:
            return Address(Kind.ACCOUNT, service, host=host)
        return _on_service(known[0], host, path, parameters)
    return _elsewhere(host + (f":{port}" if port else ""), path, parameters, fragment)


def _on_service(service: Mapping[str, Any], host: str, path: str, parameters: Mapping[str, str]) -> Address:
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


def _elsewhere(host: str, path: str, parameters: Mapping[str, str], fragment: str) -> Address:
    """A host of anybody's: a server of the Mastodon API by its paths, else a site, whose page is its key."""
    service = RULES["elsewhere"]["service"]
    for row in RULES["elsewhere"]["rows"]:
        if (found := _matched(row, path, parameters, "", host)) is not None:
            return Address(Kind(row["kind"]), service, f"{service}:{found}", host)
    kept = sorted(f"{k}={v}" for k, v in parameters.items() if not re.fullmatch(RULES["tracking"], k, re.I))
    key = f"web:{host}{path.rstrip('/')}" + (f"?{'&'.join(kept)}" if kept else "")
    if re.fullmatch(RULES["feed_anchor"], fragment, re.I):
        return Address(Kind.POST, "city_feed", f"{key}#{fragment.lower()}", host)
    return Address(Kind.ACCOUNT, "", key, host)


def _matched(
    row: Mapping[str, Any], path: str, parameters: Mapping[str, str], drop: str, host: str
) -> str | None:
    """The row's id for this address; None if the row is not its."""
    match = re.fullmatch(row["path"], path, re.I)
    values = {name: parameters.get(name, "") for name in row.get("query", ())}
    if match is None or not all(re.fullmatch(r"[a-z0-9_.@-]+", value, re.I) for value in values.values()):
        return None
    values |= {str(n): group for n, group in enumerate(match.groups(), start=1)} | {"host": host}
    found = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], row["id"])
    if row["kind"] == "account" and drop:
        found = found.replace(drop, "")
    return found if row.get("case") else found.lower()


def _fediverse(name: str, typed_host: str) -> Address:
    host, port = _host(typed_host, "https")
    known = any(host in service["hosts"] for service in RULES["services"])
    if not host or "." not in host or known or host in RULES["shorteners"]:
        return Address(Kind.NAME, key=f"{name}@{typed_host}".casefold())
    host += f":{port}" if port else ""
    return Address(Kind.ACCOUNT, "mastodon", f"mastodon:{host}/@{name.lower()}", host)


def _host(authority: str, scheme: str) -> tuple[str, str]:
    """Host in lower case and punycode, and the port if it is not the usual one; empty if it is no host."""
    match = _PORT.fullmatch(authority)
    host, port = (match[1], match[2] or "") if match else ("", "")
    host = host.lower().rstrip(".")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:
            return "", ""
    usual = {"http": ("80",), "https": ("443",)}.get(scheme, ("80", "443"))
    return (host if _HOST.fullmatch(host) else ""), ("" if port.lstrip("0") in ("", *usual) else port)


def _path(path: str) -> str:
    path = re.sub(r"/{2,}", "/", unicodedata.normalize("NFKC", unquote(path, errors="replace")))
    return path.rstrip("/") or "/"


def _has_dots(path: str) -> bool:
    return any(segment in (".", "..") for segment in unquote(path).replace("\\", "/").split("/"))
