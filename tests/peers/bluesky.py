"""A real Bluesky account server with its directory of accounts, started once; a fresh account for those who ask for one.

It has no view of what others wrote: feeds, notifications and searches answer 502 there.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from koshiki.networks.base import Link, Secret
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.bluesky.connecting import PROFILE, Directories

FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "koshiki-peers/bluesky"
SECONDS = 90

# It ends when its input does, so that it outlives nobody.
_PROGRAM = """
const { TestNetworkNoAppView } = require('@atproto/dev-env')
TestNetworkNoAppView.create().then((network) => {
  console.log('ready ' + JSON.stringify({ server: network.pds.url, directory: network.plc.url }))
})
process.stdin.on('end', () => process.exit(0)).resume()
"""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Network:
    """The two servers' addresses."""

    server: str
    directory: str

    def add_account(self) -> BlueskyAccount:
        handle = f"city{next(_numbers)}.test"
        password = "main-password-of-a-test"
        made = self.post("com.atproto.server.createAccount", {"handle": handle, "email": f"{handle}@example.jp",
                                                              "password": password})
        token = made["accessJwt"]
        app_password = self.post("com.atproto.server.createAppPassword", {"name": "koshiki"}, token)["password"]
        return BlueskyAccount(self, made["did"], handle, password, app_password, token)

    def post(self, method: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.server}/xrpc/{method}", json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()) if answer.content else {}

    def get(self, method: str, **parameters: str | int) -> dict[str, Any]:
        return dict(httpx.get(f"{self.server}/xrpc/{method}", params=parameters, timeout=30).raise_for_status().json())


@dataclass(frozen=True)
class BlueskyAccount:
    """An account; `token` is a session with its main password, as its owner's own program has one."""

    network: Network
    did: str
    handle: str
    main_password: str
    app_password: str
    token: str

    @property
    def url(self) -> str:
        return PROFILE + self.handle

    def connected(self, password: str = "", url: str = "") -> Link:
        given = {"app_password": Secret(password or self.app_password)}
        return Bluesky.with_key(given, account="42", address=url or self.url)

    def records(self, collection: str = "app.bsky.feed.post") -> list[dict[str, Any]]:
        """What stands in the account's repository, newest first."""
        found = self.network.get("com.atproto.repo.listRecords", repo=self.did, collection=collection, limit=100)
        return list(found["records"])

    def write(self, collection: str, value: dict[str, Any], rkey: str = "") -> dict[str, Any]:
        """Writes a record as another program of the account would."""
        body = {"repo": self.did, "collection": collection, "record": {"$type": collection, **value}}
        method = "com.atproto.repo.putRecord" if rkey else "com.atproto.repo.createRecord"
        return self.network.post(method, body | ({"rkey": rkey} if rkey else {}), self.token)

    def revoke(self) -> None:
        self.network.post("com.atproto.server.revokeAppPassword", {"name": "koshiki"}, self.token)


@contextmanager
def running_bluesky(folder: Path) -> Iterator[Network]:
    """Fresh servers on free ports with their data in `folder`, ended by their process id."""
    if not (FOLDER / "ready-1").exists():
        raise FileNotFoundError(f"{FOLDER} is not ready: script/peers installs it")
    running = subprocess.Popen(
        [FOLDER / "node-program", "-e", _PROGRAM], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "TMPDIR": str(folder), "LOG_ENABLED": "false"})
    try:
        yield Network(**json.loads(_ready(running)))
    finally:
        running.kill()
        running.communicate()


def _ready(running: subprocess.Popen[str]) -> str:
    """What the program says once both servers listen; its output is read on, so that it never waits for us."""
    said: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        assert running.stdout
        for line in running.stdout:
            if line.startswith("ready "):
                said.put(line.removeprefix("ready "))

    threading.Thread(target=listen, daemon=True).start()
    try:
        return said.get(timeout=SECONDS)
    except queue.Empty:
        raise RuntimeError("the Bluesky servers did not start") from None


@pytest.fixture(scope="session")
def bluesky_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_bluesky(tmp_path_factory.mktemp("bluesky")) as network:
        yield network


@pytest.fixture
def bluesky(bluesky_network: Network, monkeypatch: pytest.MonkeyPatch) -> BlueskyAccount:
    """A fresh account; names and accounts are looked up in the test's own network."""
    monkeypatch.setattr(Directories, "names", bluesky_network.server)
    monkeypatch.setattr(Directories, "accounts", bluesky_network.directory)
    return bluesky_network.add_account()
