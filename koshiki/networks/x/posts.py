"""What stands in a post as the API tells it: its text with the links as they were written, its time, whose it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from koshiki.networks.outcomes import (
    CannotTell,
    Comment,
    Found,
    LookUp,
    NotFound,
    NotSent,
    Outgoing,
    Seen,
    Shown,
)
from koshiki.networks.shown import similar, skeleton
from koshiki.networks.x.api import Object, objects, part, text

SITE = "https://x.com"

_EPOCH_MS = 1_288_834_974_657  # where the time begins that a post's number holds
_LONGEST = 100_000
_MEDIA_LINK = re.compile(r"https://(?:twitter|x)\.com/[^/]+/status/\d+/(?:photo|video)/\d+")


def address(handle: str, post_id: str) -> str:
    """The page of a post; X goes by the number, whatever name stands before it."""
    return f"{SITE}/{handle.removeprefix('@') or 'i'}/status/{post_id}"


def is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 19


def time_of(post_id: str) -> datetime:
    """When a post was made: its number tells, to the millisecond and in every form of answer alike."""
    return datetime.fromtimestamp(((int(post_id) >> 22) + _EPOCH_MS) / 1000, UTC)


def history(post: Object) -> list[str]:
    """The post's numbers from the first to the one that stands now: each edit gives it a new one."""
    told = post.get("edit_history_post_ids")
    earlier = [one for one in told if isinstance(one, str) and is_id(one)] if isinstance(told, list) else []
    return sorted({*earlier, text(post, "id")}, key=int)


def shown_text(post: Object) -> str:
    """The whole text as a reader sees it, each link as it was written and without those that stand for pictures."""
    long = part(post, "note_post")
    shown = text(long or post, "text", _LONGEST)
    for entities in (part(post, "entities"), part(long, "entities")):
        shown = written_out(shown, entities)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def written_out(shown: str, entities: Mapping[str, Any]) -> str:
    """A text with the addresses that X put in its own place of (t.co) as they were written."""
    for link in objects(entities.get("urls")):
        short, full = text(link, "url"), text(link, "expanded_url", _LONGEST)
        if short and full:
            shown = shown.replace(short, "" if _MEDIA_LINK.fullmatch(full) else full)
    return shown


def posts_in(page: Object) -> list[Object]:
    """The posts of a page. Raises NotSent for what is no list of posts: rubbish is not an empty list."""
    data = page.get("data", [] if part(page, "meta").get("result_count") == 0 else None)
    found = objects(data)
    if not isinstance(data, list) or len(found) != len(data) or not all(is_id(text(post, "id")) for post in found):
        raise NotSent("一覧を読み取れません。")
    return found


# ---------------------------------------------------------------- as koshiki knows them


def as_shown(page: Object, handle: str) -> Shown:
    """One post with its pictures' words. Raises NotSent for what is none."""
    post = part(page, "data")
    if not is_id(text(post, "id")):
        raise NotSent("Xの答えを読み取れません。")
    described = {text(item, "media_key"): text(item, "alt_text") for item in objects(part(page, "includes").get("media"))}
    alts = tuple(described.get(key, "") for key in _media_keys(post))
    numbers = history(post)
    return Shown(shown_text(post), len(alts), alts, address(handle, numbers[-1]), time_of(numbers[0]))


def as_seen(post: Object, handle: str) -> Seen:
    numbers = history(post)
    edited = time_of(numbers[-1]) if len(numbers) > 1 else None
    passed_on = _referenced(post, "retweeted")
    return Seen(numbers[-1], address(handle, numbers[-1]), time_of(numbers[0]), shown_text(post),
                address("", passed_on) if passed_on else "", edited)


def as_comments(page: Object) -> Iterator[Comment]:
    """What others wrote; `on` is the post that began the conversation."""
    writers = {text(user, "id"): text(user, "username") for user in objects(part(page, "includes").get("users"))}
    for post in posts_in(page):
        numbers, writer_id = history(post), text(post, "author_id")
        writer = writers.get(writer_id, "")
        yield Comment(
            numbers[-1], text(post, "conversation_id"), "", writer_id, f"@{writer}" if writer else "", shown_text(post),
            address(writer, numbers[-1]), time_of(numbers[0]), time_of(numbers[-1]) if len(numbers) > 1 else None,
        )


def _media_keys(post: Object) -> list[str]:
    keys = part(post, "attachments").get("media_keys")
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _referenced(post: Object, how: str) -> str:
    of_this = (text(other, "id") for other in objects(post.get("referenced_posts")) if other.get("type") == how)
    return next(filter(is_id, of_this), "")


# ---------------------------------------------------------------- which of them was it


def found_among(posts: list[Object], outgoing: Outgoing, taken: Collection[str], handle: str) -> LookUp:
    """Whether one of these, newest first, is what went out and nobody else's."""
    wanted = _bones(outgoing.content["text"])
    free = [post for post in posts if not set(history(post)) & set(taken) and _stands_there(post, outgoing) is not False]
    for post in reversed(free):  # the oldest that fits: a later equal one is a later delivery's
        same = len(_media_keys(post)) == len(outgoing.media) and _bones(shown_text(post)) == wanted
        if same and _stands_there(post, outgoing):
            return Found(text(post, "id"), address(handle, text(post, "id")), time_of(history(post)[0]))
    if any(similar(wanted, _bones(shown_text(post))) for post in free):
        return CannotTell("よく似た投稿がありますが、同じものと言い切れません。")
    return NotFound()


def _stands_there(post: Object, outgoing: Outgoing) -> bool | None:
    """Whether the post stands where this one would: alone, in its thread, or as an answer; None if it isn't told."""
    begun_by = text(post, "conversation_id")
    if not begun_by:
        return None
    if begun_by in history(post) or not outgoing.after:
        return (begun_by in history(post)) == (not outgoing.after)
    return True if outgoing.root in ("", begun_by) else None


def _bones(shown: str) -> str:
    """What a look-up compares: without the names that X puts before an answer."""
    return skeleton(re.sub(r"^(?:@\w+\s+)+", "", shown.lstrip()))
