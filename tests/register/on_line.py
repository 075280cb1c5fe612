"""An official account on LINE, connected, and what LINE sends to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from typing import Any

from koshiki.networks.base import Link, Secret
from koshiki.register.actions.inlets import make_inlet
from koshiki.register.link import kept
from koshiki.register.models import Account, Connection, Inlet
from tests.canary import MARK
from tests.cast import Cast, official

CHANNEL_SECRET = f"{MARK}8c570fa6dd201bb328f1c1eac23a96d8"
_numbers = itertools.count(1)


def connected_to_line(cast: Cast, name: str = "iwata") -> Account:
    account = official(cast, service="line", name=f"磐田市LINE（{name}）", url=f"https://line.me/R/ti/p/@{name}")
    secrets = {"channel_secret": Secret(CHANNEL_SECRET), "access_token": Secret(f"{MARK}{name}")}
    Connection.objects.create(account=account, remote_id=f"U{name}", handle=f"@{name}", connected_by=cast.chiba,
                              **kept(Link(str(account.pk), "", secrets, {}), service="line"))
    return account


def inlet_of(cast: Cast, account: Account | None = None) -> Inlet:
    return make_inlet(account or connected_to_line(cast), by=cast.noda)


def message(words: str, **more: Any) -> dict[str, Any]:
    """An event of a person who wrote this."""
    number = next(_numbers)
    return {"type": "message", "webhookEventId": f"01FZ74A0TDDPYRVKNK{number:08}", "timestamp": 1_764_230_400_000 + number,
            "replyToken": "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA", "source": {"type": "user", "userId": "U" + "1" * 32},
            "message": {"id": str(number), "type": "text", "text": words}, **more}


def body_of(*events: dict[str, Any]) -> bytes:
    return json.dumps({"destination": "U0", "events": list(events)}, ensure_ascii=False).encode()


def signed(body: bytes, secret: str = CHANNEL_SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
