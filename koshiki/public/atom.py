"""The feed for readers' programs: the newest publications in Atom (RFC 4287)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils.feedgenerator import Atom1Feed

from koshiki.guideline import guideline
from koshiki.public import feed
from koshiki.templatetags.prose import linked

NEWEST = 50
PATH = "feed/atom.xml"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def atom() -> bytes:
    """The newest publications; each entry's id is the key of its first delivery, and never changes."""
    city, sample = guideline().city["name"], "（見本）" if settings.KOSHIKI_SAMPLE else ""
    made = Atom1Feed(
        title=f"{city}{sample} 市の発信", link=_address("feed/"), description="", feed_url=_address(PATH),
        language="ja", author_name=f"{city}{sample}", feed_guid=_address("feed/"),
    )
    for publication in feed.newest(NEWEST):
        made.add_item(**_item(publication))
    written: str = made.writeString("utf-8")
    return written.encode()


def _item(publication: feed.Publication) -> dict[str, Any]:
    return {
        "title": _plain(publication.title or publication.text.strip().split("\n", 1)[0][:60]),
        "link": _address(publication.path),
        "description": linebreaksbr(linked(_plain(publication.text), guideline().city["domains"])),
        "pubdate": publication.at, "updateddate": publication.at,
        "unique_id": f"urn:uuid:{publication.key}",
        "categories": [_plain(place.account.name) for place in publication.places],
    }


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _address(path: str) -> str:
    return urljoin(settings.KOSHIKI_PUBLIC_URL, path)
