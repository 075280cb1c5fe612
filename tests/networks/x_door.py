"""The door of the stand-in for X: how it reads what is sent, how it answers, and its own words for what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email import message_from_bytes
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.networks import x_models
from tests.networks.stand_in import BROKEN, Handler

REFUSED = {
    "400": "One or more parameters to your request was invalid.", "401": "Unauthorized", "402": "credits depleted",
    "403": "You are not permitted to perform this action.", "404": "Not Found", "429": "Too Many Requests",
    "429-absurd": "Too Many Requests", "500": "Internal Server Error", "502": "Bad Gateway", "503": "Service Unavailable",
    "503-retry": "Service Unavailable",
}  # fmt: skip


class Door(Handler):
    broken: ClassVar[Mapping[str, bytes]] = {
        **BROKEN, "no-id": b'{"data": {"text": "x"}}', "odd-id": b'{"data": {"id": "../1", "text": "x"}}',
        "null": b'{"data": null}', "huge": b'{"data": {"id": "' + b"1" * 100_000_000 + b'"}}',
    }  # fmt: skip
    half: ClassVar[bytes] = b'{"data": {"id": "1'
    name = ""
    body = b""
    file = b""

    def sent(self) -> dict[str, Any]:
        """The body, whatever its form; of a file the name of its kind only."""
        kind = self.headers.get("Content-Type", "")
        if "json" in kind:
            return dict(json.loads(self.body))
        if "multipart" not in kind:
            return {key: values[-1] for key, values in parse_qs(self.body.decode()).items()}
        parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body).get_payload()
        found: dict[str, Any] = {}
        for part in parts if isinstance(parts, list) else []:
            name, payload = str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True)
            self.file = payload if part.get_filename() else self.file
            text = part.get_content_type() if part.get_filename() else bytes(payload or b"").decode()
            found[name] = int(text) if name == "segment_index" else text
        return found

    def give(self, data: dict[str, Any], status: int = 200) -> None:
        self.state.complaints += x_models.answer_faults(self.name, data)
        self.send_json(data, status)

    def refuse(self, fault: str, detail: str = "") -> None:
        status, headers = int(fault[:3]), {"503-retry": {"Retry-After": "7"}, "429": self.state.limits}.get(fault, {})
        if fault == "429-absurd":
            headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "9" * 11}
        problem = {"title": REFUSED[fault], "type": "about:blank", "status": status, "detail": detail or REFUSED[fault]}
        self.send_json(problem, status, **headers)

    def missing(self, post_id: str) -> None:
        detail = f"Could not find tweet with id: [{post_id}]."
        problem = {"value": post_id, "detail": detail, "title": "Not Found Error", "resource_type": "tweet",
                   "parameter": "id", "resource_id": post_id, "type": "https://api.x.com/2/problems/resource-not-found"}
        self.give({"errors": [problem]})
