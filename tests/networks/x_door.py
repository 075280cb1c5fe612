"""The door of the stand-in for X: how it reads what is sent, how it answers, and how it misbehaves."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs

from tests.networks import x_models

BROKEN = {
    "rubbish": b"\xff\xfe{{{", "empty": b"", "html": b"<html><body>OK</body></html>", "list": b"[1]",
    "no-id": b'{"data": {"text": "x"}}', "odd-id": b'{"data": {"id": "../1", "text": "x"}}', "null": b'{"data": null}',
}  # fmt: skip
REFUSED = {
    "400": "One or more parameters to your request was invalid.", "401": "Unauthorized", "402": "credits depleted",
    "403": "You are not permitted to perform this action.", "404": "Not Found", "429": "Too Many Requests",
    "429-absurd": "Too Many Requests", "500": "Internal Server Error", "502": "Bad Gateway", "503": "Service Unavailable",
    "503-retry": "Service Unavailable",
}  # fmt: skip


class Switches(Protocol):
    """What of the stand-in the door needs to know."""

    silence: float
    clock_ahead: float
    limits: dict[str, str]
    strange: list[str]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away in mid-request is what these tests do: not worth a word."""


class Door(BaseHTTPRequestHandler):
    state: Switches
    protocol_version = "HTTP/1.1"
    name = ""
    body = b""
    file = b""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""

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
        self.state.strange += x_models.answer_faults(self.name, data)
        self.send(status, json.dumps(data).encode())

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response_only(status)
        now = datetime.now(UTC) + timedelta(seconds=self.state.clock_ahead)
        for name, value in {"Date": format_datetime(now, usegmt=True), "Content-Type": "application/json; charset=utf-8",
                            **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, how: str, detail: str = "") -> None:
        status, headers = int(how[:3]), {"503-retry": {"Retry-After": "7"}, "429": self.state.limits}.get(how, {})
        if how == "429-absurd":
            headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "9" * 11}
        problem = {"title": REFUSED[how], "type": "about:blank", "status": status, "detail": detail or REFUSED[how]}
        self.send(status, json.dumps(problem).encode(), **headers)

    def missing(self, post_id: str) -> None:
        detail = f"Could not find tweet with id: [{post_id}]."
        problem = {"value": post_id, "detail": detail, "title": "Not Found Error", "resource_type": "tweet",
                   "parameter": "id", "resource_id": post_id, "type": "https://api.x.com/2/problems/resource-not-found"}
        self.give({"errors": [problem]})

    def broken(self, fault: str) -> None:
        """What a server answers after it did what was asked: nothing, something else, too much."""
        if fault in ("swallow", "silence", "refuse"):
            time.sleep(self.state.silence if fault == "silence" else 0)
            self.close_connection = True
            with suppress(OSError):
                self.connection.close()
        elif fault == "500-accepted":
            self.refuse("500")
        elif fault == "cut":
            self.send_response_only(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"data": {"id": "1')
            self.close_connection = True
        elif fault == "huge":
            self.send(200, b'{"data": {"id": "' + b"1" * 100_000_000 + b'"}}')
        elif fault.startswith("redirect"):
            self.send(302 if fault.endswith("302") else 308, b"", Location="/2/tweets")
        else:
            self.send(200, BROKEN[fault])
