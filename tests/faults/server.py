"""A server that counts: it speaks as much of the Mastodon API as koshiki uses, and tells what it has accepted.

    python -m tests.faults.server --port 0 [--honour-keys] [--delay 0.05] [--swallow 0.1] [--lag 1] [--seed 1]

It prints its port. `GET /counting` gives what was accepted, in order. Every token `secret-NAME` opens the account
NAME. It listens on loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import random
import re
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Content",
           429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


@dataclass
class Counting:
    """What the server was told to do, and what it has accepted."""

    honour_keys: bool = False
    delay: float = 0.0
    swallow: float = 0.0  # share of accepted posts whose answer never comes
    lag: float = 0.0  # seconds for which a new post stays out of the lists
    seed: int = 1
    answer: str = ""  # instead of the usual: "503", "429 86400", "rubbish", "empty", "huge", "no id", "silence"
    date: float = 0.0  # seconds by which its Date is ahead
    accepted: list[dict[str, Any]] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    base: str = ""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311

    def accept(self, account: str, key: str, status: dict[str, Any]) -> dict[str, Any]:
        if self.honour_keys and key in self.keys:
            return self.keys[key]
        number = str(110_000_000_000 + len(self.accepted))
        made = {"id": number, "at": time.time(), "account": account, "key": key, "text": status.get("status", ""),
                "media": [self.media[number] for number in status.get("media_ids", ())]}
        self.accepted.append(made)
        self.keys[key] = made
        return made

    def upload(self, form: bytes) -> dict[str, Any]:
        """A picture, kept as its digest."""
        alt = re.search(rb'name="description"\r\n\r\n(.*?)\r\n--', form, re.DOTALL)
        number = str(len(self.media) + 1)
        self.media[number] = {"id": number, "type": "image", "url": f"{self.base}/media/{number}",
                              "description": alt[1].decode() if alt else ""}
        return self.media[number]

    def shown(self, made: dict[str, Any]) -> dict[str, Any]:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(made["at"])) + f".{int(made['at'] % 1 * 1000):03d}Z"
        body = "".join(f"<p>{html.escape(p).replace(chr(10), '<br>')}</p>" for p in made["text"].split("\n\n"))
        return {"id": made["id"], "created_at": at, "content": body, "media_attachments": made["media"],
                "url": f"{self.base}/@{made['account']}/{made['id']}", "visibility": "public"}


Reply = tuple[int, Any]


class Service:
    """The requests, one function each."""

    def __init__(self, counting: Counting) -> None:
        self.counting = counting

    async def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply | None:
        """Status and JSON; None for silence."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if (open_to_all := self._open(path, headers, body)) is not None:
            return 200, open_to_all
        account = headers.get("authorization", "").removeprefix("Bearer secret-")
        if not account or account in self.counting.dead:
            return 401, {"error": "The access token is invalid"}
        if (method, path) == ("POST", "/api/v1/statuses"):
            return await self._publish(account, headers.get("idempotency-key", ""), json.loads(body))
        if (method, path) == ("POST", "/api/v2/media"):
            return 200, self.counting.upload(body)
        await asyncio.sleep(self.counting.delay)
        return self._read(path, query, account)

    def _open(self, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any] | None:
        """What needs no account; None for everything else."""
        match path:
            case "/counting":
                return {"accepted": self.counting.accepted, "begun": self.counting.begun}
            case "/told":
                return self._told(json.loads(body))
            case "/.well-known/nodeinfo" | "/nodeinfo/2.0":
                return self._software(path, headers.get("host", ""))
        return None

    def _software(self, path: str, host: str) -> dict[str, Any]:
        if path == "/nodeinfo/2.0":
            return {"software": {"name": "mastodon" if self.counting.honour_keys else "other", "version": "1"}}
        rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        return {"links": [{"rel": rel, "href": f"http://{host}/nodeinfo/2.0"}]}

    def _told(self, wishes: dict[str, Any]) -> dict[str, Any]:
        for name, value in wishes.items():
            setattr(self.counting, name, set(value) if name == "dead" else value)
        return {}

    async def _publish(self, account: str, key: str, status: dict[str, Any]) -> Reply | None:
        counting = self.counting
        counting.begun.append(time.time())
        refused = counting.answer[:3]
        if refused in ("429", "503", "422"):
            return int(refused), {"error": "not now"}
        await asyncio.sleep(counting.delay / 2)
        made = counting.accept(account, key, status)
        await asyncio.sleep(counting.delay / 2)
        if counting.answer == "silence" or counting.chance.random() < counting.swallow:
            return None
        strange = {"rubbish": "<html>", "empty": "", "huge": "x" * 3_000_000, "no id": {"ok": "yes"}}
        return 200, strange.get(counting.answer, counting.shown(made))

    def _read(self, path: str, query: dict[str, list[str]], account: str) -> Reply:
        if path == "/api/v1/accounts/verify_credentials":
            url = f"{self.counting.base}/@{account}"
            return 200, {"id": account, "username": account, "acct": account, "url": url}
        if path.startswith("/api/v1/media/"):
            return 200, self.counting.media[path.rpartition("/")[2]]
        mine = [made for made in self.counting.accepted if made["account"] == account]
        if path == f"/api/v1/accounts/{account}/statuses":
            return 200, self._page(mine, query)
        for made in mine:
            if path == f"/api/v1/statuses/{made['id']}":
                return 200, self.counting.shown(made)
        return 404, {"error": "Record not found"}

    def _page(self, mine: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
        seen = [made for made in mine if made["at"] <= time.time() - self.counting.lag]
        if below := query.get("max_id"):
            seen = [made for made in seen if int(made["id"]) < int(below[0])]
        return [self.counting.shown(made) for made in reversed(seen[-int(query.get("limit", ["20"])[0]):])]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head[1:] if h)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            reply = await self.reply(method, target, headers, body)
            if reply is not None:
                writer.write(self._written(*reply))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever called was killed
        finally:
            writer.close()

    def _written(self, status: int, value: Any) -> bytes:
        body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        wait = self.counting.answer.partition(" ")[2] if status in (429, 503) else ""
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", f"Date: {formatdate(time.time() + self.counting.date, usegmt=True)}",
                 *([f"Retry-After: {wait}"] if wait else []), "Connection: close"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def serve(counting: Counting, port: int) -> None:
    server = await asyncio.start_server(Service(counting), "127.0.0.1", port, limit=10_000_000, backlog=500)
    counting.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(counting.base.rpartition(":")[2], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--honour-keys", action="store_true")
    for name, value in (("--delay", 0.0), ("--swallow", 0.0), ("--lag", 0.0)):
        parser.add_argument(name, type=float, default=value)
    parser.add_argument("--seed", type=int, default=1)
    given = vars(parser.parse_args())
    asyncio.run(serve(Counting(**{k: v for k, v in given.items() if k != "port"}), given["port"]))


if __name__ == "__main__":
    main()
