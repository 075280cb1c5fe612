"""A real server of the Mastodon API, snac, started afresh on a free port for those who ask for `snac`."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest

PROGRAM = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "koshiki-peers/snac/snac"


@dataclass(frozen=True)
class Snac:
    """The running server; its user `city` and that user's password."""

    base: str
    folder: Path
    password: str
    user: str = "city"

    @property
    def account_url(self) -> str:
        return f"{self.base}/{self.user}"

    def add_user(self, name: str) -> str:
        """A further user; returns the password."""
        return _password(_run("adduser", str(self.folder), name))

    def allow(self, authorize_url: str, user: str = "", password: str = "") -> dict[str, str]:
        """Signs in as a person would at the address they were sent to; what comes back to koshiki."""
        page = httpx.get(authorize_url)
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        action = re.findall(r'action="([^"]+)"', page.text)[0]
        form = {key: unescape(value) for key, value in hidden.items()}
        form |= {"login": user or self.user, "passwd": password or self.password}
        answer = httpx.post(urljoin(self.base, action), data=form)
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        return {key: values[0] for key, values in back.items()}

    def token(self, user: str = "", password: str = "") -> str:
        """An access token, as somebody would get one to paste."""
        form = {"client_name": "tests", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
        application = httpx.post(f"{self.base}/api/v1/apps", data=form).json()
        asked = {"client_id": application["client_id"], "redirect_uri": "http://127.0.0.1/back", "state": "s"}
        address = f"{self.base}/oauth/authorize?{urlencode({**asked, 'response_type': 'code'})}"
        code = self.allow(address, user, password)["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"]}
        form |= {key: application[key] for key in ("client_id", "client_secret")}
        return str(httpx.post(f"{self.base}/oauth/token", data=form).json()["access_token"])

    def statuses(self, token: str) -> list[dict[str, object]]:
        """What the user's list shows, newest first."""
        headers = {"Authorization": f"Bearer {token}"}
        own = self._patiently("/api/v1/accounts/verify_credentials", headers).json()
        return list(self._patiently(f"/api/v1/accounts/{own['id']}/statuses?limit=100", headers).json())

    def _patiently(self, path: str, headers: dict[str, str]) -> httpx.Response:
        """Callers that were stopped in the middle keep its few threads for a while, and it turns others away."""
        for _ in range(6):
            with suppress(httpx.TransportError):
                return httpx.get(self.base + path, headers=headers, timeout=10)
            time.sleep(2)
        return httpx.get(self.base + path, headers=headers, timeout=10)


@contextmanager
def running_snac(folder: Path) -> Iterator[Snac]:
    """A fresh server with its data in `folder`, which must not be there yet. Ended by its process id."""
    if not PROGRAM.exists():
        raise FileNotFoundError(f"{PROGRAM} is not there: script/peers installs it")
    port = _free_port()
    _run("init", str(folder), typed=f"127.0.0.1\n{port}\nlocalhost:{port}\n\n\n")
    settings = folder / "server.json"
    text = settings.read_text().replace('"protocol": "https"', '"protocol": "http"')
    settings.write_text(text.replace('"dbglevel"', '"num_threads": 4,\n    "dbglevel"'))
    password = _password(_run("adduser", str(folder), "city"))
    server = subprocess.Popen(
        [PROGRAM, "httpd", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, server)
        yield Snac(f"http://localhost:{port}", folder, password)
    finally:
        server.kill()  # it takes three seconds to say goodbye, and its data is thrown away
        server.wait()


@pytest.fixture
def snac(tmp_path: Path) -> Iterator[Snac]:
    with running_snac(tmp_path / "snac") as server:
        yield server


def _run(*arguments: str, typed: str = "") -> str:
    done = subprocess.run(
        [PROGRAM, *arguments], input=typed, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout + done.stderr


def _password(said: str) -> str:
    return re.findall(r"password is (\S+)", said)[0]


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("snac did not start")
