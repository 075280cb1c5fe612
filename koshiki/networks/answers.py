"""What can be read out of a service's answer, whatever it really holds: strangers write it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from koshiki.networks.outcomes import NotSent, Rejected

Object = dict[str, Any]


def as_object(data: Any) -> Object:
    """Raises NotSent where a server answers with something else than an object."""
    if not isinstance(data, dict):
        raise NotSent("サーバーの答えを読み取れません。")
    return data


def part(data: Mapping[str, Any], key: str) -> Object:
    """An object within an answer; empty where there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def objects(data: Any) -> list[Object]:
    """The objects of a list; what is no list has none."""
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def text(data: Mapping[str, Any], key: str, limit: int = 2000) -> str:
    """A text out of a server's answer, whatever it really holds."""
    value = data.get(key)
    return str(value)[:limit] if isinstance(value, str | int) else ""


def moment(data: Mapping[str, Any], key: str) -> datetime | None:
    """A time with its zone; None where none can be read."""
    try:
        at = datetime.fromisoformat(text(data, key))
    except ValueError:
        return None
    return at if at.tzinfo else None


def server_address(typed: str) -> str:
    """The server's origin out of what a person typed: a name, or any address on it. Raises Rejected."""
    typed = typed.strip()
    parts = urlsplit(typed if "://" in typed else f"https://{typed}")
    try:
        fine = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        port = parts.port
    except ValueError:
        fine, port = False, None
    if not fine:
        raise Rejected("サーバーのアドレスとして正しくありません。")
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
