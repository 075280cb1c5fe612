"""Calls to the YouTube Data API: what is asked, and what each answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from koshiki.networks.budgets import Budget, Span
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of, plain_words
from koshiki.networks.network import Verb
from koshiki.networks.outcomes import NotSent, Outcome, Rejected, TokenDead

Object = dict[str, Any]

_PACIFIC = "America/Los_Angeles"
# Of a Google project that has asked for no more. What is changed costs 50, each page that is read 1.
BUDGETS = (
    Budget("uploads", "1日に送る動画", "本", Span.DAY, {Verb.PUBLISH: 1}, 100, _PACIFIC),
    Budget("searches", "1日の検索", "回", Span.DAY, {Verb.SEARCH: 1}, 100, _PACIFIC),
    Budget("units", "1日の単位", "単位", Span.DAY, {
        Verb.PUBLISH: 51, Verb.LOOK_UP: 5, Verb.READ: 1, Verb.EDIT: 51, Verb.DELETE: 50, Verb.TIMELINE: 10, Verb.COMMENTS: 40,
        Verb.HIDE: 50, Verb.REMOVE: 50, Verb.REPLY: 50, Verb.PROFILE: 1}, 10_000, _PACIFIC),
)

# Of the many things that a 403 may mean here; whatever else it says, trying again is useless.
_NOT_NOW = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "uploadRateLimitExceeded", "servingLimitExceeded"})
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_NOT_ALLOWED = frozenset({"authError", "insufficientPermissions", "accountDelegationForbidden", "authenticatedUserAccountClosed",
                          "authenticatedUserAccountSuspended", "youtubeSignupRequired"})  # fmt: skip


class Api:
    """The interface at `base`, with or without a token. `skew` is the last answer's clock against ours."""

    def __init__(self, base: str, token: Secret | None = None) -> None:
        self.base = base
        self.token = token
        self.skew: float | None = None

    def get(self, path: str, **parameters: str) -> Object:
        """The JSON of a GET. Raises NotSent, Rejected, TokenDead."""
        return self.harmlessly("GET", path, parameters)

    def harmlessly(self, method: str, path: str, parameters: Mapping[str, str], **sent: Any) -> Object:
        """The JSON of a call that may be made again whatever came of it. Raises NotSent, Rejected, TokenDead."""
        try:
            data = self.once(method, path, parameters, **sent)
        except Outcome as outcome:
            raise harmless(outcome) from None
        if not isinstance(data, dict):
            raise NotSent("YouTubeの答えを読み取れません。")
        return data

    def once(self, method: str, path: str, parameters: Mapping[str, str], **sent: Any) -> Any:
        """The JSON of a call whose doubt counts. Raises NotSent, Rejected, TokenDead, OutcomeUnknown."""
        return meant(self.answer(method, f"{self.base}/youtube/v3/{path}?{urlencode(parameters)}", **sent))

    def answer(self, method: str, address: str, last_check: Callable[[], None] | None = None, **sent: Any) -> Answer:
        """Whatever is answered. Raises NotSent, OutcomeUnknown."""
        try:
            answer = call(method, address, token=self.token, private=True, last_check=last_check, **sent)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None
        self.skew = answer.skew
        return answer


def meant(answer: Answer) -> Any:
    """The JSON of a success, empty for one without a body. Raises the outcome that any other answer means."""
    if answer.status == 204:
        return {}
    if answer.status == 403 and (error := _error(answer)):
        raise _forbidden(error)
    return judged(answer, _words)


def text(data: Any, *keys: str, limit: int = 2000) -> str:
    """A text out of YouTube's answer, found by its path of keys, whatever is really there."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data[:limit] if isinstance(data, str) else ""


def items(data: Object) -> list[Object]:
    """The items of a list. Raises NotSent for what is none: rubbish must not be taken for an empty list."""
    listed = data.get("items", [])
    if not isinstance(listed, list) or not text(data, "kind").endswith("ListResponse"):
        raise NotSent("一覧を読み取れません。")
    if not all(isinstance(item, dict) for item in listed):
        raise NotSent("一覧を読み取れません。")
    return listed


def _words(said: Mapping[str, Any]) -> object:
    error = said.get("error")
    return error.get("message") if isinstance(error, dict) else said.get("error_description") or error


def _error(answer: Answer) -> Object:
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _forbidden(error: Object) -> Outcome:
    reason, words = _reason(error), plain_words(text(error, "message"))
    told = f"YouTubeの答えは403でした（{reason or '理由なし'}：{words}）。"
    if reason in _NOT_NOW:
        return NotSent(told)
    if reason in _SPENT:
        return NotSent(f"YouTubeの1日の割当てを使い切りました。太平洋時間の0時に戻ります。{told}", 3600)
    if reason in _NOT_ALLOWED:
        return TokenDead(f"接続が無効か、許可が足りません。つなぎ直してください。{told}")
    return Rejected(told)


def _reason(error: Object) -> str:
    errors = error.get("errors")
    return text(errors[0], "reason", limit=100) if isinstance(errors, list) and errors else ""
