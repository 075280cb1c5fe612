"""A channel's own videos: those that can be seen, and those that only wait to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from koshiki.networks.content import Content
from koshiki.networks.outcomes import NotSent, Seen, Shown
from koshiki.networks.shown import skeleton
from koshiki.networks.youtube.api import Api, Object, items, text

NEWS = "25"
_PAGES = 10
_A_PAGE = "50"
_WAITING_AT_MOST = timedelta(days=30)
"""How long before it was made public a video may have been uploaded: lists are in the order of uploading."""


def made_from(content: Content) -> Object:
    """A video as it is when it goes up: seen by nobody."""
    snippet = {"title": content["title"], "description": content["text"], "categoryId": NEWS, "defaultLanguage": "ja"}
    return {"snippet": snippet, "status": status("private")}


def status(privacy: str) -> Object:
    """All that can be set of a status, since what is left out is set back."""
    return {"privacyStatus": privacy, "embeddable": True, "license": "youtube", "publicStatsViewable": True,
            "selfDeclaredMadeForKids": False}


def one(api: Api, video: str, part: str = "snippet,status") -> Object | None:
    """The video with this id; None if YouTube has none. Raises NotSent, Rejected, TokenDead."""
    found = items(api.get("videos", part=part, id=video))
    return next((item for item in found if text(item, "id") == video), None)


def own_since(api: Api, playlist: str, since: datetime) -> Iterator[Object]:
    """The channel's videos that may have become visible since then, private ones too.

    Raises NotSent also where the list can't be seen so far back, Rejected, TokenDead.
    """
    asked = {"part": "snippet", "playlistId": playlist, "maxResults": _A_PAGE}
    for _ in range(_PAGES):
        page = api.get("playlistItems", **asked)
        listed = items(page)
        uploaded = [moment(item, "publishedAt") for item in listed]
        ids = [text(item, "snippet", "resourceId", "videoId") for item in listed]
        yield from _in_full(api, ids)
        asked["pageToken"] = text(page, "nextPageToken")
        if not asked["pageToken"] or (uploaded and max(uploaded) < since - _WAITING_AT_MOST):
            return
    raise NotSent("一覧をさかのぼりきれません。")


def _in_full(api: Api, ids: list[str]) -> list[Object]:
    if not all(ids):
        raise NotSent("一覧を読み取れません。")
    return items(api.get("videos", part="snippet,status", id=",".join(ids), maxResults=_A_PAGE)) if ids else []


def is_public(video: Object) -> bool:
    return text(video, "status", "privacyStatus") == "public"


def moment(item: Object, key: str) -> datetime:
    """A time in a snippet. Raises NotSent for what is none: a list without times tells nothing."""
    return read_moment(item.get("snippet"), key)


def read_moment(data: Any, key: str) -> datetime:
    try:
        at = datetime.fromisoformat(text(data, key))
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise NotSent("日時を読み取れません。")
    return at


def words(video: Object) -> str:
    """Title and description, as one text."""
    return f"{text(video, 'snippet', 'title')}\n{text(video, 'snippet', 'description', limit=20_000)}"


def bare_words(video: Object) -> str:
    return skeleton(words(video))


def seen(video: Object) -> Seen:
    number = text(video, "id")
    return Seen(number, address(number), moment(video, "publishedAt"), words(video))


def shown(video: Object) -> Shown:
    """As citizens see it. YouTube shows no alt text, so that nothing can be said of it."""
    return Shown(words(video), None, (), address(text(video, "id")), moment(video, "publishedAt"))


def address(video: str) -> str:
    return f"https://www.youtube.com/watch?v={quote(video, safe='')}"
