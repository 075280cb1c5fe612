"""Pages as a reader's program sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.test import Client

JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass
class Read:
    """What one page holds: addresses it leads to, ids, its elements, and texts with their language.

    `kept_ready` are texts of templates, which nobody sees until a script takes them out.
    """

    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    texts: list[tuple[str, str]] = field(default_factory=list)
    kept_ready: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.texts)

    def foreign(self) -> list[str]:
        """Japanese words that stand where the page says it is English."""
        return [text.strip() for language, text in self.texts + self.kept_ready if language == "en" and JAPANESE.search(text)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read, self._languages, self._templates = Read(), [""], 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.read.elements.append(tag)
        self._templates += tag == "template"
        self.read.attributes |= known.keys()
        self.read.links += [known[name] for name in ("href", "src", "action") if name in known]
        self.read.ids += [known["id"]] if "id" in known else []
        language = known.get("lang", self._languages[-1])
        language = "any" if tag == "title" else language  # it bears the account's own name
        self.read.texts += [(language, known[name]) for name in ("alt", "aria-label", "title") if known.get(name)]
        if tag not in _VOID:
            self._languages.append(language)

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"
        if tag not in _VOID:
            self._languages.pop()

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:  # what stands in a script: nobody reads it
            return
        (self.read.kept_ready if self._templates else self.read.texts).append((self._languages[-1], data))


def read(html: str) -> Read:
    reader = _Reader()
    reader.feed(html)
    assert reader._languages == [""], "every element is closed"
    return reader.read


def get(path: str, **asked: str) -> Read:
    """A public page as somebody without login reads it."""
    response = Client().get(f"/official/{path}", asked)
    assert response.status_code == 200, path
    return read(response.content.decode())
