"""Commands as the office types them, on databases and folders of a test's own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from tests.databases import APP, CLONE, OWNER, _drop, _numbers, _role, _server, _with_name

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Place:
    """A database and a KOSHIKI_HOME."""

    home: Path
    name: str

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KOSHIKI_HOME": str(self.home), "KOSHIKI_ALLOWED_NETWORKS": "127.0.0.0/8",
                "DATABASE_URL": _with_name(os.environ[APP], self.name),
                "KOSHIKI_MIGRATE_URL": _with_name(os.environ[OWNER], self.name)}

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env={**self.environment, **more},
                              capture_output=True, text=True, check=False, timeout=180)

    def does(self, *arguments: str, **more: str) -> str:
        """Run a command that must end well; what it said."""
        ended = self.manage(*arguments, **more)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def refuses(self, *arguments: str, **more: str) -> str:
        """Run a command that must not end well; what it said, in words and not in a traceback."""
        ended = self.manage(*arguments, **more)
        assert ended.returncode == 1, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stderr


@contextlib.contextmanager
def empty_place(home: Path) -> Iterator[Place]:
    """A database without tables and a folder without anything."""
    with _server() as server:
        name = f"{CLONE}{os.getpid()}_{next(_numbers)}"
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
            sql.Identifier(name), sql.Identifier(_role(os.environ[APP]))))
        home.mkdir()
        try:
            yield Place(home, name)
        finally:
            _drop(server, name)
