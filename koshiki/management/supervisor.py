"""`manage.py serve`: everything that koshiki needs, started in order, kept running, ended together.

The database, then its tables, then the sample or the first administrator, then web server and worker. Children
hold the reading end of a pipe: when this process is gone, however it went, they end by themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import http.client
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import LiteralString, NoReturn

import psycopg

from koshiki import settings
from koshiki.database.embedded import Cluster, make_home
from koshiki.database.system_account import NotPossible
from koshiki.database.version import NOTED, version
from koshiki.management.child import PARENT, PATIENCE, Child
from koshiki.sample.place import introduction
from koshiki.sample.sns import place as sns

MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))
LOOPBACK = "127.0.0.1"
FIRST_PAGES = 10.0  # seconds in which the pages have the processor to themselves; publishing needs none of them
HERE = (LOOPBACK, "localhost", "::1")
NOT_IN_SAMPLE = {"KOSHIKI_SMTP_HOST", "KOSHIKI_OUTBOUND_PROXY", "KOSHIKI_ALLOWED_NETWORKS", "KOSHIKI_PUBLIC_DIR",
                 "KOSHIKI_MEDIA", "KOSHIKI_FEED", "KOSHIKI_TRUSTED_PROXY", "KOSHIKI_METRICS_NETWORKS"}


class Stopped(BaseException):
    """Ctrl-C, or somebody's request to end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `script/server`, shared by the command and this module."""
    parser.add_argument("--port", type=int, default=8000, help="ウェブサーバーのポート番号（既定 8000）")
    parser.add_argument("--host", default=LOOPBACK, help="待ち受けるアドレス（既定 127.0.0.1。見本では変えられません）")
    parser.add_argument("--empty", action="store_true", help="見本を入れずに始め、最初の管理者を作る")


def main(arguments: list[str] | None = None) -> None:
    """Run until told to stop. Exits with a plain sentence where that is not possible."""
    parser = argparse.ArgumentParser(prog="script/server", description="公式（koshiki）を起動します。")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "koshiki.settings")
    try:
        make_home(settings.KOSHIKI_HOME)
        with _only_one() as cut_off, _database() as cluster:
            Supervisor(options, cluster, cut_off=cut_off).run()
    except NotPossible as reason:
        sys.exit(str(reason))
    except Stopped:
        say("終了しました。")


def say(text: str) -> None:
    """A line for the person at the terminal, if it is still there."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # once is enough: the end itself is not interrupted
    raise Stopped


@contextlib.contextmanager
def _only_one() -> Iterator[bool]:
    """One supervisor for one KOSHIKI_HOME. Gives whether the last one was cut off: its children may be ending."""
    with (settings.KOSHIKI_HOME / "serve.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPossible(f"この KOSHIKI_HOME（{settings.KOSHIKI_HOME}）では、すでに公式が動いています。"
                              "もう一つ動かすには、別の KOSHIKI_HOME を指定してください。") from None
        lock.seek(0)
        cut_off = bool(lock.read())
        print(os.getpid(), file=lock, flush=True)
        try:
            yield cut_off
        finally:
            lock.truncate(0)


@contextlib.contextmanager
def _database() -> Iterator[Cluster | None]:
    if not settings.KOSHIKI_EMBEDDED:
        yield None
        return
    with Cluster(settings.KOSHIKI_HOME, say=say).running() as cluster:
        yield cluster


class Supervisor:
    """The order of a start, and the watch over what was started."""

    def __init__(self, options: argparse.Namespace, cluster: Cluster | None, *, cut_off: bool) -> None:
        self.options, self.cluster, self.cut_off = options, cluster, cut_off
        self.sample_loaded = settings.KOSHIKI_HOME / "sample.loaded"
        self.pipe_to_read, self._pipe = os.pipe()
        self.sample = self._decide_sample()
        self.listening = self._listen()
        self.environment = self._environment()
        self.children: list[Child] = []

    # What this installation is

    def _decide_sample(self) -> bool:
        """The first start decides; afterwards the database knows. Raises NotPossible for a change of use."""
        held = self._held_sample()
        if held is None:
            return self.cluster is not None and not self.options.empty
        if held and (self.options.empty or self.cluster is None):
            raise NotPossible("ここには見本が入っています。見本のデータベースは本番に使えません。"
                              "本番には、別の KOSHIKI_HOME を指定してください。")
        if held and self.cluster and not self.sample_loaded.exists():
            say("見本を入れる途中で止まっていました。はじめから入れ直します。")
            self.cluster.make_database_anew()
        return held

    def _held_sample(self) -> bool | None:
        """Whether the database holds the sample; None for one that was not set up yet."""
        if not self._ask("SELECT to_regclass('koshiki_installation')"):
            return None
        held = self._ask("SELECT sample FROM koshiki_installation")
        return None if held is None else bool(held)

    def _ask(self, question: LiteralString, *values: str) -> object:
        """The first column of the first row, asked as the owner; None where there is no row."""
        url = str(settings.KOSHIKI_MIGRATE_URL)
        if not url:
            raise NotPossible("DATABASE_URL を使うときは、表の所有者で接続する KOSHIKI_MIGRATE_URL も指定してください。")
        try:
            with psycopg.connect(url, connect_timeout=10) as connection:
                row = connection.execute(question, values).fetchone()
        except psycopg.Error as error:
            raise NotPossible(f"データベースに接続できません。\n{error}") from error
        return row[0] if row else None

    def _listen(self) -> socket.socket:
        """The one socket that the web server inherits, also when it is started again."""
        if self.sample and self.options.host != LOOPBACK:
            raise NotPossible("見本は 127.0.0.1 だけで待ち受けます。--host は使えません。")
        if self.options.host not in HERE and not settings.KOSHIKI_URL.startswith("https://"):
            raise NotPossible("--host でほかのコンピューターからも受けるときは、KOSHIKI_URL に https:// のアドレスが要ります。")
        deadline = time.monotonic() + (PATIENCE + 5 if self.cut_off else 0)
        while True:
            with contextlib.suppress(OSError):
                return socket.create_server((self.options.host, self.options.port), backlog=512)
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        raise NotPossible(f"ポート {self.options.port} は使われています。--port で別の番号を指定してください。")

    @property
    def address(self) -> str:
        return f"http://{self.options.host}:{self.listening.getsockname()[1]}/"

    def _environment(self) -> dict[str, str]:
        """The environment of all children."""
        environment = {
            "KOSHIKI_URL": self.address, "KOSHIKI_PUBLIC_URL": f"{self.address}official/", **os.environ,
            "KOSHIKI_HOME": str(settings.KOSHIKI_HOME), "KOSHIKI_SAMPLE": str(int(self.sample)),
            "KOSHIKI_LISTEN": f"fd://{self.listening.fileno()}", PARENT: str(self.pipe_to_read),
            "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "koshiki.settings",
        }
        if self.sample:  # nothing of a real installation's surroundings: no mail, no proxy, no folder of a web server
            environment = {name: value for name, value in environment.items() if name not in NOT_IN_SAMPLE}
            environment |= {"KOSHIKI_URL": self.address, "KOSHIKI_PUBLIC_URL": f"{self.address}official/",
                            "KOSHIKI_HOSTS": "127.0.0.1,localhost"}
        return environment

    # The start

    def run(self) -> None:
        """Start everything, then watch until told to stop."""
        started = time.monotonic()
        try:
            if self.sample:
                self._add("見本SNS", sys.executable, "-m", "koshiki.sample.sns.server", "--folder",
                          str(sns.folder()), "--port", str(sns.port()))
            if self._ask(NOTED) != version():
                self._step("setup_database", *(["--sample"] if self.sample else []))
            self._first_time()
            self._add("ウェブサーバー", sys.executable, "-m", "gunicorn", "-c", "python:koshiki.management.web")
            self._wait_for_pages(FIRST_PAGES)
            self._add("ワーカー", *MANAGE, "worker")
            self._wait_for_pages()
            self._welcome(started)
            while True:
                self._watch()
                time.sleep(0.3)
        finally:
            self._end()

    def _first_time(self) -> None:
        if not self.sample:
            if self._ask("SELECT true FROM koshiki_person LIMIT 1"):
                return
            self._step("create_administrator", "--if-nobody", with_terminal=True)
        elif not self.sample_loaded.exists():
            say("見本を入れています。")
            self._wait_for(sns.port())
            self._step("load_sample")
            self.sample_loaded.touch()

    def _wait_for(self, port: int) -> None:
        """Until 見本SNS takes connections."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                return socket.create_connection((LOOPBACK, port), timeout=1).close()
            self._watch()
            time.sleep(0.1)
        raise NotPossible("見本SNS が起動しません。")

    def _step(self, *command: str, with_terminal: bool = False) -> None:
        """A command that must end well before the start goes on."""
        step = subprocess.Popen(
            [*MANAGE, *command], env=self.environment, pass_fds=[self.pipe_to_read],
            start_new_session=not with_terminal, stdin=None if with_terminal else subprocess.DEVNULL)
        try:
            while step.poll() is None:
                for child in self.children:
                    child.tend()
                time.sleep(0.05)
        finally:
            if step.poll() is None:
                step.terminate()
                step.wait(PATIENCE)
        if step.returncode:
            raise NotPossible("起動を中止しました。")

    def _add(self, label: str, *command: str) -> None:
        inherited = [self.pipe_to_read, self.listening.fileno()]
        child = Child(label, command, environment=self.environment, inherited=inherited, say=say)
        child.start()
        self.children.append(child)

    def _wait_for_pages(self, seconds: float = math.inf) -> None:
        """Until the web server answers, or so long."""
        deadline = time.monotonic() + seconds
        while not self._answers() and time.monotonic() < deadline:
            self._watch()
            time.sleep(0.05)

    def _welcome(self, started: float) -> None:
        if self.sample:
            say(introduction())
        say(f"\n公式を起動しました（{time.monotonic() - started:.1f} 秒）: {self.address}\n終わるには Ctrl-C を押してください。")

    def _answers(self) -> bool:
        host, port = self.listening.getsockname()[:2]
        asked = http.client.HTTPConnection(host, port, timeout=1)
        try:
            asked.request("HEAD", "/static/koshiki.css")
            return asked.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()

    # The watch, and the end

    def _watch(self) -> None:
        if self.cluster and not self._database_lives(self.cluster):
            say("データベースが止まりました。起動し直します。")
            try:
                self.cluster.revive()
                say("データベースを起動し直しました。")
            except NotPossible as reason:
                say(str(reason))
                time.sleep(5)
        for child in self.children:
            child.tend()

    @staticmethod
    def _database_lives(cluster: Cluster) -> bool:
        return bool(cluster.pid) and (cluster.socket / ".s.PGSQL.5432").exists()

    def _end(self) -> None:
        say("終了しています。")
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + PATIENCE
        for child in self.children:
            child.end(deadline)


if __name__ == "__main__":
    main()
