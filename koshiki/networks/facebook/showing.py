"""What Facebook's answers show: a post, a comment, a page, read out of the JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from koshiki.networks.answers import Object, moment, objects, part, text
from koshiki.networks.outcomes import Comment, Profile, ProfileField, Seen

SITE = "https://www.facebook.com"
POST = ("id,message,story,created_time,updated_time,is_published,parent_id,"
        "attachments{type,target{id},subattachments{type,target{id}}}")
COMMENT = "id,message,created_time,from{id,name},parent{id},permalink_url,is_hidden"
PROFILE = "id,name,username,link,about,description,website,verification_status,picture{url}"

_VERIFIED = {"blue_verified": True, "gray_verified": True, "not_verified": False}


def address_of(post: str) -> str:
    """A post's address by its numbers. Facebook's own `permalink_url` may carry a name that differs for each reader."""
    page, _, number = post.partition("_")
    return f"{SITE}/{page}/posts/{number}" if page.isdecimal() and number.isdecimal() else ""


def address_of_comment(page: str, comment: str) -> str:
    """A comment's id is that of what it stands under and its own number."""
    under, _, number = comment.partition("_")
    post = address_of(f"{page}_{under}")
    return f"{post}?comment_id={number}" if post and number.isdecimal() else ""


def addresses_of(page: Object) -> list[str]:
    """Every address by which a page may be registered: by its name and by its number. Never one on another site."""
    name, number, link = text(page, "username"), text(page, "id"), text(page, "link")
    named = [f"{SITE}/{name}"] if re.fullmatch(r"[\w.]+", name, re.ASCII) else []
    linked = [link] if link.startswith(f"{SITE}/") else []
    return [*named, *linked, f"{SITE}/profile.php?id={number}"]


def handle_of(page: Object) -> str:
    """@name, or, for a page that has chosen none, its title."""
    name = text(page, "username", 100)
    return f"@{name}" if name else text(page, "name", 100)


def photos_of(post: Object) -> list[str]:
    """The ids of a post's pictures, in order: one stands alone, several in an album."""
    attached = objects(part(post, "attachments").get("data"))
    within = [inner for outer in attached for inner in objects(part(outer, "subattachments").get("data")) or [outer]]
    return [text(part(item, "target"), "id") for item in within if text(item, "type") == "photo"]


def seen(post: Object) -> Seen:
    """`updated_time` moves with every comment, so that it tells nothing of an edit."""
    number, shared = text(post, "id"), text(post, "parent_id")
    words = text(post, "message", 70_000) or text(post, "story")
    return Seen(number, address_of(number), _at(post), words, shared_from=address_of(shared) if shared else "")


def comment(entry: Object, post: str) -> Comment:
    number, writer = text(entry, "id"), part(entry, "from")
    return Comment(
        remote_id=number, on=post, answers=text(part(entry, "parent"), "id"), writer_id=text(writer, "id"),
        writer=text(writer, "name", 200), text=text(entry, "message", 10_000),
        url=_own_site(text(entry, "permalink_url")), at=_at(entry), hidden=entry.get("is_hidden") is True,
    )


def writer_of(entry: Object) -> str:
    return text(part(entry, "from"), "id")


def profile(page: Object) -> Profile:
    sites = tuple(word for word in text(page, "website").split() if "." in word)
    words = [text(page, "about", 20_000), text(page, "description", 20_000)]
    return Profile(
        handle=handle_of(page), name=text(page, "name"), text="\n\n".join(filter(None, words)),
        fields=tuple(ProfileField("ウェブサイト", site) for site in sites), links=sites,
        image_url=_picture(page), verified=_VERIFIED.get(text(page, "verification_status")),
    )


def _picture(page: Object) -> str:
    url = text(part(part(page, "picture"), "data"), "url")
    return url if url.startswith("https://") else ""


def _own_site(url: str) -> str:
    return url if url.startswith(f"{SITE}/") else ""


def _at(entry: Object) -> datetime:
    """Every entry of a list that was read has a time (`Graph.since`)."""
    return moment(entry, "created_time") or datetime.now(UTC)
