"""Text as people see it: what may be in it, how long it is, and where its links lead (K-text, §8(4)).

A leaf: it knows neither the guideline nor Django. What a form does with it is in `koshiki.forms`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import idna
import regex


class BadText(ValueError):
    """A text that would not be what it seems to be.

    `message` says in Japanese what stands where; `position` is the index in the text that was checked,
    after its line ends were made plain.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


_LINE_ENDS = regex.compile("\r\n|[\r\u2028\u2029]")
# 🏴 with a region's letters and a cancel tag is one flag; any other tag is text that nobody can see.
_FLAG = r"\U0001F3F4[\U000E0061-\U000E007A]{2}[\U000E0030-\U000E0039\U000E0061-\U000E007A]{1,3}\U000E007F"
_FORBIDDEN = regex.compile(
    rf"{_FLAG}(*SKIP)(*FAIL)"
    r"|(?P<direction>\p{Bidi_Control})"
    r"|(?P<tag>[\U000E0000-\U000E007F])"
    r"|(?P<control>[\p{Cc}--[\n\t]])"
    r"|(?P<broken>[\p{Cs}\p{Noncharacter_Code_Point}])",
    regex.V1,
)
_WHAT = {
    "direction": "文字の向きを変える制御文字",
    "tag": "見えないタグ文字",
    "control": "制御文字",
    "broken": "文字として成り立たない符号",
}


def clean(text: str) -> str:
    """The text in NFC with plain line ends, as it is counted, hashed and sent.

    Emoji sequences and 異体字 pass. Raises BadText for what hides, reorders or breaks text (K-text).
    `clean(clean(text)) == clean(text)`.
    """
    text = _LINE_ENDS.sub("\n", text)
    if found := _FORBIDDEN.search(text):
        raise BadText(_complaint(text, found), found.start())
    return unicodedata.normalize("NFC", text)


def _complaint(text: str, found: regex.Match[str]) -> str:
    before = text[: found.start()]
    line, column = before.count("\n") + 1, graphemes(before[before.rfind("\n") + 1 :]) + 1
    what = _WHAT[found.lastgroup or "control"]
    return f"{line}行目の{column}文字目に、{what}（U+{ord(found[0]):04X}）があります。取り除いてください。"


def graphemes(text: str) -> int:
    """How many characters a person counts: 葛󠄀 is one, a family of emoji is one."""
    return sum(1 for _ in regex.finditer(r"\X", text))


@dataclass(frozen=True)
class Link:
    """リンク — an address in a text, and where it truly leads.

    `url` stands in the text, `address` has https:// too where the text leaves it out; `host` is what is
    connected to (lower case, punycode), `display_host` the same as people read it; `mixed` marks a host
    whose scripts are mixed, as look-alikes' are.
    """

    url: str
    host: str
    display_host: str
    mixed: bool

    @property
    def address(self) -> str:
        return self.url if "://" in self.url else f"https://{self.url}"


_IN_HOST = r"""[^\s/?#\\<>"'`「」『』【】（）()［\]、。，！？…｜|]"""
_IN_PATH = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%\\]"
# Services make links of bare hosts too; these endings are the ones they know and texts hold.
_ENDINGS = (
    "jp|com|net|org|info|biz|edu|gov|int|asia|tokyo|nagoya|osaka|app|dev|page|site|xyz|online|shop|club|"
    "link|live|blog|news|top|icu|vip|work|world|space|store|tech|website|click|social|[a-z]{2}"
)
_ADDRESS = regex.compile(
    rf"(?P<scheme>https?://)(?P<host>(?:\[[0-9a-f:.]+\](?::\d+)?|{_IN_HOST}+))(?P<rest>[/?#\\]{_IN_PATH}*)?"
    rf"|(?<![A-Za-z0-9_@.\-/:%])(?P<host>(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+(?:{_ENDINGS}))"
    rf"(?![A-Za-z0-9_@\-])(?::\d+)?(?P<rest>[/?#]{_IN_PATH}*)?",
    regex.IGNORECASE,
)
_TRAILING = ".,;:!?'*_~&"
_FAMILIES = {
    "latin": regex.compile(r"\p{Latin}"),
    "japanese": regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]"),
    "other": regex.compile(r"[\p{L}--\p{Latin}--\p{Han}--\p{Hiragana}--\p{Katakana}--\p{Script=Common}]", regex.V1),
}


def links(text: str) -> list[Link]:
    """The addresses in `text` in order, each once: with http(s), and bare hosts that services turn into links."""
    return list(dict.fromkeys(link for _, link in located_links(text)))


def located_links(text: str) -> Iterator[tuple[int, Link]]:
    """Each address in `text` with the index where it begins; it ends `len(link.url)` later."""
    for match in _ADDRESS.finditer(text):
        yield match.start(), _link(match)


def true_host(address: str) -> str:
    """Where one address leads: its `Link.host`, or "" when it is none."""
    return next((link.host for link in links(address)), "")


def outside(found: Iterable[Link], domains: Iterable[str]) -> list[Link]:
    """Those links whose host is neither one of the city's domains nor below one (§8(4))."""
    own = tuple(domain.lower().strip(".") for domain in domains)
    return [link for link in found if not _within(link.host, own)]


def _within(host: str, own: tuple[str, ...]) -> bool:
    # What is no plain host name leads nowhere certain, whatever it ends with.
    plain = regex.fullmatch(r"[a-z0-9_.\-]+", host) is not None
    return plain and any(host == domain or host.endswith(f".{domain}") for domain in own)


def _link(match: regex.Match[str]) -> Link:
    authority = _without_sentence(match["host"])
    cut = authority != match["host"]
    url = (match["scheme"] or "") + authority if cut else _without_closing(match[0])
    host = _host(authority)
    shown = _readable(host)
    return Link(url=url, host=host, display_host=shown, mixed=_mixed(shown))


def _without_sentence(authority: str) -> str:
    """The host without the sentence that follows it: in 「https://example.jpを見て」 the host ends at jp."""
    ended = regex.match(r"(.*\.(?:xn--[a-z0-9\-]+|[a-z]+)(?::\d+)?)[^\x00-\x7F].*\Z", authority, regex.I | regex.S)
    if ended and "@" not in authority and "." not in authority[ended.end(1) :]:
        authority = ended[1]
    return authority.rstrip(_TRAILING)


def _without_closing(url: str) -> str:
    """The address without the marks that end a sentence, and without a bracket that was opened before it."""
    while url[-1] in _TRAILING or (url[-1] in ")]" and url.count(")") > url.count("(")):
        url = url[:-1]
    return url


def _host(authority: str) -> str:
    """The host that a browser connects to: after userinfo, without port, percent-decoded, in punycode."""
    try:
        host = urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        host = authority.lower()
    host = unquote(host).rstrip(".")
    try:
        return idna.encode(host, uts46=True).decode().lower()
    except UnicodeError:
        return unicodedata.normalize("NFKC", host).lower()


def _readable(host: str) -> str:
    try:
        return idna.decode(host)
    except UnicodeError:
        return host


def _mixed(host: str) -> bool:
    labels = [{name for name, letters in _FAMILIES.items() if letters.search(label)} for label in host.split(".")]
    everywhere = set().union(*labels)
    return any(len(families) > 1 for families in labels) or {"latin", "other"} <= everywhere
