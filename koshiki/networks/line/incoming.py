"""What LINE sends here by webhook: whether LINE sent it, and the messages that people wrote to the account.

LINE has no list of messages: what is not received here is not to be had later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from koshiki.networks.credentials import Secret
from koshiki.networks.outcomes import Comment

_OTHER = {"image": "画像", "video": "動画", "audio": "音声", "file": "ファイル", "location": "位置情報", "sticker": "スタンプ"}
_LAST_MOMENT = 253_402_300_799_000  # of the year 9999, in thousandths of a second


def signature_fits(body: bytes, signature: str, secret: Secret) -> bool:
    """Whether the `X-Line-Signature` was made over exactly these bytes with the channel's secret."""
    made = hmac.new(secret.reveal().encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(made), signature.strip().encode("utf-8", "replace"))


def events(body: bytes) -> list[Comment]:
    """The messages that persons wrote to the account, out of a webhook's body whose signature fits.

    What is no message, or came from a group, is left out. A message that LINE delivers twice has the same
    `remote_id` both times. Raises ValueError for what is not LINE's JSON.
    """
    data = json.loads(body)
    told = data.get("events") if isinstance(data, dict) else None
    if not isinstance(told, list):
        raise ValueError("no events")
    return [comment for event in told if isinstance(event, dict) for comment in _comments(event)]


def _comments(event: dict[str, Any]) -> Iterator[Comment]:
    message, source, at = event.get("message"), event.get("source"), _at(event.get("timestamp"))
    if event.get("type") != "message" or not isinstance(message, dict) or not isinstance(source, dict):
        return
    number = message.get("id")
    if source.get("type") == "user" and isinstance(number, str) and number and at:
        writer = str(source.get("userId") or "")[:100]
        yield Comment(number[:100], "", _answered(message), writer, "", _shown(message), "", at)


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
