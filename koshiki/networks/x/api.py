"""Calls to the X API v2: what is asked, and what each answer means.

The API knows its posts by two sets of names and answers in the one it was asked in; here it is always asked in that
of its published description (`post.fields`, `expansions`). A field that it does not know it leaves out without a word.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from koshiki.networks.budgets import Budget, Span
from koshiki.networks.credentials import Secret
from koshiki.networks.http import MAX_RETRY_AFTER, Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of, plain_words, reason_in, said_in
from koshiki.networks.network import Verb
from koshiki.networks.outcomes import Gone, NotSent, Outcome, OutcomeUnknown, Rejected

Object = dict[str, Any]

MOST_PAGES = 5
_PAGE_BYTES = 20_000_000  # a hundred posts, each as long as X lets those write who pay, every letter escaped
_CREDIT_SECONDS = 600  # until credits may have been bought
_WINDOWS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
_NOT_THERE = "/problems/resource-not-found"

# X sells each post and each reading: how many a month the city pays for, only the city knows. A list costs what it returns,
# which nobody knows before: a page is reckoned as full.
_PAID = {Verb.PUBLISH: 1, Verb.REPLY: 1}
BUDGETS = (
    Budget("posts_day", "1日の投稿", "件", Span.DAY, _PAID, 10_000),
    Budget("posts_month", "1か月の投稿", "件", Span.MONTH, _PAID),
    Budget("reads_month", "1か月に読む投稿", "件", Span.MONTH,
           {Verb.READ: 1, Verb.LOOK_UP: 20, Verb.TIMELINE: 100, Verb.COMMENTS: 100, Verb.SEARCH: 20, Verb.PROFILE: 1}, 3_000_000),
)


class Api:
    """The API with the token of one account. `skew` is the last answer's clock against ours."""

    def __init__(self, base: str, token: Secret | None = None) -> None:
        self.base = base
        self.token = token
        self.skew: float | None = None

    def get(self, path: str, asked: Mapping[str, str] | None = None, **how: Any) -> Object:
        """What is at `path`, with what was asked for. Raises NotSent, Gone, Rejected, TokenDead."""
        return self.harmlessly("GET", f"{path}?{urlencode(asked)}" if asked else path, **how)

    def pages(self, path: str, asked: Mapping[str, str], onward: str, most: int = MOST_PAGES) -> Iterator[Object]:
        """The pages of a list, each when it is needed; `onward` names the next. Raises NotSent also for too many."""
        asked = dict(asked)
        for _ in range(most):
            page = self.get(path, asked, max_bytes=_PAGE_BYTES)
            yield page
            if not (following := text(part(page, "meta"), "next_token")):
                return
            asked[onward] = following
        raise NotSent("一覧をさかのぼりきれません。")

    def harmlessly(self, method: str, path: str, **sent: Any) -> Object:
        """A call that publishes nothing, or that may be repeated. Raises NotSent, Gone, Rejected, TokenDead."""
        try:
            data = self.publish(method, path, **sent)
        except Outcome as outcome:
            raise harmless(outcome) from None
        if "data" not in data and any(text(error, "type").endswith(_NOT_THERE) for error in objects(data.get("errors"))):
            raise Gone(f"Xに見当たりません。{plain_words(_problem(data))}")  # said with 200
        return data

    def publish(self, method: str, path: str, **sent: Any) -> Object:
        """A call that may be seen. Raises NotSent, Gone, Rejected, TokenDead, OutcomeUnknown."""
        try:
            answer = call(method, self.base + path, token=self.token, **sent)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None
        self.skew = answer.skew
        return understood(answer)


def understood(answer: Answer) -> Object:
    """The JSON object of a successful answer. Raises the outcome that any other means."""
    if outcome := _own_meaning(answer):
        raise outcome
    if answer.status == 204:
        return {}
    data = judged(answer, _problem)
    if not isinstance(data, dict):
        raise OutcomeUnknown("Xは受け付けたようですが、答えを読み取れません。")
    return data


def _own_meaning(answer: Answer) -> Outcome | None:
    """What X means otherwise than most: no credit left, 403 for whatever it does not allow, its own way to say when."""
    reason = reason_in(answer, _problem)
    if answer.status == 402:
        return NotSent(f"XのAPIのクレジットが足りません。情報担当が補充すると、再開します。{reason}", _CREDIT_SECONDS)
    if answer.status == 403 and "duplicate" in said_in(answer, _problem).casefold():
        return OutcomeUnknown(f"同じ内容の投稿が既にある、とXが答えました。{reason}")
    if answer.status == 403:
        return Rejected(f"Xが許可しませんでした。{reason}")
    if answer.status == 429 and (wait := _until_reset(answer)) is not None:
        return NotSent(f"Xの回数の上限に達しました。{reason}", wait)
    return None


def _until_reset(answer: Answer) -> int | None:
    """Seconds by the server's own clock until the last of the limits that were used up begins anew."""
    resets = [answer.headers.get(f"{window}-reset", "") for window in _WINDOWS
              if answer.headers.get(f"{window}-remaining", "0").strip() == "0"]
    moments = [int(reset) for reset in resets if re.fullmatch(r"[0-9]{1,12}", reset)]
    if not moments:
        return None
    return int(max(1, min(max(moments) - time.time() - (answer.skew or 0), MAX_RETRY_AFTER)))


def _problem(data: Mapping[str, Any]) -> str:
    """The words of a refusal: its `detail`, else those of its first error, else its title."""
    first: Object = next(iter(objects(data.get("errors"))), {})
    found = (text(data, "detail"), text(first, "detail"), text(first, "message"), text(data, "error_description"),
             text(data, "title"), text(data, "error"))
    return next(filter(None, found), "")


def text(data: Mapping[str, Any], key: str, limit: int = 2000) -> str:
    """A text out of an answer, whatever it really holds."""
    value = data.get(key)
    return value[:limit] if isinstance(value, str) else ""


def part(data: Mapping[str, Any], key: str) -> Object:
    """An object out of an answer; empty where there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def objects(data: Any) -> list[Object]:
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
