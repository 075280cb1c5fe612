"""What a server of the Mastodon API shows: lists back to a time, statuses as readers see them, replies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from koshiki.networks.answers import Object, moment, objects, part, text
from koshiki.networks.mastodon.api import Api, own_address
from koshiki.networks.outcomes import Candidate, Comment, NotSent, Seen
from koshiki.networks.shown import skeleton, text_of

_PAGE = 40
_LONGEST = 200_000


def back_to(api: Api, path: str, since: datetime, pages: int, **asked: str) -> Iterator[Object]:
    """A list's entries, newest first, until one is older. Raises NotSent where it can't be seen so far.

    Some servers take `limit` and `max_id` loosely: an entry that came twice is told once.
    """
    seen: set[str] = set()
    asked |= {"limit": str(_PAGE)}
    for _ in range(pages):
        fresh = [entry for entry in _listed(api.get(path, **asked)) if text(entry, "id") not in seen]
        if not fresh:
            return
        recent = [entry for entry in fresh if (at(entry) or since) >= since]
        yield from recent
        if len(recent) < len(fresh):
            return
        seen |= {text(entry, "id") for entry in fresh}
        asked["max_id"] = text(fresh[-1], "id")
    raise NotSent("一覧をさかのぼりきれません。")


def _listed(data: Any) -> list[Object]:
    """Raises NotSent for what is no list of dated entries: a look-up must not take rubbish for an empty list."""
    if not isinstance(data, list) or len(objects(data)) != len(data):
        raise NotSent("一覧を読み取れません。")
    if not all(text(entry, "id") and at(entry) for entry in data):
        raise NotSent("一覧を読み取れません。")
    return list(data)


def at(entry: Object) -> datetime | None:
    return moment(entry, "created_at")


def media_of(status: Object) -> list[Object]:
    return objects(status.get("media_attachments"))


def shown_text(status: Object) -> str:
    return text_of(text(status, "content", _LONGEST))


def shown_skeleton(status: Object) -> str:
    return skeleton(shown_text(status))


def web_address(data: Object, key: str) -> str:
    """An address on any server, to be shown as a link; empty for what is none of the web."""
    address = text(data, key)
    return address if address.startswith(("https://", "http://")) else ""


def seen(server: str, status: Object) -> Seen:
    """An entry of the account's own timeline. Raises NotSent for what has no time."""
    shared = part(status, "reblog")
    if (moment_of_it := at(status)) is None:
        raise NotSent("一覧を読み取れません。")
    return Seen(
        remote_id=text(status, "id"),
        url=own_address(server, status, "url", "uri"),
        at=moment_of_it,
        text=shown_text(shared or status),
        shared_from=web_address(shared, "url") or web_address(shared, "uri"),
        edited_at=moment(status, "edited_at"),
    )


def comment(mention: Object, own: str) -> Comment | None:
    """What somebody wrote to the account `own`; None for what is not public, or gone meanwhile."""
    status, writer = part(mention, "status"), part(part(mention, "status"), "account")
    written = at(status)
    if written is None or text(status, "visibility") == "direct" or text(writer, "id") in ("", own):
        return None
    answered = text(status, "in_reply_to_id")
    ours = text(status, "in_reply_to_account_id") == own
    return Comment(
        remote_id=text(status, "id"),
        on=answered if ours else "",
        answers="" if ours else answered,
        writer_id=text(writer, "id"),
        writer=text(writer, "display_name") or text(writer, "username"),
        text=shown_text(status),
        url=web_address(status, "url") or web_address(status, "uri"),
        at=written,
        edited_at=moment(status, "edited_at"),
    )


def candidate(server: str, account: Object) -> Candidate:
    """An account that a search found, by its name among all servers."""
    name = text(account, "acct")
    return Candidate(
        remote_account_id=text(account, "id"),
        handle=f"@{name}" if "@" in name else f"@{name}@{server.partition('://')[2]}",
        name=text(account, "display_name") or text(account, "username"),
        url=web_address(account, "url"),
        text=text_of(text(account, "note", 20_000)),
        image_url=web_address(account, "avatar"),
    )
