"""What Instagram's answers show: a publication, a comment, an account, read out of the JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from koshiki.networks.answers import Object, moment, objects, part, text
from koshiki.networks.outcomes import Comment, Profile, ProfileField, Seen

SITE = "https://www.instagram.com"
MEDIA = "id,caption,media_type,alt_text,permalink,timestamp,comments_count,children{id,media_type,alt_text}"
_WRITTEN = "id,text,timestamp,username,from{id,username},hidden,parent_id"
COMMENT = f"{_WRITTEN},replies.limit(100){{{_WRITTEN}}}"
PROFILE = "id,username,name,biography,website,profile_picture_url"


def address_of(account: Object) -> str:
    """An account's address by its name; empty for what is no name of Instagram's."""
    name = text(account, "username")
    return f"{SITE}/{name}/" if re.fullmatch(r"[A-Za-z0-9._]{1,30}", name) else ""


def handle_of(account: Object) -> str:
    return f"@{text(account, 'username', 100)}"


def permalink(media: Object) -> str:
    """Empty for an address on another site."""
    url = text(media, "permalink")
    return url if url.startswith(f"{SITE}/") else ""


def pictures_of(media: Object) -> list[Object]:
    """The pictures of a publication, in order; a carousel holds them as its children."""
    shown = objects(part(media, "children").get("data")) or [media]
    return [item for item in shown if text(item, "media_type") == "IMAGE"]


def seen(media: Object) -> Seen:
    return Seen(text(media, "id"), permalink(media), _at(media), text(media, "caption", 5000))


def comments(entry: Object, media: str) -> Iterator[Comment]:
    """A comment and what others answered to it; one without a time can't be placed and is left out."""
    for written in (entry, *objects(part(entry, "replies").get("data"))):
        if moment(written, "timestamp"):
            yield _comment(written, media)


def profile(account: Object) -> Profile:
    site, picture = text(account, "website"), text(account, "profile_picture_url")
    return Profile(
        handle=handle_of(account), name=text(account, "name"), text=text(account, "biography", 20_000),
        fields=(ProfileField("ウェブサイト", site),) if site else (), links=(site,) if site else (),
        image_url=picture if picture.startswith("https://") else "",
    )


def _comment(entry: Object, media: str) -> Comment:
    writer = part(entry, "from")
    return Comment(
        remote_id=text(entry, "id"), on=media, answers=text(entry, "parent_id"), writer_id=text(writer, "id"),
        writer=text(entry, "username", 200) or text(writer, "username", 200), text=text(entry, "text", 10_000),
        url="", at=_at(entry), hidden=entry.get("hidden") is True,
    )


def _at(entry: Object) -> datetime:
    """Every entry that gets here has a time (`Graph.since`, `comments`)."""
    return moment(entry, "timestamp") or datetime.now(UTC)
