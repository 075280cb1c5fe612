"""The feed for readers' programs: the newest publications in Atom (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join

from koshiki.calendar import wareki
from koshiki.guideline import guideline
from koshiki.public import feed
from koshiki.templatetags.prose import linked

NEWEST = 50
PATH = "feed/atom.xml"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def atom() -> bytes:
    """The newest publications; each entry's id is the key of its first delivery, and never changes."""
    title, city = feed_title()
    made = Atom1Feed(title=title, link=address("feed/"), description="", feed_url=address(PATH), language="ja",
                     author_name=city, feed_guid=address("feed/"))
    for publication in feed.newest(NEWEST):
        made.add_item(**_item(publication))
    written: str = made.writeString("utf-8")
    return written.encode()


def _item(publication: feed.Publication) -> dict[str, Any]:
    return {
        "title": headline(publication), "link": address(publication.path), "description": html_of(publication),
        "pubdate": publication.at, "updateddate": publication.moved, "unique_id": guid(publication),
        "categories": [plain(place.account.name) for place in publication.places],
    }


# ---------------------------------------------------------------- what every feed says alike


def feed_title() -> tuple[str, str]:
    """The feed's title, and whose it is."""
    city = f"{guideline().city['name']}{'（見本）' if settings.KOSHIKI_SAMPLE else ''}"
    return f"{city} 市の発信", city


def guid(publication: feed.Publication) -> str:
    return f"urn:uuid:{publication.key}"


def headline(publication: feed.Publication) -> str:
    """Its title or first words, after what became of it (§8(3))."""
    if publication.gone:
        return "【削除】この発信は削除しました"
    mark = "【訂正】" if publication.corrects else "【訂正あり】" if publication.corrected else ""
    return mark + plain(publication.title or publication.headline[:60])


def html_of(publication: feed.Publication) -> str:
    """The text as HTML, with links that say where they lead; before it what puts it right, or what it puts right."""
    text = linebreaksbr(linked(plain(publication.text), guideline().city["domains"]))
    marks = [(_linked(f"{wareki(at)}{words}", path),) for at, words, path in became(publication)]
    return format_html_join("", "<p>{}</p>", marks) + text


def _linked(words: str, path: str) -> str:
    return format_html('<a href="{}">{}</a>', address(path), words) if path else words


def text_of(publication: feed.Publication) -> str:
    """The same as plain text."""
    marks = "".join(f"{wareki(at)}{words} {address(path) if path else ''}".rstrip() + "\n"
                    for at, words, path in became(publication))
    return marks + plain(publication.text)


def became(publication: feed.Publication) -> Iterator[tuple[datetime, str, str]]:
    """When, in words, and where the other one stands."""
    if tie := publication.corrects:
        yield tie.at, "の発信を訂正するものです。", tie.path
    for tie in publication.corrected:
        yield tie.at, "に訂正しました。", tie.path
    if publication.gone:
        yield publication.gone, "に削除しました。", ""


def plain(text: str) -> str:
    """The text without what no XML can hold."""
    return _NOT_IN_XML.sub("", text)


def address(path: str) -> str:
    """The full address of a public page."""
    return urljoin(settings.KOSHIKI_PUBLIC_URL, path)
