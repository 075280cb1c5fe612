"""How soon pages are there in a large city, and what each asks of the database, as JSON.

    python benchmarks/pages.py [--keep FOLDER] [--seconds 30] [--accounts 1000] [--posts 50000] [--entries 1000000]

Twenty signed-in people, in the city of `world.py` (built first, unless FOLDER holds it), before gunicorn as
`script/server` starts it: home, calendar, account, post and log in turn.
open: everybody opens a page each second. closed: everybody opens the next page when the last one is there.
pages: queries and bytes of each, the most that any reader's has.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import world
from benchmarks.city.ground import ROOT, installation

PATIENCE = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", default="", help="the installation of world.py --keep")
    for name, usual in (("--seconds", 30), ("--accounts", 1000), ("--posts", 50_000), ("--entries", 1_000_000)):
        parser.add_argument(name, type=int, default=usual)
    given = parser.parse_args()
    with installation(given.keep):
        print(json.dumps(measure(given), indent=1, ensure_ascii=False))
    return 0


def measure(given: argparse.Namespace) -> dict[str, Any]:
    from koshiki.posts.models import Post

    built = {} if Post.objects.exists() else world.build(given.accounts, given.posts, given.entries)
    from benchmarks.city.readers import PAGES, make_readers

    readers = make_readers()
    rounds = [{"cookie": r.cookie, "addresses": [r.addresses[page] for page in PAGES]} for r in readers]
    found: dict[str, Any] = {"world": built or world.counts(), "pages": asked(readers)}
    with serving() as port:
        visited(port, rounds, 3, pause=0.0)  # every process has loaded what it needs
        found["open"] = told(visited(port, rounds, given.seconds, pause=1.0), PAGES)
        found["closed"] = told(visited(port, rounds, given.seconds, pause=0.0), PAGES)
    return found


def asked(readers: list[Any]) -> dict[str, dict[str, int]]:
    """Of each page the most queries and bytes that any reader's has."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    found: dict[str, dict[str, int]] = {}
    for reader in readers:
        browser = Client(headers={"cookie": reader.cookie, "host": "127.0.0.1"})
        for page, address in reader.addresses.items():
            with CaptureQueriesContext(connection) as queries:
                answer = browser.get(address)
            assert answer.status_code == 200, (page, address, answer.status_code)
            most = found.setdefault(page, {"queries": 0, "bytes": 0})
            most.update(queries=max(most["queries"], len(queries)), bytes=max(most["bytes"], len(answer.content)))
    return found


@contextmanager
def serving() -> Iterator[int]:
    """gunicorn as the supervisor starts it, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        port = listening.getsockname()[1]
        environment = {**os.environ, "KOSHIKI_LISTEN": f"fd://{listening.fileno()}", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen([sys.executable, "-m", "gunicorn", "-c", "python:koshiki.management.web"], cwd=ROOT,
                                   env=environment, pass_fds=[listening.fileno()])
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def wait_for(port: int, process: subprocess.Popen[bytes], page: str = "/sign-in/") -> None:
    """Until the page is served."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asked.request("GET", page)
            if asked.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            asked.close()
    raise RuntimeError("the web server does not start")


def visited(port: int, rounds: list[dict[str, Any]], seconds: float, *, pause: float) -> list[tuple[int, float]]:
    """Everybody reads at once, from a process of their own; which page took how many seconds, in the order of time."""
    order = {"port": port, "rounds": rounds, "seconds": seconds, "pause": pause}
    done = subprocess.run([sys.executable, __file__, "--as-readers"], input=json.dumps(order), capture_output=True,
                          text=True, check=True, timeout=seconds + PATIENCE)
    return [(page, taken) for page, taken in json.loads(done.stdout)]


def read_together() -> int:
    """The process of the readers: a thread for each."""
    order, taken = json.load(sys.stdin), list[tuple[int, float]]()
    ends = time.monotonic() + order["seconds"]
    threads = [threading.Thread(target=_read, args=(n, one, order, ends, taken)) for n, one in enumerate(order["rounds"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(taken, sys.stdout)
    return 0


def _read(number: int, one: dict[str, Any], order: dict[str, Any], ends: float, taken: list[tuple[int, float]]) -> None:
    line, addresses = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=PATIENCE), one["addresses"]
    due, page = time.monotonic() + number * order["pause"] / len(order["rounds"]), number
    while due < ends:
        time.sleep(max(0.0, due - time.monotonic()))
        asked_for = time.monotonic()
        _get(line, addresses[page % len(addresses)], one["cookie"])
        taken.append((page % len(addresses), time.monotonic() - asked_for))
        page, due = page + 1, max(due + order["pause"], time.monotonic())


def _get(line: http.client.HTTPConnection, address: str, cookie: str) -> None:
    for again in (True, False):
        try:
            line.request("GET", address, headers={"Cookie": cookie})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, (address, answer.status)
            return
        except (ConnectionError, http.client.BadStatusLine, http.client.CannotSendRequest):
            line.close()  # the server ended a line that nobody had used for a while
            if not again:
                raise


def told(taken: list[tuple[int, float]], pages: tuple[str, ...]) -> dict[str, Any]:
    """Milliseconds: of all pages together, and p95 of each."""
    each = {name: _p95([t for page, t in taken if page == n]) for n, name in enumerate(pages)}
    every = [t for _, t in taken]
    return {"pages": len(every), "median_ms": round(statistics.median(every) * 1000), "p95_ms": _p95(every), "p95_of": each}


def _p95(taken: list[float]) -> int:
    return round(sorted(taken)[int(len(taken) * 0.95)] * 1000)


if __name__ == "__main__":
    sys.exit(read_together() if "--as-readers" in sys.argv else main())
