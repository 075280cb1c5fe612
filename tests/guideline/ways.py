"""Cities that list in other ways than Iwata (§6(3)イ), and a home page of the tests' own that shows what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from koshiki.guideline import guideline

CHARSET = "utf-8"


class HomePage:
    """市公式ホームページ — pages by their path; one that nobody put there answers 404."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        home = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                home.asked.append(self.path)
                self._answer(home.pages.get(self.path), home.moved.get(self.path))

            def _answer(self, body: bytes | None, moved: str | None) -> None:
                self.send_response(302 if moved else 200 if body is not None else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body or b"")))
                if moved:
                    self.send_header("Location", moved)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Says nothing at the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[HomePage]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def put(self, path: str, body: str, charset: str = CHARSET) -> str:
        """Publish a page of the CMS. Returns its address."""
        page = f'<!doctype html><html><head><meta charset="{charset}"></head><body>{body}</body></html>'
        self.pages[path] = page.encode("cp932" if charset == "shift_jis" else charset)
        return f"{self.base}{path}"


@pytest.fixture
def home_page(settings: Any) -> Iterator[HomePage]:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    with HomePage().running() as running:
        yield running


@pytest.fixture
def city_that(tmp_path: Path, settings: Any) -> Iterator[Callable[[str], None]]:
    """Another guideline file: the same words, listed in this way, the city's own domain being the tests'."""
    def chosen(way: str) -> None:
        settings.KOSHIKI_GUIDELINE = tmp_path / f"{way}.toml"
        settings.KOSHIKI_GUIDELINE.write_text(_file(way), encoding="utf-8")
        guideline.cache_clear()

    yield chosen
    guideline.cache_clear()


def _file(way: str) -> str:
    words: str = (settings.BASE_DIR / "koshiki/guidelines/iwata.toml").read_text(encoding="utf-8")
    return words.replace('way = "pages"', f'way = "{way}"').replace(
        'domains = ["city.iwata.shizuoka.jp"]', 'domains = ["city.iwata.shizuoka.jp", "127.0.0.1"]')
