"""What the errors of the Graph API mean: its own codes, since their HTTP status is 400 for nearly all."""

from __future__ import annotations

from koshiki.networks.answers import Object, part, text
from koshiki.networks.http import Answer, retry_after
from koshiki.networks.judging import plain_words
from koshiki.networks.outcomes import Gone, NotSent, Outcome, OutcomeUnknown, Rejected, TokenDead

_BLOCKED = (Rejected, "サービスがこのアカウントの操作を止めています。サービスの画面で理由を確かめてください。")
_DEAD = (TokenDead, "接続が無効になっています。つなぎ直してください。")
_GONE = (Gone, "サービスにありません。")
_LACKING = (TokenDead, "この操作の権限がありません。権限を許可して、つなぎ直してください。")
_LATER = (NotSent, "サービスの回数の上限に達しました。")
_AGAIN = (NotSent, "")
_DOUBT = (OutcomeUnknown, "")

_Meaning = tuple[type[Outcome], str]
_CODES: dict[int, _Meaning] = {
    **dict.fromkeys((-1, 1, 2), _DOUBT),
    506: _DOUBT,  # the same text was published just now, perhaps by the try before
    **dict.fromkeys((4, 9, 17, 32, 341, 613, *range(80_000, 80_015)), _LATER),  # by app, day, person, page, …
    **dict.fromkeys((102, 190), _DEAD),
    **dict.fromkeys((3, 10, *range(200, 300)), _LACKING),
    368: _BLOCKED,
    803: _GONE,
}
_SUBCODES: dict[int, _Meaning] = {
    33: _GONE,
    **dict.fromkeys((2_207_003, 2_207_020, 2_207_027, 2_207_052), _AGAIN),  # not fetched in time, kept too long, not ready
    2_207_051: _BLOCKED,
}
"""These say more than their codes, and go first."""
TRY_AGAIN = frozenset({2_207_001, 2_207_003, 2_207_020, 2_207_027, 2_207_032, 2_207_052, 2_207_053})
"""Subcodes with which Instagram failed to prepare a picture, though it may succeed another time."""

_SECONDS = {_LATER: 300, _AGAIN: 10}


def told(answer: Answer) -> Outcome | None:
    """The outcome that a refusal means by its own code; None where it gives none."""
    error = _error(answer)
    return _outcome(error, *_meaning(error), retry_after(answer)) if error else None


def told_of_one_thing(answer: Answer) -> Outcome | None:
    """The same for a call about one comment or post: that it isn't allowed there says nothing of the connection."""
    error = _error(answer)
    if error and _meaning(error) == _LACKING:
        return _outcome(error, Rejected, "この操作は許されていません。", None)
    return told(answer)


def _error(answer: Answer) -> Object:
    try:
        data = answer.json()
    except ValueError:
        return {}
    error = part(data, "error") if isinstance(data, dict) else {}
    return error if isinstance(error.get("code"), int) else {}


def _meaning(error: Object) -> _Meaning:
    code, subcode = error["code"], error.get("error_subcode")
    known = _SUBCODES.get(subcode) if isinstance(subcode, int) else None
    return known or _CODES.get(code) or ((OutcomeUnknown if error.get("is_transient") is True else Rejected), "")


def _outcome(error: Object, kind: type[Outcome], words: str, wait: int | None) -> Outcome:
    reason = f"{words}{_words(error)}"
    return NotSent(reason, wait or _SECONDS[kind, words]) if kind is NotSent else kind(reason)


def _words(error: Object) -> str:
    """What the service says, for the person; its number of the case is what its support asks for."""
    said = plain_words(text(error, "error_user_msg") or text(error, "message"))
    case = plain_words(text(error, "fbtrace_id", 40))
    return f"サービスの答え：{said}（コード{error['code']}" + (f"、照会番号{case}）" if case else "）")
