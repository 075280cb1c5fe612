"""What the stand-ins of services have in common: real sockets on loopback, a list of what came, and misbehaviour.

A stand-in derives from `ServiceServer` and names its `routes`. What a route does returns a `Reply`; a route that
publishes goes through the faults that the server was told to have.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

REFUSED_PLAINLY = {"401": 401, "403": 403, "404": 404, "400": 400, "429": 429, "500": 500, "502": 502, "503": 503}
WAITS = {"429-absurd": "99999999999", "429-date": "Fri, 31 Dec 2199 23:59:59 GMT", "503-retry": "7"}
BROKEN = {
    "rubbish": b"\xff\xfe{{{", "empty": b"", "html": b"<html><body>OK</body></html>", "list": b"[1]",
    "huge": b'{"id": "' + b"1" * 100_000_000 + b'"}',
}  # fmt: skip
UNKNOWN = ("refuse", "swallow", "500", "500-accepted", "502", "503", *BROKEN, "no-id", "cut", "redirect-302")
"""The faults after which nobody can know whether it was accepted, for a service without a key."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def form(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; `data` None for one without a body."""

    data: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Act = Callable[[Any, Request], Reply]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    act: Act
    publishes: bool = False


class ServiceServer:
    """The state and the switches of a stand-in. Start it with `running()`."""

    routes: tuple[Route, ...] = ()

    def __init__(self) -> None:
        self.faults: deque[str] = deque()
        """One for each publication to come, in order."""
        self.silence = 3.0
        self.clock_ahead = 0.0
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def base(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, method: str, path: str) -> list[Request]:
        """What came for this path, in order."""
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    def error(self, status: int, words: str) -> Reply:
        """An error as this service says it."""
        raise NotImplementedError

    def without_id(self, reply: Reply) -> Reply:
        """A success that names nothing."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": self}))
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away in mid-request is what these tests do: not worth a word."""


class _Handler(BaseHTTPRequestHandler):
    state: ServiceServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        self._take("GET")

    def do_POST(self) -> None:
        self._take("POST")

    def do_PUT(self) -> None:
        self._take("PUT")

    def do_DELETE(self) -> None:
        self._take("DELETE")

    def _take(self, method: str) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        request = Request(method, parts.path, parse_qs(parts.query, keep_blank_values=True), headers, body)
        with self.state.lock:
            self.state.requests.append(request)
        for route in self.state.routes:
            if route.method == method and re.fullmatch(route.path, parts.path):
                return self._with_fault(route, request) if route.publishes else self._send(self._done(route, request))
        return self._send(self.state.error(404, "Not found"))

    def _done(self, route: Route, request: Request) -> Reply:
        with self.state.lock:
            return route.act(self.state, request)

    def _with_fault(self, route: Route, request: Request) -> None:
        with self.state.lock:
            fault = self.state.faults.popleft() if self.state.faults else ""
        if fault == "refuse":
            return self._hang_up()
        if fault in REFUSED_PLAINLY:
            return self._send(self.state.error(REFUSED_PLAINLY[fault], f"told to answer {fault}"))
        if fault in WAITS:
            reply = self.state.error(int(fault[:3]), "busy")
            return self._send(Reply(reply.data, reply.status, {"Retry-After": WAITS[fault]}))
        if fault.startswith("redirect"):
            return self._send(Reply(None, 302 if fault.endswith("302") else 308, {"Location": self.state.base + self.path}))
        return self._accepted(fault, self._done(route, request))

    def _accepted(self, fault: str, reply: Reply) -> None:
        """It was accepted, whatever is answered now."""
        if fault in ("swallow", "silence"):
            time.sleep(self.state.silence if fault == "silence" else 0)
            return self._hang_up()
        if fault == "500-accepted":
            return self._send(self.state.error(500, "Internal error"))
        if fault in BROKEN:
            return self._send_body(BROKEN[fault], 200, reply.headers)
        if fault == "cut":
            return self._send_cut()
        return self._send(self.state.without_id(reply) if fault == "no-id" else reply)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.close()

    def _send(self, reply: Reply) -> None:
        self._send_body(b"" if reply.data is None else json.dumps(reply.data).encode(), reply.status, reply.headers)

    def _send_body(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        now = datetime.now(UTC) + timedelta(seconds=self.state.clock_ahead)
        self.send_header("Date", format_datetime(now, usegmt=True))
        self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_cut(self) -> None:
        self.send_response_only(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"id": "1')
        self.close_connection = True
