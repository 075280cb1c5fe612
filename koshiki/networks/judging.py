"""What an answer over HTTP means for the thing that was asked: published, known not to be, or unknown.

Only what is known not to have been carried out may be tried again; every doubt is an unknown outcome.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from koshiki.networks.http import Answer, NeverSent, NoAnswer, retry_after
from koshiki.networks.outcomes import Gone, NotSent, Outcome, OutcomeUnknown, Rejected, TokenDead

# By their definition these say that the request was not carried out.
_NOT_CARRIED_OUT = frozenset({408, 421, 425, 429})
_GONE = frozenset({404, 410})
_MOVED = frozenset({301, 307, 308})

Words = Callable[[Mapping[str, Any]], object]
"""Where in the JSON of a refusal a service says why."""

Told = Callable[[Answer], Outcome | None]
"""What a refusal (4xx) means where the service has codes of its own for it; None leaves it to the status."""


def _usual_words(data: Mapping[str, Any]) -> object:
    return data.get("error_description") or data.get("error")


def judged(answer: Answer, words: Words = _usual_words, told: Told | None = None) -> Any:
    """The JSON of a successful answer. Raises the outcome that any other answer means."""
    if not 200 <= answer.status < 300:
        own = told(answer) if told and 400 <= answer.status < 500 else None
        raise own or _meaning(answer, words)
    try:
        return answer.json()
    except ValueError:
        raise OutcomeUnknown("サーバーは受け付けたようですが、答えを読み取れません。") from None


def outcome_of(failure: NeverSent | NoAnswer) -> Outcome:
    """What it means that no answer came."""
    return (NotSent if isinstance(failure, NeverSent) else OutcomeUnknown)(failure.reason)


def harmless(outcome: Outcome) -> Outcome:
    """The same for a call that can publish nothing: what is unknown there may simply be tried again."""
    return NotSent(outcome.reason) if isinstance(outcome, OutcomeUnknown) else outcome


def reason_in(answer: Answer, words: Words = _usual_words) -> str:
    """What a refusing answer said, in words for staff."""
    said = said_in(answer, words)
    return f"サーバーの答えは{answer.status}でした" + (f"（{said}）。" if said else "。")


def said_in(answer: Answer, words: Words = _usual_words) -> str:
    """The server's own words, if it says any where `words` looks; harmless to show."""
    try:
        data = answer.json()
    except ValueError:
        return ""
    said = words(data) if isinstance(data, dict) else None
    return plain_words(said) if isinstance(said, str) else ""


def _meaning(answer: Answer, words: Words) -> Outcome:
    status, said, reason = answer.status, said_in(answer, words), reason_in(answer, words)
    if status == 401 or (status == 403 and said):
        return TokenDead(f"接続が無効になっています。つなぎ直してください。{reason}")
    if status in _NOT_CARRIED_OUT:
        return NotSent(reason, retry_after(answer))
    if status == 503 and (wait := retry_after(answer)) is not None:
        return NotSent(reason, wait)  # only with Retry-After it is a refusal; else it may hide what was done
    if status in _MOVED:
        return Rejected(f"サーバーのアドレスが変わっています。つなぎ直してください。{reason}")
    if status in _GONE:
        return Gone(reason)
    return Rejected(reason) if 400 <= status < 500 else OutcomeUnknown(reason)


def plain_words(said: str) -> str:
    """A stranger's words, short and without control or direction characters."""
    return "".join(c for c in said if unicodedata.category(c)[0] != "C")[:200]
