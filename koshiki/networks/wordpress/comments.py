"""Comments below the posts of a site: read, hidden, removed, answered."""

from __future__ import annotations

from datetime import UTC, datetime

from koshiki.networks.answers import Object, as_object, part, text
from koshiki.networks.outcomes import Comment, Gone, NotSent, OutcomeUnknown, Published, Rejected
from koshiki.networks.shown import skeleton, text_of
from koshiki.networks.verbs import LastCheck
from koshiki.networks.wordpress import html
from koshiki.networks.wordpress.api import Api, moment, number

_COMMENTS = "wp/v2/comments"
_SHOWN = "id,post,parent,author,author_name,date_gmt,content,link,status"


def since(api: Api, at: datetime, own: int) -> list[Comment]:
    """What others than the user `own` wrote since then, seen by everybody or waiting to be."""
    found = api.all(_COMMENTS, context="edit", status="all", after=at.astimezone(UTC).isoformat(), _fields=_SHOWN)
    return [_comment(one) for one in found if number(one, "author") != own]


def hide(api: Api, comment_id: str, *, hidden: bool) -> None:
    """Looked at first: on MySQL a site answers 500 when nothing is to be changed, and what is hidden as spam stays so."""
    if (text(_one(api, comment_id), "status") != "approved") != hidden:
        api.harmlessly("POST", _path(comment_id), json={"status": "hold" if hidden else "approved"})


def remove(api: Api, comment_id: str) -> None:
    try:
        api.harmlessly("DELETE", _path(comment_id), {"force": "true"})
    except Gone:
        return


def reply(api: Api, comment_id: str, words: str, last_check: LastCheck, own: int) -> Published:
    """A site refuses the same answer to the same comment, so that one whose answer was lost is found, not doubled."""
    answered = _one(api, comment_id)
    parent = number(answered, "id")
    sent = {"post": number(answered, "post"), "parent": parent, "content": html.escaped(words)}
    try:
        made = api.ask("POST", _COMMENTS, {"_fields": _SHOWN}, json=sent, last_check=last_check)
    except Rejected:
        if there := _same(api, parent, words, own):
            return _published(there)
        raise
    return _published(made)


def _same(api: Api, parent: int, words: str, own: int) -> Object | None:
    """The answer that is there already."""
    answers = api.all(_COMMENTS, context="edit", status="all", parent=parent, author=own, _fields=_SHOWN)
    return next((one for one in answers if skeleton(_text(one)) == skeleton(words)), None)


def _published(made: object) -> Published:
    if not isinstance(made, dict) or not number(made, "id"):
        raise OutcomeUnknown("サイトは受け付けたようですが、コメントの番号を答えません。")
    return Published(str(number(made, "id")), text(made, "link"), moment(made, "date_gmt"))


def _one(api: Api, comment_id: str) -> Object:
    return as_object(api.get(_path(comment_id), context="edit", _fields=_SHOWN))


def _comment(one: Object) -> Comment:
    at = moment(one, "date_gmt")
    if at is None:
        raise NotSent("一覧を読み取れません。")
    parent, author = number(one, "parent"), number(one, "author")
    return Comment(
        remote_id=str(one["id"]),
        on=str(number(one, "post") or ""),
        answers=str(parent or ""),
        writer_id=str(author or ""),  # of a visitor nothing is known that is not only said
        writer=text_of(text(one, "author_name", 300)),
        text=_text(one),
        url=text(one, "link"),
        at=at,
        hidden=text(one, "status") != "approved",
    )


def _text(one: Object) -> str:
    """As it was written: what is shown is made prettier."""
    return text_of(text(part(one, "content"), "raw", 200_000))


def _path(comment_id: str) -> str:
    if not (comment_id.isascii() and comment_id.isdigit()):
        raise Gone("コメントの番号ではありません。")
    return f"{_COMMENTS}/{comment_id}"
