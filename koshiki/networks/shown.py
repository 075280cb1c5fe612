"""What a reader sees of the HTML that services send: its text, its links, and whether two texts are the same."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from html.parser import HTMLParser

import regex

_BREAKS = frozenset({"p", "div", "li", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "tr"})
_SILENT = frozenset({"script", "style", "head", "template"})


_SIMILAR = 0.6


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if tag == "br":
            self.parts.append("\n")
        if tag in _BREAKS:
            self.parts.append("\n\n")
        if tag == "a" and (link := dict(attrs).get("href")):
            self.links.append(link)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in _BREAKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def text_of(html: str) -> str:
    """The text of a fragment: paragraphs apart by an empty line, `<br>` as a line end."""
    reader = _read(html)
    return regex.sub(r"\n{3,}", "\n\n", "".join(reader.parts)).strip()


def links_of(html: str) -> tuple[str, ...]:
    """The addresses that a fragment leads to, in order."""
    return tuple(dict.fromkeys(_read(html).links))


def skeleton(text: str) -> str:
    """A text without what services change when they show it: spaces, marks, a link's scheme, a mention's host.

    Two texts with the same skeleton are the same text as far as a look-up can tell.
    """
    text = regex.sub(r"(?<![\w/])(@\w+)@[\w.-]+\w(?::\d+)?", r"\1", text)
    text = unicodedata.normalize("NFKC", regex.sub(r"https?://", "", text)).casefold()
    return regex.sub(r"[^\p{L}\p{M}\p{N}]", "", text) or regex.sub(r"\s", "", text)


def similar(one: str, other: str) -> bool:
    """Whether two skeletons may be the same text, changed more than a skeleton forgives."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        matcher.real_quick_ratio() > _SIMILAR
        and matcher.quick_ratio() > _SIMILAR
        and matcher.ratio() > _SIMILAR
    )


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader
