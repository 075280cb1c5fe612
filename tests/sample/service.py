"""見本SNS as a process of the tests' own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

PATIENCE = 30


@contextmanager
def running(folder: Path, port: int) -> Iterator[httpx.Client]:
    """The service on this port; a browser for it, which follows nothing by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "koshiki.sample.sns.server", "--folder", str(folder), "--port", str(port)])
    try:
        _wait_for(port, process)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as browser:
            yield browser
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("見本SNS did not start")


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def allow(browser: httpx.Client, address: str, handle: str) -> str:
    """What a person does on the service's page: choose the account; where the browser is sent."""
    page = browser.get(address).text
    hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page))
    assert f'value="{handle}"' in page
    answer = browser.post("/oauth/authorize", data={**{k: unescape(v) for k, v in hidden.items()}, "handle": handle})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


class Seen(HTMLParser):
    """A page as a browser takes it: its elements with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def harmful(self) -> list[tuple[str, dict[str, Any]]]:
        """What would run, load from elsewhere, or lead into code."""
        return [(tag, attributes) for tag, attributes in self.elements
                if tag in {"script", "iframe", "object", "embed", "svg", "base"}
                or any(name.startswith("on") for name in attributes)
                or str(attributes.get("href") or "").lower().startswith(("javascript:", "data:", "//"))
                or (attributes.get("src") and not str(attributes["src"]).startswith("/"))]
