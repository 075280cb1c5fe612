"""What all the servers of the tests' own have in common: real sockets on loopback, and the ways in which servers misbehave.

A stand-in derives its state from `StandIn` and its answers from `Handler`, and runs what can be seen through
`publishing`: the faults are taken from there. How its service words a refusal or a broken answer it says itself.
Shared by the adapters' tests and the harness of faults.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

MARK = "canary-"  # of every secret, so that a test that sees one where it must not be can tell (tests/canary.py)

JSON = "application/json; charset=utf-8"
REFUSALS = frozenset({"400", "401", "402", "403", "404", "422", "429", "500", "502", "503"})
WAITS = {"429-absurd": "99999999999", "429-date": "Fri, 31 Dec 2199 23:59:59 GMT", "503-retry": "7"}
BROKEN = {
    "rubbish": b"\xff\xfe{{{",
    "empty": b"",
    "html": b"<html><body>OK</body></html>",
    "no-id": b'{"content": "x"}',
    "list": b"[1]",
    "huge": b'{"id": "' + b"1" * 100_000_000 + b'"}',
}
UNKNOWN = ("refuse", "swallow", "500", "500-accepted", "502", "503", *BROKEN, "cut", "redirect-302")
"""The faults after which nobody can know whether it was accepted, for a service without a key."""


class StandIn:
    """A server's state and its switches. Start it with `running()`."""

    handler: ClassVar[type[Handler]]

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds before every answer to a publication, after it was accepted."""
        self.clock_ahead = 0.0
        self.silence = 3.0
        self.faults: deque[str] = deque()
        """One for each publication to come, in order:

        refuse: the connection is closed before anything is accepted. swallow, silence: accepted, then closed without
        an answer, at once or after a while. 500-accepted, cut: accepted, then an error, or half of an answer.
        redirect, redirect-302, one of `REFUSALS` and `WAITS`: not accepted. One of `Handler.broken`: 200 after accepting.
        """
        self.fault_for: Callable[[], str] = lambda: ""
        """Asked when `faults` is empty."""
        self.requests: list[Any] = []
        self.begun: list[float] = []
        """When each publication came in."""
        self.complaints: list[str] = []
        """What was asked otherwise than the service describes: a test that leaves any fails."""
        self.lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def base(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.server_port}"

    def next_fault(self) -> str:
        with self.lock:
            return self.faults.popleft() if self.faults else self.fault_for()

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._server = _Server(("127.0.0.1", 0), type("Running", (self.handler,), {"state": self}))
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
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that is killed in mid-request is what these tests do: not worth a word."""


class Handler(BaseHTTPRequestHandler):
    """One request: its `body`, its parameters, and the answers to it. Derive `answer`."""

    state: Any
    protocol_version = "HTTP/1.1"
    broken: ClassVar[Mapping[str, bytes]] = BROKEN
    half: ClassVar[bytes] = b'{"id": "1'

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
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.many = parse_qs(parts.query, keep_blank_values=True)
        with self.state.lock:
            self.state.requests.append(self.noted(method))
        self.answer(method, parts.path)

    def noted(self, method: str) -> Any:
        """What is kept of the request."""
        return method, self.path, dict(self.headers.items())

    def answer(self, method: str, path: str) -> None:
        raise NotImplementedError

    def json(self) -> dict[str, Any]:
        data = json.loads(self.body)
        assert isinstance(data, dict)
        return data

    @property
    def bearer(self) -> str:
        return str(self.headers.get("Authorization", "")).removeprefix("Bearer ")

    # -------------------------------------------------------- answers

    def send_json(self, data: Any, status: int = 200, **headers: str) -> None:
        self.send_body(json.dumps(data).encode(), status, **headers)

    def send_body(self, body: bytes, status: int = 200, kind: str = JSON, **headers: str) -> None:
        self.send_response_only(status)
        now = datetime.now(UTC) + timedelta(seconds=self.state.clock_ahead)
        length = {} if status == 204 else {"Content-Length": str(len(body))}
        for name, value in {"Date": format_datetime(now, usegmt=True), "Content-Type": kind, **headers, **length}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.close()

    # -------------------------------------------------------- faults

    def publishing(self, accept: Callable[[], Any], give: Callable[[Any], None] | None = None) -> None:
        """Accepts and gives the answer (as JSON), unless a fault is due. What `accept` answers itself is None."""
        self.state.begun.append(time.time())
        fault = self.state.next_fault()
        if fault and self.refused(fault):
            return
        if (accepted := accept()) is None:
            return
        time.sleep(self.state.delay)
        if fault:
            self.misanswered(fault, accepted)
        else:
            (give or self.send_json)(accepted)

    def error(self, fault: str) -> dict[str, Any]:
        """The body of a refusal, in the service's own form."""
        return {"error": f"told to answer {fault}"}

    def refuse(self, fault: str) -> None:
        """One of `REFUSALS` and `WAITS`, in the service's own form."""
        wait = {"Retry_After": WAITS[fault]} if fault in WAITS else {}
        self.send_json(self.error(fault), int(fault[:3]), **wait)

    def refused(self, fault: str) -> bool:
        """Answers the faults in which nothing is accepted; False for those in which it is."""
        if fault == "refuse":
            self.hang_up()
        elif fault in REFUSALS or fault in WAITS:
            self.refuse(fault)
        elif fault.startswith("redirect"):
            self.send_body(b"", 302 if fault.endswith("302") else 308, "text/plain", Location=self.state.base + self.path)
        else:
            return False
        return True

    def misanswered(self, fault: str, accepted: Any) -> None:
        """It was accepted, whatever is answered now."""
        if fault in ("swallow", "silence"):
            time.sleep(self.state.silence if fault == "silence" else 0)
            self.hang_up()
        elif fault == "500-accepted":
            self.refuse("500")
        elif fault == "cut":
            self._send_half()
        else:
            self.give_broken(self.broken[fault], accepted)

    def give_broken(self, body: bytes, accepted: Any) -> None:
        self.send_body(body)

    def _send_half(self) -> None:
        self.send_response_only(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(self.half)
        self.close_connection = True
