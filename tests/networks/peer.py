"""A socket of the tests' own that answers as it is told, and a name server that does too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """A socket that hands each connection to `behave` and keeps what it was sent."""

    def __init__(self, behave: Callable[[socket.socket, bytes], None], family: int = socket.AF_INET) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0), family=family)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            head = connection.recv(65536)
            if head:
                self.received.append(head)
                self._behave(connection, head)
        except OSError:
            pass
        finally:
            connection.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()


@contextmanager
def peer(behave: Callable[[socket.socket, bytes], None] | bytes) -> Iterator[Peer]:
    answer = behave
    act = (lambda connection, _head: connection.sendall(answer)) if isinstance(answer, bytes) else answer
    running = Peer(act)
    try:
        yield running
    finally:
        running.close()


def url(running: Peer, path: str = "/") -> str:
    return f"http://127.0.0.1:{running.port}{path}"


def no_names(_host: str) -> list[str]:
    raise socket.gaierror("no name server in a closed network")


def resolver(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], Any]) -> None:
    """The name server is the outside of this test; addresses written as numbers need none."""

    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return real(host, port, *more, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer(host)]

    monkeypatch.setattr("koshiki.networks.reach.socket.getaddrinfo", getaddrinfo)
