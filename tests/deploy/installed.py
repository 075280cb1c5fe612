"""An installation as deploy/ describes it, on this machine: what the image holds, a web server, ports of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"


def dockerfile() -> list[tuple[str, str]]:
    """The steps of the Dockerfile: word and what follows, lines that go on joined."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    steps = [line.partition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in steps]


def image(folder: Path) -> Path:
    """The working folder of the image: what the Dockerfile copies into it, and nothing else."""
    for word, rest in dockerfile():
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(ROOT / source, folder / target)
    return folder


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


class Installed:
    """A checkout with its environment, whose commands and services are started as the units start them."""

    def __init__(self, program: Path, home: Path, stack: ExitStack, **environment: str) -> None:
        self.program, self.home, self.stack, self.port = program, home, stack, free_port()
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("KOSHIKI_", "DATABASE"))}
        self.environment = {**plain, "PYTHONUTF8": "1", "KOSHIKI_HOME": str(home),
                            "KOSHIKI_LISTEN": f"127.0.0.1:{self.port}", **environment}

    def manage(self, *command: str, **more: str) -> str:
        done = subprocess.run([sys.executable, "manage.py", *command], cwd=self.program, timeout=120, check=False,
                              env={**self.environment, **more}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def service(self, *command: str) -> subprocess.Popen[bytes]:
        """Runs until the end of the test."""
        words = (self.home / f"{command[0].replace('/', '-')}.words").open("ab")
        process = self.stack.enter_context(ended(subprocess.Popen(
            [sys.executable, *command], cwd=self.program, env=self.environment, stdout=words, stderr=words)))
        words.close()
        return process

    def web(self) -> None:
        self.service("-m", "gunicorn", "-c", "python:koshiki.management.web")
        wait_for(self.port)

    def health(self, query: str = "") -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz{query}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Asks the process to end afterwards, and sees to it."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as asking:
        return int(asking.getsockname()[1])


def wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")
