"""What an answer over HTTP means for the thing that was asked: published, known not to be, or unknown.

Only what is known not to have been carried out may be tried again; every doubt is an unknown outcome.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from koshiki.networks.http import Answer, NeverSent, NoAnswer, retry_after
from koshiki.networks.outcomes import Gone, NotSent, Outcome, OutcomeUnknown, Rejected, TokenDead

# By their definition these say that the request was not carried out.
_NOT_CARRIED_OUT = frozenset({408, 421, 425, 429})
_GONE = frozenset({404, 410})
_MOVED = frozenset({301, 307, 308})

Says = Callable[[dict[str, Any]], object]
"""Where a service puts its own words into the JSON of a refusal."""


def _usual(data: dict[str, Any]) -> object:
    return data.get("error_description") or data.get("error")


def judged(answer: Answer, says: Says = _usual) -> Any:
    """The JSON of a successful answer. Raises the outcome that any other answer means."""
    if not 200 <= answer.status < 300:
        raise _meaning(answer, says)
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


def reason_in(answer: Answer, says: Says = _usual) -> str:
    """What a refusing answer said, in words for staff."""
    said = words_in(answer, says)
    return f"サーバーの答えは{answer.status}でした" + (f"（{said}）。" if said else "。")


def words_in(answer: Answer, says: Says = _usual) -> str:
    """The server's own words, if it says any where `says` looks; harmless to show."""
    try:
        data = answer.json()
    except ValueError:
        return ""
    said = says(data) if isinstance(data, dict) else None
    return plain_words(said) if isinstance(said, str) else ""


def _meaning(answer: Answer, says: Says) -> Outcome:
    status, said, reason = answer.status, words_in(answer, says), reason_in(answer, says)
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
