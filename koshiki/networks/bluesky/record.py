"""A post as the record that goes out, and a record as the post that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from koshiki.networks.answers import Object, objects, part, text
from koshiki.networks.bluesky.facets import facets
from koshiki.networks.bluesky.keys import POSTS
from koshiki.networks.content import Media
from koshiki.networks.outcomes import Outgoing

LONGEST = 300
_BYTES = 10  # for each of the 300 characters: 3000 in all
_LONG = 100_000


def length(said: str, characters: int) -> int:
    """How long a text is: by its characters, or, where these are heavy (emoji of many parts), by its bytes."""
    return max(characters, -(-len(said.encode()) // _BYTES))


def record_of(outgoing: Outgoing, stage: Mapping[str, Any]) -> Object:
    """The record: the same, byte for byte, for every try of a delivery."""
    said = outgoing.content["text"]
    record: Object = {"$type": POSTS, "text": said, "createdAt": told_time(outgoing.created_at), "langs": ["ja"]}
    if marked := facets(said, stage.get("mentions", {})):
        record["facets"] = marked
    if outgoing.media:
        shown = zip(outgoing.media, stage["media"], strict=True)
        record["embed"] = {"$type": "app.bsky.embed.images", "images": [_image(*each) for each in shown]}
    if "reply" in stage:
        record["reply"] = stage["reply"]
    return record


def told_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_ours(value: Object, outgoing: Outgoing) -> bool:
    """Is the record that stands at a delivery's key the delivery's own?"""
    own = outgoing.content["text"], told_time(outgoing.created_at)
    return (said(value), text(value, "createdAt")) == own


def said(value: Object) -> str:
    return text(value, "text", _LONG)


def alts(value: Object) -> tuple[str, ...]:
    """The alt texts of a record's pictures, in order."""
    embed = part(value, "embed")
    images = objects(embed.get("images") or part(embed, "media").get("images"))
    return tuple(text(image, "alt", _LONG) for image in images)


def _image(item: Media, blob: Object) -> Object:
    image: Object = {"alt": item.alt, "image": blob}
    if item.width and item.height:
        image["aspectRatio"] = {"width": item.width, "height": item.height}
    return image
