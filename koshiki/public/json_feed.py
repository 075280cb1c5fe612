"""The feed for readers' programs in JSON (JSON Feed 1.1): what the Atom feed says, with the pictures beside it."""

from __future__ import annotations

import json
from typing import Any

from koshiki.public import feed
from koshiki.public.atom import NEWEST, address, feed_title, guid, headline, html_of, plain, text_of
from koshiki.public.pictures import Picture

PATH = "feed/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def json_feed() -> bytes:
    """The newest publications; ids are those of the Atom feed, and never change."""
    title, city = feed_title()
    made = {
        "version": VERSION, "title": title, "home_page_url": address("feed/"), "feed_url": address(PATH),
        "language": "ja", "authors": [{"name": city}],
        "items": [_item(publication) for publication in feed.newest(NEWEST)],
    }
    return (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _item(publication: feed.Publication) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": guid(publication), "url": address(publication.path), "title": headline(publication),
        "content_html": html_of(publication), "content_text": text_of(publication),
        "date_published": publication.at.isoformat(),
        "tags": [plain(place.account.name) for place in publication.places],
    }
    if publication.moved > publication.at:
        found["date_modified"] = publication.moved.isoformat()
    if publication.pictures:
        found["attachments"] = [_attachment(picture) for picture in publication.pictures]
    return found


def _attachment(picture: Picture) -> dict[str, Any]:
    return {"url": address(f"media/{picture.name}"), "mime_type": picture.mime, "title": plain(picture.alt)}
