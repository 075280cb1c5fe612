"""§8(4): where links truly lead: shorteners, hosts that look like the city's, quotes of others' posts."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from koshiki.posts.checks.lists import listed
from koshiki.posts.checks.reading import Spot, Text
from koshiki.text import Link, located_links, outside

_REPOST = regex.compile(r"(?<![A-Za-z])(?:RT|QT|リポスト|リツイート|引用(?:元|RT|ポスト)?)\s?[:：]?\s?@\s?[A-Za-z0-9_.]{2,}"
                        r"|(?<![A-Za-z])via\s@[A-Za-z0-9_.]{2,}")
_KINDS = {"city", "town", "vill", "pref", "www"}
_NUMBERS = regex.compile(r"[\d.]+|\[.*\]|0x[0-9a-f]+|[0-9a-f:]*:[0-9a-f:]+")


def is_shortener(host: str) -> bool:
    """Does the host only pass on to other addresses?"""
    return host.removeprefix("www.") in listed("shorteners")


def shortened(text: Text) -> Iterator[Spot]:
    """短縮されたアドレス — nobody sees where it leads."""
    for at, link in located_links(text.words):
        if is_shortener(link.host):
            yield Spot(at, at + len(link.url), f"短縮されたアドレス（{link.display_host}）で、行き先が分かりません。",
                       "開いた先の、本来のアドレスを書いてください。")


def look_alike(text: Text) -> Iterator[Spot]:
    """市に似たアドレス — mixed scripts, a sign-in name before the host, the city's name in another's host."""
    for at, link in located_links(text.words):
        if outside([link], text.known.domains) and (why := _why(link, text.known.domains)):
            yield Spot(at, at + len(link.url), why,
                       "行き先を確かめてください。市のページなら、正しいアドレスに直してください。")


def reposts(text: Text) -> Iterator[Spot]:
    """市以外の投稿の引用."""
    for match in _REPOST.finditer(text.folded):
        yield Spot(match.start(), match.end(), "ほかの人の投稿を引用しています。",
                   "信頼できる内容かを確かめ、引用する理由を書いてください。")


def _why(link: Link, domains: tuple[str, ...]) -> str:
    if link.mixed:
        return f"まぎらわしい文字を含むアドレスです（{link.display_host}）。"
    authority = link.address.split("://", 1)[1].split("/", 1)[0]
    if "@" in authority:
        return f"「@」の前は行き先ではありません。行き先は {link.display_host} です。"
    if _NUMBERS.fullmatch(link.host):
        return "行き先が数字だけのアドレスです。だれのページかが分かりません。"
    return next((f"市のアドレスに似ていますが、市のものではありません（{link.display_host}）。"
                 for domain in domains if _resembles(link.host, domain)), "")


def _resembles(host: str, domain: str) -> bool:
    """The city's whole domain inside another, its name with `city` beside it, or one letter's difference."""
    if f"{domain}." in f"{host}." or domain.replace(".", "-") in host or apart(host.removeprefix("www."), domain) <= 2:
        return True
    name = next((label for label in domain.split(".") if label not in _KINDS), "")
    beside = set(regex.split(r"[.\-]", host))
    return len(name) > 2 and bool({f"{name}city", f"city{name}"} & beside or (name in beside and {"city", "official"} & beside))


def apart(one: str, other: str) -> int:
    """How many letters differ, for hosts of nearly one length; 9 where they are far apart."""
    if abs(len(one) - len(other)) > 2:
        return 9
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]

