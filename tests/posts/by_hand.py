"""What the tests about hand-over have in common: an account on X, a blog with a page, what stands there read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from koshiki.posts.delivery.hand_over import taking
from koshiki.posts.delivery.read_back import compare
from koshiki.posts.models import Delivery
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.delivering import due_delivery, run
from tests.posts.writing import TEXT

X = "https://x.com/iwata_bosai"
POST = f"{X}/status/1"
PAGE = "<html><head><title>防災だより</title></head><body><h1>防災訓練</h1><p>11月13日</p><article>{}</article></body></html>"


def on_x(cast: Cast, **more: Any) -> Account:
    return official(cast, service="x", url=X, handle="@iwata_bosai", **more)


def page(row: Delivery, act: str = "hand-over") -> str:
    return f"/deliveries/{row.pk}/{act}/"


@contextmanager
def blog(status: int = 200, body: str = "", to: str = "", meanwhile: Callable[[], None] | None = None) -> Iterator[str]:
    """A blog with one page, on this machine. `meanwhile`: what happens before it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if meanwhile:
                meanwhile()
            self.send_response(status)
            if to:
                self.send_header("Location", to)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def posted_on(base: str, cast: Cast) -> Delivery:
    account = official(cast, service="blog", url=f"{base}/iwata/")
    content = {account: {"title": "防災訓練", "text": TEXT}}
    row = taking.take(run(due_delivery(cast, account, contents=content)), by=cast.aoki)
    return taking.record_address(row, address=f"{base}/iwata/2026/kunren/", by=cast.aoki)


def read(row: Delivery) -> Delivery:
    compare(row.pk)
    row.refresh_from_db()
    return row
