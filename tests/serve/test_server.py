"""`script/server`: one command starts everything, keeps it running, ends it together, and finds it again."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from koshiki.database.embedded import APP, Cluster

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 90


class Server:
    """A server of the test's own, on a port that is free, with what it says at the terminal."""

    def __init__(self, home: Path, *options: str, port: int = 0, **more: str) -> None:
        self.home, self.cluster = home, Cluster(home)
        self.words = home.with_name(f"{home.name}-{time.monotonic_ns()}.log")
        self.output = self.words.open("w")
        surroundings = {name: value for name, value in os.environ.items()
                        if not name.startswith(("KOSHIKI_", "DATABASE_URL"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "koshiki.management.supervisor", "--port", str(port), *options], cwd=ROOT,
            env={**surroundings, "KOSHIKI_HOME": str(home), "LANG": "xx_YY.SJIS", **more}, stdin=subprocess.DEVNULL,
            stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)
        self.output.close()

    def says(self, wanted: str, times: int = 1) -> re.Match[str]:
        """Wait until it has said so."""
        def said() -> list[re.Match[str]]:
            return list(re.finditer(wanted, self.words.read_text()))

        _until(lambda: len(said()) >= times or self.process.poll() is not None, self.words)
        assert len(said()) >= times, self.words.read_text()
        return said()[times - 1]

    def started(self) -> Server:
        self.port = int(self.says(r"起動しました（.*http://127\.0\.0\.1:(\d+)/")[1])
        return self

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/official/")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    def children(self) -> dict[str, int]:
        """The processes that it keeps, by what they are."""
        listed = subprocess.run(["/bin/ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        return {what: int(pid) for pid, parent, command in rows for what in ("gunicorn", "worker")
                if int(parent) == self.process.pid and what in command}

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def _until(holds: Callable[[], bool], words: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, words.read_text()
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        stat = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return bool(stat.stdout.strip()) and not stat.stdout.startswith("Z")
    return False


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account reaches also where root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="koshiki-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One that runs while this file's tests do."""
    running = Server(folder / "公式 の 家", "--empty").started()
    yield running
    assert running.end() == 0


def test_what_dies_is_started_again_and_said_so(server: Server) -> None:
    for what, label in {"gunicorn": "ウェブサーバー", "worker": "ワーカー"}.items():
        killed = server.children()[what]
        os.kill(killed, signal.SIGKILL)
        server.says(f"{label}が止まりました（シグナル 9）")
        _until(lambda what=what, killed=killed: server.children().get(what, killed) != killed, server.words)
    os.kill(server.cluster.pid, signal.SIGKILL)
    server.says("データベースを起動し直しました")
    _until(server.answers, server.words)


def test_posts_go_out_though_no_page_can_be_served(folder: Path) -> None:
    running = Server(folder / "without pages", "--empty", GUNICORN_CMD_ARGS="--no-such-option")
    running.says("ウェブサーバーが止まりました")
    _until(lambda: "worker" in running.children(), running.words)
    assert "起動しました" not in running.words.read_text()
    assert running.end() == 0


def test_a_second_one_says_so_and_leaves_the_first_alone(server: Server) -> None:
    second = Server(server.home, "--empty")
    assert second.process.wait(PATIENCE) == 1
    assert "すでに公式が動いています" in second.words.read_text()
    assert server.answers()


@pytest.mark.longest
def test_everything_ends_together_is_found_again_and_leaves_nothing_when_killed(folder: Path) -> None:
    first = Server(folder / "another", "--empty").started()
    identity, children = _identity(first), list(first.children().values())
    assert first.end(signal.SIGINT) == 0
    assert not first.cluster.pid
    assert not any(map(_runs, children))

    second = Server(first.home).started()
    assert _identity(second) == identity
    children = list(second.children().values())
    assert len(children) == 2
    second.end(signal.SIGKILL)

    third = Server(first.home, port=second.port).started()
    _until(lambda: not any(map(_runs, children)), second.words)
    assert third.end() == 0
    assert not third.cluster.pid


def _identity(server: Server) -> object:
    with psycopg.connect(server.cluster.url(APP)) as connection:
        return connection.execute("SELECT identity FROM koshiki_installation").fetchone()


def test_secrets_are_for_this_account_alone(server: Server) -> None:
    for name in ("secret_key", "keys.json", "installation"):
        assert (server.home / name).stat().st_mode & 0o077 == 0, name
