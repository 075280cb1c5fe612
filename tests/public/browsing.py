"""The static copy as any web server of files shows it, below a path of its own, with a note of what was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Served:
    """Where the copy is, and every line that a log of this server would hold."""

    base: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """`folder` at …/some/where/ on a free port."""
    found = Served("")

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            return super().translate_path(path.removeprefix("/some/where"))

        def log_message(self, *arguments: object) -> None:
            found.asked.append(f"{self.requestline} {self.headers}")

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        found.base = f"http://127.0.0.1:{server.server_port}/some/where/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
