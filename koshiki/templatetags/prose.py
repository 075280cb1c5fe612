"""Text as it is shown: links with their true host (§8(4)), differences as marked text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from koshiki.text import Link, located_links, outside

# Pieces that a reader sees as one: a number, a Latin word, else one character.
PIECE = re.compile(r"\d+|[A-Za-z]+|\s+|.", re.DOTALL)


def linked(text: str, domains: Sequence[str] = ()) -> SafeString:
    """The text, escaped, with each address a link that shows its true host; outside `domains` it says 市以外."""
    return mark_safe("".join(_linked_pieces(text, domains)))  # noqa: S308  (each piece is escaped)


def _linked_pieces(text: str, domains: Sequence[str]) -> Iterator[str]:
    place = 0
    for start, link in located_links(text):
        yield escape(text[place:start])
        yield _link(link, domains)
        place = start + len(link.url)
    yield escape(text[place:])


def _link(link: Link, domains: Sequence[str]) -> str:
    whose = "市以外のページ" if outside([link], domains) else "市のページ"
    warning = f"・まぎらわしい文字を含む（{link.host}）" if link.mixed else ""
    return format_html(
        '<a href="{}" rel="noopener noreferrer nofollow">{}</a><span class="host">［{}: {}{}］</span>',
        link.address, link.url, whose, link.display_host, warning,
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


def _readable(changes: Sequence[Change]) -> list[Change]:
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
