"""What others write under a channel's videos, and what the channel may do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from koshiki.networks.outcomes import Comment, NotSent
from koshiki.networks.youtube.api import Api, Object, items, text
from koshiki.networks.youtube.videos import address, read_moment

_PAGES = 20
_A_PAGE = "100"
_STATES = ("published", "heldForReview", "likelySpam")


def since(api: Api, channel: str, moment: datetime) -> list[Comment]:
    """Comments and answers since then, those that only the channel sees too; the channel's own are left out."""
    found = (comment for state in _STATES for thread in _threads(api, channel, state, moment)
             for comment in _in(api, thread, hidden=state != "published"))
    return [comment for comment in found if comment.at >= moment and comment.writer_id != channel]


def _threads(api: Api, channel: str, state: str, moment: datetime) -> Iterator[Object]:
    """Threads, newest first. Raises NotSent also where they can't be seen so far back."""
    asked = {"part": "snippet,replies", "allThreadsRelatedToChannelId": channel, "order": "time", "maxResults": _A_PAGE,
             "moderationStatus": state, "textFormat": "plainText"}  # fmt: skip
    for _ in range(_PAGES):
        page = api.get("commentThreads", **asked)
        listed = items(page)
        yield from listed
        newest = max((_at(_top(thread)) for thread in listed), default=moment)
        asked["pageToken"] = text(page, "nextPageToken")
        if not asked["pageToken"] or newest < moment:
            return
    raise NotSent("コメントをさかのぼりきれません。")


def _in(api: Api, thread: Object, *, hidden: bool) -> Iterator[Comment]:
    top, video = _top(thread), text(thread, "snippet", "videoId")
    yield _comment(top, video, hidden=hidden)
    for answer in _answers(api, thread):
        yield _comment(answer, video, hidden=hidden)


def _answers(api: Api, thread: Object) -> list[Object]:
    """All answers of a thread: a few come along with it, the others are asked for."""
    told = (thread.get("replies") or {}).get("comments") or []
    snippet = thread.get("snippet")
    count = snippet.get("totalReplyCount") if isinstance(snippet, dict) else 0
    if not isinstance(count, int) or count <= len(told):
        return [answer for answer in told if isinstance(answer, dict)]
    asked = {"part": "snippet", "parentId": text(thread, "id"), "maxResults": _A_PAGE, "textFormat": "plainText"}
    found: list[Object] = []
    for _ in range(_PAGES):
        page = api.get("comments", **asked)
        found += items(page)
        if not (token := text(page, "nextPageToken")):
            return found
        asked["pageToken"] = token
    raise NotSent("コメントの返信を読み切れません。")


def _comment(item: Object, video: str, *, hidden: bool) -> Comment:
    snippet, number = item.get("snippet"), text(item, "id", limit=200)
    at, changed = read_moment(snippet, "publishedAt"), read_moment(snippet, "updatedAt")
    state = text(snippet, "moderationStatus")
    return Comment(
        remote_id=number,
        on=video,
        answers=text(snippet, "parentId", limit=200),
        writer_id=text(snippet, "authorChannelId", "value", limit=100),
        writer=text(snippet, "authorDisplayName", limit=200),
        text=text(snippet, "textOriginal", limit=20_000) or text(snippet, "textDisplay", limit=20_000),
        url=comment_address(video, number),
        at=at,
        edited_at=changed if changed > at else None,
        hidden=hidden or state not in ("", "published"),
    )


def comment_address(video: str, number: str) -> str:
    return f"{address(video)}&lc={quote(number, safe='')}"


def _top(thread: Object) -> Object:
    snippet = thread.get("snippet")
    top = snippet.get("topLevelComment") if isinstance(snippet, dict) else None
    if not isinstance(top, dict) or not text(top, "id"):
        raise NotSent("コメントを読み取れません。")
    return top


def _at(comment: Object) -> datetime:
    return read_moment(comment.get("snippet"), "publishedAt")
