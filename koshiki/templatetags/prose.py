"""Text as it is shown: links with their true host (§8(4)), differences as marked text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from urllib.parse import urlsplit

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

# The host may be written in any script; a path ends where Japanese text goes on without a space.
ADDRESS = re.compile(r"https?://[^\s/?#<>\"'「」『』（）、。]+(?:[/?#][!-~]*)?", re.IGNORECASE)
ENDING = ".,:;!?)]}"
# Pieces that a reader sees as one: a number, a Latin word, else one character.
PIECE = re.compile(r"\d+|[A-Za-z]+|\s+|.", re.DOTALL)


def true_host(address: str) -> str:
    """Where an address really leads: its host without user name, port or path, as ASCII; "" when it has none."""
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return ""


def within(host: str, domains: Sequence[str]) -> bool:
    """Is the host one of the domains or below one?"""
    return any(host == d or host.endswith("." + d) for d in domains)


def mixes_scripts(address: str) -> bool:
    """Does the host's name mix Latin, Greek or Cyrillic letters in one label, as impostors' names do?"""
    try:
        labels = (urlsplit(address).hostname or "").split(".")
    except ValueError:
        return False
    return any(len(_scripts(label) & {"LATIN", "GREEK", "CYRILLIC"}) > 1 for label in labels)


def _scripts(label: str) -> set[str]:
    return {unicodedata.name(c, "?").split()[0] for c in label if c.isalpha()}


def linked(text: str, domains: Sequence[str] = ()) -> SafeString:
    """The text, escaped, with each address a link that shows its true host; outside `domains` it says 市以外."""
    return mark_safe("".join(_linked_pieces(text, domains)))  # noqa: S308  (each piece is escaped)


def _linked_pieces(text: str, domains: Sequence[str]) -> Iterator[str]:
    place = 0
    for found in ADDRESS.finditer(text):
        address = found.group().rstrip(ENDING)
        yield escape(text[place:found.start()])
        yield _link(address, domains) if true_host(address) else escape(address)
        place = found.start() + len(address)
    yield escape(text[place:])


def _link(address: str, domains: Sequence[str]) -> str:
    host = true_host(address)
    warning = "・まぎらわしい文字を含む" if mixes_scripts(address) else ""
    whose = "市のページ" if within(host, domains) else "市以外のページ"
    return format_html(
        '<a href="{}" rel="noopener noreferrer nofollow">{}</a><span class="host">［{}: {}{}］</span>',
        address, address, whose, host, warning,
    )


def difference(before: str, after: str) -> SafeString:
    """The text after a change, with what went as <del> and what came as <ins>, both said in words too."""
    return format_html_join("", "{}", ((piece,) for piece in _difference_pieces(before, after)))


def _difference_pieces(before: str, after: str) -> Iterator[str]:
    old, new = PIECE.findall(before), PIECE.findall(after)
    for kind, a, b, c, d in _readable(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        gone, come = "".join(old[a:b]), "".join(new[c:d])
        if kind == "equal":
            yield escape(gone)
            continue
        if gone:
            yield _marked("del", "削除", gone)
        if come:
            yield _marked("ins", "追加", come)


Change = tuple[str, int, int, int, int]


def _readable(changes: list[Change]) -> list[Change]:
    """Joins changes that only one or two common pieces keep apart: scattered marks can't be read."""
    joined: list[Change] = []
    for number, (kind, a, b, c, d) in enumerate(changes):
        between = 0 < number < len(changes) - 1
        if kind == "equal" and not (between and b - a <= 2):
            joined.append((kind, a, b, c, d))
        elif joined and joined[-1][0] != "equal":
            _, a0, _, c0, _ = joined[-1]
            joined[-1] = ("replace", a0, b, c0, d)
        else:
            joined.append(("replace", a, b, c, d))
    return joined


def _marked(element: str, word: str, text: str) -> SafeString:
    return format_html(
        '<{}><span class="visually-hidden">［{}］</span>{}<span class="visually-hidden">［{}ここまで］</span></{}>',
        mark_safe(element), word, text, word, mark_safe(element),  # noqa: S308
    )
