"""Ground of one's own: a database, a data folder and a counting server that are made here and thrown away."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
OWNER = "KOSHIKI_TEST_OWNER_URL"


class OwnGroundOnly(SystemExit):
    """Faults and measurements never touch a database that somebody configured."""


@dataclass(frozen=True)
class Ground:
    """A KOSHIKI_HOME, and the embedded server where it is this ground's own."""

    home: Path
    cluster: Any = None


def refuse_configured() -> None:
    """Raises OwnGroundOnly where DATABASE_URL is set."""
    if "DATABASE_URL" in os.environ:
        raise OwnGroundOnly("DATABASE_URL is set: this works on databases that it makes itself, and on no other.")


@contextlib.contextmanager
def own_ground(**environment: str) -> Iterator[Ground]:
    """Sets Django up on a fresh database with a fresh KOSHIKI_HOME.

    Raises OwnGroundOnly where DATABASE_URL is set. KOSHIKI_TEST_OWNER_URL and KOSHIKI_TEST_APP_URL may name a
    server for tests, on which a database of its own is made; else the embedded one is started.
    """
    refuse_configured()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="koshiki-faults-")))
        home.chmod(0o755)  # the embedded server's own account must be able to reach it
        os.environ |= {"KOSHIKI_HOME": str(home), "KOSHIKI_ALLOWED_NETWORKS": "127.0.0.0/8",
                       "KOSHIKI_SECRET_KEY": "for this run only", "DJANGO_SETTINGS_MODULE": "koshiki.settings"}
        os.environ |= environment
        yield Ground(home, _begin(stack))


def _begin(stack: contextlib.ExitStack) -> Any:
    """Returns the embedded server, None where another was named."""
    import django

    cluster = None

    if OWNER not in os.environ:
        from koshiki.database.embedded import testing_cluster

        cluster = stack.enter_context(testing_cluster())
        os.environ[OWNER] = cluster.url("koshiki_owner", "postgres")
        os.environ["KOSHIKI_TEST_APP_URL"] = cluster.url("koshiki_app", "postgres")
        stack.callback(os.environ.pop, OWNER)
    django.setup()
    from tests import databases

    with databases._server() as server:
        databases._template(server)
    stack.enter_context(databases._own_clone())
    return cluster


@dataclass(frozen=True)
class CountingServer:
    """The process of tests/faults/server.py."""

    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def accepted(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("/counting")["accepted"]
        return found

    def begun(self) -> list[float]:
        found: list[float] = self._ask("/counting")["begun"]
        return found

    def tell(self, **wishes: Any) -> None:
        self._ask("/told", json.dumps(wishes).encode())

    def _ask(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(self.base + path, body, timeout=20) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found


@contextlib.contextmanager
def counting_server(**wishes: Any) -> Iterator[CountingServer]:
    """A server process, ended afterwards."""
    command = [sys.executable, "-m", "tests.faults.server"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            server = CountingServer(int(process.stdout.readline()))
            server.tell(**wishes)
            yield server
        finally:
            process.kill()
