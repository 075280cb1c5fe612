"""受信機 — stands where LINE can reach it, takes in what LINE tells, and keeps it until koshiki fetches it from inside.

A program of its own: Python's standard library, and gunicorn to serve it; it knows nothing of koshiki, reaches nobody,
and can publish nothing. What it answered with 200 lies on its disk. docs/services/line.md says how it is set up.

    POST /incoming/line/<path>/   from LINE: checked, written, synced, then answered
    GET  /spool/                  from koshiki, with the key: what lies here, oldest first
    POST /spool/taken/            from koshiki, with the key: what it has stored, which is removed
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

MOST_BYTES = 1_000_000  # of one request
MOST_LYING = 20_000  # requests; LINE is told to come again
AT_ONCE, AT_ONCE_BYTES = 100, 4_000_000
SHORTEST_KEY = 32
_ADDRESS = re.compile(r"/incoming/([a-z_]{1,30})/([\w-]{20,64})/", re.ASCII)
_NAME = re.compile(r"\d{20}-[0-9a-f]{16}")

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]


class Refused(Exception):
    """The status with which a request is answered instead."""


class Receiver:
    """The WSGI application. `addresses`: the channel's secret for each path; empty: koshiki alone checks what comes there."""

    def __init__(self, spool: Path, key: str, addresses: Mapping[str, str]) -> None:
        self._spool, self._key, self._addresses = spool, key, addresses

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        try:
            status, told = "200 OK", self._answer(environ)
        except Refused as refused:
            status, told = str(refused), {}
        except OSError as error:
            print(f"receiver: {error}", file=sys.stderr)
            status, told = "503 Service Unavailable", {}
        body = json.dumps(told).encode()
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, environ: Environ) -> dict[str, Any]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if method == "POST" and (address := _ADDRESS.fullmatch(path)):
            return self._take_in(environ, *address.groups())
        if path not in ("/spool/", "/spool/taken/"):
            raise Refused("404 Not Found")
        shown = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), self._key.encode()):
            raise Refused("401 Unauthorized")
        if (method, path) == ("GET", "/spool/"):
            return {"lying": self._oldest()}
        if (method, path) == ("POST", "/spool/taken/"):
            return self._remove(_body(environ))
        raise Refused("405 Method Not Allowed")

    # ------------------------------------------------------------ from outside

    def _take_in(self, environ: Environ, service: str, path: str) -> dict[str, Any]:
        if path not in self._addresses:
            raise Refused("404 Not Found")
        body, signature = _body(environ), environ.get("HTTP_X_LINE_SIGNATURE", "")[:200]
        if self._addresses[path] and not _fits(body, signature, self._addresses[path]):
            raise Refused("401 Unauthorized")
        if len(self._names()) >= MOST_LYING:
            raise Refused("503 Service Unavailable")
        self._keep({"service": service, "path": path, "signature": signature, "body": base64.b64encode(body).decode()})
        return {}

    def _keep(self, entry: dict[str, str]) -> None:
        """Written beside, synced, renamed, and the folder synced: it is there after a power cut too. Raises OSError."""
        name = f"{time.time_ns():020d}-{secrets.token_hex(8)}"
        beside = self._spool / f"{name}.part"
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(entry, file)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(self._spool / name)
        finally:
            beside.unlink(missing_ok=True)
        folder = os.open(self._spool, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # ------------------------------------------------------------ from inside

    def _names(self) -> list[str]:
        return sorted(name for name in os.listdir(self._spool) if _NAME.fullmatch(name))

    def _oldest(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        size = 0
        for name in self._names()[:AT_ONCE]:
            entry = json.loads((self._spool / name).read_text())
            size += len(entry["body"])
            if found and size > AT_ONCE_BYTES:
                break
            found.append({"name": name, **entry})
        return found

    def _remove(self, body: bytes) -> dict[str, Any]:
        try:
            names = [name for name in json.loads(body)["names"] if _NAME.fullmatch(name)]
        except (ValueError, KeyError, TypeError):
            raise Refused("400 Bad Request") from None
        for name in names:
            (self._spool / name).unlink(missing_ok=True)
        return {"removed": len(names)}


def _body(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isascii() or not length.isdigit():
        raise Refused("411 Length Required")
    if int(length) > MOST_BYTES:
        raise Refused("413 Content Too Large")
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        raise Refused("400 Bad Request")
    return body


def _fits(body: bytes, signature: str, secret: str) -> bool:
    made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(made, signature.strip().encode("utf-8", "replace"))


def from_file(path: str = "") -> Receiver:
    """The receiver as its settings say: a JSON file, for its own account only, named by RECEIVER_SETTINGS."""
    file = Path(path or os.environ.get("RECEIVER_SETTINGS", "/etc/koshiki-receiver.json"))
    if file.stat().st_mode & 0o077:
        sys.exit(f"{file} can be read by others: chmod 600")
    given = json.loads(file.read_text("utf-8"))
    if len(given["key"]) < SHORTEST_KEY:
        sys.exit(f"the key in {file} is shorter than {SHORTEST_KEY} letters")
    spool = Path(given["spool"])
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in spool.glob("*.part"):  # of one who was killed while writing, and never answered
        if left.stat().st_mtime < time.time() - 3600:
            left.unlink(missing_ok=True)
    return Receiver(spool, given["key"], given["addresses"])
