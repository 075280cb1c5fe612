"""How soon koshiki answers, and how much memory all its processes take together, as JSON.

    python benchmarks/startup.py [--idle 60] [--posts 1000] [--accounts 100]

first: a fresh data folder, until the first page is served: database, tables, the whole sample, 見本SNS.
second: the same folder again.
idle: PSS of every process that the second start keeps, after a minute in which nobody did anything.
peak: the same while so many deliveries, due in one moment, go out to a server that answers in 50 ms
(an installation of its own, without the sample, which reaches nothing but its own service).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PATIENCE = 180

import deliveries
from deliveries import command, family, pss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=float, default=60, help="seconds of rest before memory is measured")
    parser.add_argument("--posts", type=int, default=1000, help="0: no deliveries")
    parser.add_argument("--accounts", type=int, default=100)
    given = parser.parse_args()
    found = {**starts(given.idle), **(under_load(given.accounts, given.posts) if given.posts else {})}
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return 0


def starts(rest: float) -> dict[str, Any]:
    with folder() as home:
        with Running(home) as first:
            first_start = first.answered_after
        with Running(home) as second:
            time.sleep(rest)
            return {"first_start_with_sample_s": first_start, "second_start_s": second.answered_after,
                    "idle_after_s": rest, "memory_idle_mb": round(sum(second.memory().values()), 1),
                    "memory_idle_of": second.memory()}


def under_load(accounts: int, posts: int) -> dict[str, Any]:
    """Deliveries of an installation that runs as a whole: web server, worker, database."""
    with folder() as home, deliveries.counting_server(delay=0.05, honour_keys=True) as server, Running(
            home, "--empty", KOSHIKI_ALLOWED_NETWORKS="127.0.0.0/8") as running:
        os.environ |= {"KOSHIKI_HOME": str(home), "KOSHIKI_ALLOWED_NETWORKS": "127.0.0.0/8",
                       "DJANGO_SETTINGS_MODULE": "koshiki.settings"}
        import django

        django.setup()
        ground = deliveries.Ground(server, accounts)
        ground.publish_one("はじめの一件")
        with running.watched() as peak:
            sent = deliveries.throughput(ground, posts)
        return {"throughput": sent, "memory_peak_mb": peak[0]}


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A data folder that PostgreSQL's account reaches also where root measures; thrown away."""
    with tempfile.TemporaryDirectory(prefix="koshiki-start-") as made:
        Path(made).chmod(0o711)
        yield Path(made) / "home"


class Running:
    """All of koshiki, started as `script/server` does once everything is installed; ended with it."""

    def __init__(self, home: Path, *options: str, **environment: str) -> None:
        self.home, self.options, self.answered_after = home, options, 0.0
        rest = {k: v for k, v in os.environ.items() if not k.startswith(("KOSHIKI_", "DATABASE_URL"))}
        self.environment = {**rest, **environment, "KOSHIKI_HOME": str(home), "PYTHONUTF8": "1"}

    def __enter__(self) -> Running:
        port, started = free_port(), time.monotonic()
        self.words = self.home.with_name(f"words-{port}.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "koshiki.management.supervisor", "--port", str(port), *self.options], cwd=ROOT,
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.words, stderr=subprocess.STDOUT,
            start_new_session=True)
        while not answers(port):
            if self.process.poll() is not None or time.monotonic() > started + PATIENCE:
                self.__exit__()
                raise RuntimeError(f"koshiki does not start:\n{Path(self.words.name).read_text()}")
            time.sleep(0.05)
        self.answered_after = round(time.monotonic() - started, 2)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.words.close()

    def memory(self) -> dict[str, float]:
        """PSS in MB of every process of this installation, by what it is."""
        found: dict[str, float] = {}
        for pid in self._processes():
            kind = kind_of(command(pid))
            found[kind] = round(found.get(kind, 0) + pss(pid), 1)
        return found

    @contextlib.contextmanager
    def watched(self) -> Iterator[list[float]]:
        """The most that was seen meanwhile, in a list of one."""
        peak, ended = [0.0], threading.Event()

        def watch() -> None:
            while not ended.wait(0.5):
                peak[0] = max(peak[0], round(sum(self.memory().values()), 1))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield peak
        finally:
            ended.set()
            thread.join()

    def _processes(self) -> set[int]:
        """What the supervisor started, and PostgreSQL, which stands beside it."""
        everything = map(int, filter(str.isdigit, os.listdir("/proc")))
        database = [pid for pid in everything if "postgres" in command(pid) and str(self.home) in command(pid)]
        return family([self.process.pid, *database])


def kind_of(words: str) -> str:
    known = {"supervisor": "supervisor", "gunicorn": "web server", "worker": "worker", "sns": "見本SNS"}
    return next((kind for word, kind in known.items() if word in words), "database")


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def answers(port: int) -> bool:
    """Is a page served that asks the database?"""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/official/")
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


if __name__ == "__main__":
    sys.exit(main())
