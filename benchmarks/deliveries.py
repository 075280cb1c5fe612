"""How fast an approved post is out, and how many at once, with the real worker, as JSON.

    python benchmarks/deliveries.py [--latency 40] [--posts 1000] [--accounts 100] [--workers 1] [--delay 0.05]

latency: from the beginning of the approver's act until the server has accepted, nothing else going on.
throughput: so many deliveries over so many accounts become due in one moment; until the server has the last.
memory: PSS of workers and, where the embedded one is used, of PostgreSQL, in MB (with its web server: see
benchmarks/README.md). Works on databases and services that it makes itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults.ground import CountingServer, counting_server, own_ground


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--latency", 40), ("--posts", 1000), ("--accounts", 100), ("--workers", 1)):
        parser.add_argument(name, type=int, default=usual)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds in which the server answers")
    given = parser.parse_args()
    with own_ground() as ground, counting_server(delay=given.delay, honour_keys=True) as server:
        print(json.dumps(measure(given, ground.home, server), indent=1))
    return 0


def measure(given: argparse.Namespace, home: Path, server: CountingServer) -> dict[str, Any]:
    ground = Ground(server, given.accounts)
    with workers(given.workers, home) as processes, watched_memory(processes, home) as memory:
        ground.publish_one("はじめの一件")  # the worker is up
        found: dict[str, Any] = {"workers": given.workers, "server_delay": given.delay,
                                 "latency": latency(ground, given.latency), "memory_idle_mb": memory.now()}
        if given.posts:
            found["throughput"] = throughput(ground, given.posts)
        return {**found, "memory_peak_mb": memory.peak}


class Ground:
    """Official accounts connected to the counting server, with their people."""

    def __init__(self, server: CountingServer, accounts: int) -> None:
        from django.conf import settings

        from koshiki.networks.credentials import ensure_key_ring
        from tests.cast import make_cast, official
        from tests.posts.delivering import connect, install

        self.server = server
        install(settings.KOSHIKI_HOME)
        ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
        self.cast = make_cast()
        self.accounts = [official(self.cast, service="mastodon", name=f"配信{n}") for n in range(accounts)]
        for account in self.accounts:
            connect(account, server.base, f"secret-city{account.pk}", by=self.cast.chiba, software="mastodon",
                    remote_account_id=f"city{account.pk}")

    def submitted(self, text: str, account: int = 0, **more: Any) -> Any:
        from tests.posts.writing import submitted

        return submitted(self.cast.aoki, self.accounts[account % len(self.accounts)], text=text, **more)

    def approve(self, post: Any) -> None:
        from tests.posts.writing import approved

        approved(post, by=self.cast.baba)

    def publish_one(self, text: str) -> float:
        """Approves one post; seconds until the server has accepted it."""
        post = self.submitted(text)
        began = time.time()
        self.approve(post)
        while not (made := [m for m in self.server.accepted() if m["text"] == text]):
            time.sleep(0.02)
            if time.time() - began > 60:
                raise TimeoutError(text)
        return float(made[0]["at"]) - began


def latency(ground: Ground, times: int) -> dict[str, Any]:
    taken = []
    for n in range(times):
        time.sleep(0.3)
        taken.append(ground.publish_one(f"急ぎのお知らせ {n}"))
    taken.sort()
    return {"posts": times, "median_s": round(statistics.median(taken), 3),
            "p95_s": round(taken[int(len(taken) * 0.95)], 3), "worst_s": round(taken[-1], 3)}


def throughput(ground: Ground, posts: int) -> dict[str, Any]:
    from koshiki import clock
    from koshiki.posts.models import Delivery

    began = time.monotonic()
    ground.publish_one("支度にかかる時間を量る一件")
    due = clock.now() + timedelta(seconds=(time.monotonic() - began) * posts * 1.2 + 10)
    for n in range(posts):
        ground.approve(ground.submitted(f"一斉のお知らせ 第{n}号", account=n, due_at=due))
    left = (due - clock.now()).total_seconds()
    if left < 0:
        raise TimeoutError(f"preparing took {-left:.0f} s too long")
    time.sleep(left)
    before = len(ground.server.accepted())
    while (rows := Delivery.objects.filter(due_at=due, state="sent").count()) < posts:
        time.sleep(0.5)
        if (clock.now() - due).total_seconds() > max(300, posts * 0.1):
            break
    made = [m["at"] for m in ground.server.accepted() if m["at"] >= due.timestamp()]
    return {"posts": posts, "accounts": len(ground.accounts), "sent": rows, "accepted": len(made), "early": before
            - len([m for m in ground.server.accepted() if m["at"] < due.timestamp()]),
            "seconds": round(max(made) - due.timestamp(), 1)}


@contextlib.contextmanager
def workers(count: int, home: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Real worker processes on the ground's database."""
    from django.db import connections

    name = connections.settings["default"]["NAME"]
    url = os.environ["KOSHIKI_TEST_APP_URL"]
    head, _, query = url.partition("?")
    environment = {**os.environ, "DATABASE_URL": f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")}
    with (home / "workers.log").open("wb") as log:
        running = [subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment, stdout=log,
                                    stderr=log) for _ in range(count)]
        try:
            yield running
        finally:
            for process in running:
                process.kill()
                process.wait()


class Memory:
    """The PSS of processes and of what they started, in MB."""

    def __init__(self, roots: list[int]) -> None:
        self.roots, self.peak = roots, 0.0

    def now(self) -> float:
        total = sum(pss(pid) for pid in family(self.roots))
        self.peak = max(self.peak, total)
        return round(total, 1)


@contextlib.contextmanager
def watched_memory(processes: list[subprocess.Popen[bytes]], home: Path) -> Iterator[Memory]:
    everything = map(int, filter(str.isdigit, os.listdir("/proc")))
    embedded = [pid for pid in everything if "postgres" in command(pid) and str(home) in command(pid)]
    memory, ended = Memory([p.pid for p in processes] + embedded), threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            memory.now()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()
        memory.peak = round(memory.peak, 1)


def family(roots: list[int]) -> set[int]:
    parents = {pid: parent(pid) for pid in map(int, filter(str.isdigit, os.listdir("/proc")))}
    found = set(roots)
    while more := {pid for pid, over in parents.items() if over in found} - found:
        found |= more
    return found


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


if __name__ == "__main__":
    sys.exit(main())
