"""Calls to a Bluesky server (XRPC): what is asked, and what each answer means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from koshiki.networks.answers import Object, as_object, objects, part, text
from koshiki.networks.bluesky.keys import Uri
from koshiki.networks.budgets import Budget, Span
from koshiki.networks.content import Media
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of, plain_words
from koshiki.networks.network import Verb
from koshiki.networks.outcomes import Gone, NotSent, Outcome, Rejected, TokenDead

# Points for what is written, as Bluesky's own servers count them: made 3, taken away 1. Reading costs none.
_POINTS = {Verb.PUBLISH: 3, Verb.REPLY: 3, Verb.HIDE: 3, Verb.DELETE: 1}
BUDGETS = (
    Budget("points_hour", "1時間の点数", "点", Span.HOUR, _POINTS, 5_000, each_account=True),
    Budget("points_day", "1日の点数", "点", Span.DAY, _POINTS, 35_000, each_account=True),
)

_UPLOAD_SECONDS = 120.0
_PAGE, _PAGES = 100, 20
_DEAD = frozenset({"InvalidToken", "AccountTakedown", "AccountDeactivated"})
_ABSENT = frozenset({"RecordNotFound", "NotFound"})


class Expired(NotSent):
    """The credentials ran out and are to be refreshed; nothing was done."""


class Swapped(Rejected):
    """The record is not as the call required it to be; nothing was done."""


class Api:
    """One server, with or without a token. `skew` is the last answer's clock against ours."""

    appview: ClassVar[str] = "did:web:api.bsky.app#bsky_appview"
    """The service that knows what others wrote; the account's server passes such questions on to it."""

    def __init__(self, server: str, token: Secret | None = None) -> None:
        self.server = server
        self.token = token
        self.skew: float | None = None

    def get(self, method: str, *, beyond: bool = False, **parameters: Any) -> Object:
        """The answer to a question, to the server or `beyond` it. Raises NotSent, Rejected, TokenDead."""
        query = urlencode(parameters, doseq=True)
        headers = {"atproto-proxy": self.appview} if beyond else {}
        return self._harmlessly("GET", f"{method}?{query}" if query else method, headers=headers)

    def entries(self, method: str, within: str, *, beyond: bool = False, **asked: Any) -> Iterator[Object]:
        """The entries of a list, page after page, for as long as they are taken.

        Raises NotSent also for what is no list, and where it goes on too long; Rejected, TokenDead.
        """
        for _ in range(_PAGES):
            page = self.get(method, beyond=beyond, limit=_PAGE, **asked)
            listed = page.get(within)
            if not isinstance(listed, list) or len(objects(listed)) != len(listed):
                raise NotSent("一覧を読み取れません。")
            yield from listed
            if not (cursor := text(page, "cursor")):
                return
            asked["cursor"] = cursor
        raise NotSent("一覧をさかのぼりきれません。")

    def post(self, method: str, json: Mapping[str, Any] | None = None, **sent: Any) -> Object:
        """A call that may be repeated. Raises NotSent, Rejected, TokenDead."""
        return self._harmlessly("POST", method, json=json, **sent)

    def record(self, uri: Uri) -> Object:
        """A record as the server keeps it: uri, cid, value. Raises NotSent, Gone, Rejected, TokenDead."""
        found = self.get("com.atproto.repo.getRecord", repo=uri.did, collection=uri.collection, rkey=uri.key)
        if not text(found, "cid") or not isinstance(found.get("value"), dict):
            raise NotSent("サーバーの答えを読み取れません。")
        return found

    def put(self, uri: Uri, value: Object, instead_of: str | None, last_check: Callable[[], None] | None) -> Object:
        """The record stands there from now on, in place of that with the cid `instead_of`, None: of nothing.

        Raises Swapped where that is not so, NotSent, Rejected, TokenDead, OutcomeUnknown.
        """
        body = {"repo": uri.did, "collection": uri.collection, "rkey": uri.key, "record": value,
                "swapRecord": instead_of}
        try:
            answer = self._call("POST", "com.atproto.repo.putRecord", json=body, last_check=last_check)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None
        data = _judged(answer)
        return data if isinstance(data, dict) else {}

    def upload(self, item: Media, last_check: Callable[[], None]) -> Object:
        """Uploads one picture, which nobody sees until a record holds it. Raises NotSent, Rejected, TokenDead."""
        answer = self._harmlessly("POST", "com.atproto.repo.uploadBlob", content=item.bytes,
                                  headers={"Content-Type": item.mime}, last_check=last_check, seconds=_UPLOAD_SECONDS)
        blob = part(answer, "blob")
        if not text(part(blob, "ref"), "$link"):
            raise NotSent("画像の番号を読み取れません。")
        return blob

    def _harmlessly(self, http_method: str, method: str, **sent: Any) -> Object:
        try:
            return as_object(_judged(self._call(http_method, method, **sent)))
        except (NeverSent, NoAnswer) as failure:
            raise harmless(outcome_of(failure)) from None
        except Outcome as outcome:
            raise harmless(outcome) from None

    def _call(self, http_method: str, method: str, **sent: Any) -> Answer:
        answer = call(http_method, f"{self.server}/xrpc/{method}", token=self.token, private=True, **sent)
        self.skew = answer.skew
        return answer


def _judged(answer: Answer) -> Any:
    """The JSON of a successful answer; refusals are told by a name here, more often than by the status."""
    if 400 <= answer.status < 500 and (refusal := _named(answer)):
        raise refusal
    return judged(answer, _words)


def _words(said: Mapping[str, Any]) -> object:
    return said.get("message") or said.get("error")


def _named(answer: Answer) -> Outcome | None:
    try:
        said = as_object(answer.json())
    except (ValueError, NotSent):
        return None
    name, words = text(said, "error", 100), plain_words(str(_words(said)))
    if name == "ExpiredToken":
        return Expired(f"接続の有効期限が切れています（{words}）。", 5)
    if name in _DEAD:
        return TokenDead(f"接続が無効になっています。つなぎ直してください（{words}）。")
    if name == "InvalidSwap":
        return Swapped(f"投稿の場所に、すでに別のものがあります（{words}）。")
    return Gone(f"サービスに見当たりません（{words}）。") if name in _ABSENT else None
