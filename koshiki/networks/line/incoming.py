"""What LINE sends here by webhook: whether LINE sent it, what of it is kept, and the messages in that.

LINE has no list of messages: what is not received here is not to be had later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from koshiki.networks.credentials import Secret
from koshiki.networks.outcomes import Arrived, Comment

_OTHER = {"image": "画像", "video": "動画", "audio": "音声", "file": "ファイル", "location": "位置情報", "sticker": "スタンプ"}
_LAST_MOMENT = 253_402_300_799_000  # of the year 9999, in thousandths of a second
_KEPT = frozenset({"message", "unsend"})
_NUMBER = re.compile(r"[\w-]{1,100}", re.ASCII)


def signature_fits(body: bytes, signature: str, secret: Secret) -> bool:
    """Whether the `X-Line-Signature` was made over exactly these bytes with the channel's secret."""
    made = hmac.new(secret.reveal().encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(made), signature.strip().encode("utf-8", "replace"))


def arrived(body: bytes) -> list[Arrived]:
    """What persons wrote to the account or took back, out of a webhook's body whose signature fits.

    What is neither, or came from a group, is left out: who follows the account is nobody's business here. What LINE
    delivers twice has the same `number` both times. Raises ValueError for what is not LINE's JSON.
    """
    data = json.loads(body)
    told = data.get("events") if isinstance(data, dict) else None
    if not isinstance(told, list):
        raise ValueError("no events")
    return [kept for event in told if isinstance(event, dict) for kept in _kept(event)]


def comments_in(texts: Iterable[str]) -> list[Comment]:
    """The messages out of what was kept, in its order, without those that their writers took back."""
    events = [json.loads(text) for text in texts]
    taken_back = {_part(event, "unsend").get("messageId") for event in events if event["type"] == "unsend"}
    return [comment for event in events for comment in _comments(event) if comment.remote_id not in taken_back]


def _kept(event: dict[str, Any]) -> Iterator[Arrived]:
    at = _at(event.get("timestamp"))
    if event.get("type") in _KEPT and _part(event, "source").get("type") == "user" and at:
        lasting = {name: value for name, value in event.items() if name != "replyToken"}  # it opens an answer, for minutes
        text = json.dumps(lasting, sort_keys=True)  # ASCII: whatever was written, the database takes it
        yield Arrived(_event_number(event, text), text, at)


def _event_number(event: dict[str, Any], text: str) -> str:
    number = event.get("webhookEventId")
    given = isinstance(number, str) and _NUMBER.fullmatch(number)
    return str(number) if given else hashlib.sha256(text.encode()).hexdigest()


def _comments(event: dict[str, Any]) -> Iterator[Comment]:
    message, at = _part(event, "message"), _at(event.get("timestamp"))
    number = message.get("id")
    if event["type"] == "message" and isinstance(number, str) and number and at:
        writer = str(_part(event, "source").get("userId") or "")[:100]
        yield Comment(number[:100], "", _answered(message), writer, "", _shown(message), "", at)


def _part(event: dict[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def _shown(message: dict[str, Any]) -> str:
    """What was written; for a message without words, what it is."""
    if message.get("type") == "text" and isinstance(message.get("text"), str):
        return str(message["text"])[:10_000]
    return f"（{_OTHER.get(str(message.get('type')), 'その他のメッセージ')}）"


def _answered(message: dict[str, Any]) -> str:
    quoted = message.get("quotedMessageId")
    return quoted[:100] if isinstance(quoted, str) else ""


def _at(thousandths: Any) -> datetime | None:
    if not isinstance(thousandths, int) or not 0 < thousandths < _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(thousandths / 1000, UTC)
