"""Calls to LINE's Messaging API: what is asked, and what each answer means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from koshiki.networks.budgets import Budget, Span
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of, said_in
from koshiki.networks.network import Verb
from koshiki.networks.outcomes import NotSent, Outcome, OutcomeUnknown, Rejected

Object = dict[str, Any]

_SENT = {Verb.PUBLISH: 1}
# A plan counts messages, one for each friend: how many posts a month that makes, only the city can reckon.
BUDGETS = (
    Budget("broadcasts_hour", "1時間の配信", "回", Span.HOUR, _SENT, 60, "Asia/Tokyo", each_account=True),
    Budget("broadcasts_month", "1か月の配信", "回", Span.MONTH, _SENT, None, "Asia/Tokyo", each_account=True),
)

_BROADCAST = "/v2/bot/message/broadcast"
_REQUEST, _ACCEPTED = "x-line-request-id", "x-line-accepted-request-id"
_NUMBER = re.compile(r"[\w.-]{1,100}", re.ASCII)


class Api:
    """The interface at `base`, with or without a token. `skew` is the last answer's clock against ours."""

    def __init__(self, base: str, token: Secret | None = None) -> None:
        self.base = base
        self.token = token
        self.skew: float | None = None

    def get(self, path: str) -> Object:
        """The JSON of a GET. Raises NotSent, Rejected, TokenDead."""
        return self._harmlessly("GET", path)

    def issue(self, form: Mapping[str, str | Secret]) -> Object:
        """A channel access token for a channel's id and secret. Raises NotSent, Rejected, TokenDead."""
        return self._harmlessly("POST", "/v2/oauth/accessToken", form=form)

    def broadcast(self, messages: list[Object], key: str, last_check: Callable[[], None]) -> str:
        """The one call that sends to all friends; returns the number of the request that LINE accepted.

        A key that was accepted before answers 409, which names that request: the very same success.
        Raises NotSent, Rejected, TokenDead, OutcomeUnknown.
        """
        sent = {"json": {"messages": messages}, "headers": {"X-Line-Retry-Key": key}, "last_check": last_check}
        try:
            answer = self._call("POST", _BROADCAST, **sent)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None
        accepted = answer.status == 409
        if not accepted and not isinstance(_judged(answer), dict):
            raise OutcomeUnknown("LINEは受け付けたようですが、答えを読み取れません。")
        return _number(answer, _ACCEPTED if accepted else _REQUEST)

    def _harmlessly(self, method: str, path: str, **sent: Any) -> Object:
        try:
            data = _judged(self._call(method, path, **sent))
        except (NeverSent, NoAnswer) as failure:
            raise harmless(outcome_of(failure)) from None
        except Outcome as outcome:
            raise harmless(outcome) from None
        if not isinstance(data, dict):
            raise NotSent("LINEの答えを読み取れません。")
        return data

    def _call(self, method: str, path: str, **sent: Any) -> Answer:
        answer = call(method, self.base + path, token=self.token, private=True, **sent)
        self.skew = answer.skew
        return answer


def text(data: Mapping[str, Any], key: str, limit: int = 2000) -> str:
    """A text out of LINE's answer, whatever it really holds."""
    value = data.get(key)
    return value[:limit] if isinstance(value, str) else ""


def _judged(answer: Answer) -> Any:
    """As everywhere, but two refusals that another sign-in or another try would not mend."""
    said = said_in(answer, _words)
    if answer.status == 403:
        raise Rejected(f"このチャネルには許されていません。LINEの答えは403でした{f'（{said}）' if said else ''}。")
    if answer.status == 429 and "monthly limit" in said:
        raise Rejected("今月送れる通数を使い切りました。LINE公式アカウントのプランを確かめてください。")
    return judged(answer, _words)


def _words(said: Mapping[str, Any]) -> object:
    return said.get("message") or said.get("error_description") or said.get("error")


def _number(answer: Answer, header: str) -> str:
    number = str(answer.headers.get(header, "")).strip()
    if not _NUMBER.fullmatch(number):
        raise OutcomeUnknown("LINEは受け付けたようですが、受付番号を答えません。")
    return number
