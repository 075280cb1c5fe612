"""A real WordPress, a fresh site on a free port for those who ask for `wordpress`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "koshiki-peers/wordpress"
PHP, CORE = CACHE / "php", CACHE / "wordpress"
HERE = Path(__file__).parent / "wordpress_site"


@dataclass(frozen=True)
class WordPress:
    """The running site; its user `city`, an editor, and that user's application password as it is shown."""

    base: str
    folder: Path
    password: str = ""
    user: str = "city"

    def do(self, what: str, *given: str) -> Any:
        """What the site's own people do, past the interface; see wordpress_site/do.php."""
        done = subprocess.run([PHP, HERE / "do.php", CORE, what, *given], env=_environment(self.folder, self.base),
                              capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout.splitlines()[-1])

    def add_user(self, name: str, role: str) -> str:
        """A further user; returns an application password, as it is shown: in groups of four."""
        plain = str(self.do("person", name, role))
        return " ".join(plain[place : place + 4] for place in range(0, len(plain), 4))

    def page(self, address: str) -> str:
        """A page of the site as everybody sees it."""
        return httpx.get(address, follow_redirects=True).text

    def visible(self) -> int:
        """How many posts everybody sees."""
        return len(httpx.get(f"{self.base}/wp-json/wp/v2/posts?_fields=id&per_page=100").json())

    def comment(self, post_id: str, words: str, writer: str = "市民") -> None:
        """Somebody writes below a post, by the form on its page."""
        form = {"comment_post_ID": post_id, "comment": words, "author": writer, "email": "a@example.jp"}
        answer = httpx.post(f"{self.base}/wp-comments-post.php", data=form)
        assert answer.status_code == 302, answer.text


@contextmanager
def running_wordpress(folder: Path, made: Path) -> Iterator[WordPress]:
    """A fresh site in `folder`, a copy of the installed one at `made`. Ended with its process group."""
    shutil.copytree(made, folder, symlinks=True)
    port = _free_port()
    site = WordPress(f"http://127.0.0.1:{port}", folder, (folder / "password").read_text())
    environment = _environment(folder, site.base) | {"PHP_CLI_SERVER_WORKERS": "3"}
    server = subprocess.Popen(
        [PHP, "-S", f"127.0.0.1:{port}", "-t", CORE, HERE / "router.php"], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(port, server)
        yield site
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # its workers outlive it
        server.wait()


def made_wordpress(folder: Path) -> Path:
    """An installed site in `folder`, to be copied."""
    if not PHP.exists():
        raise FileNotFoundError(f"{PHP} is not there: script/peers installs it")
    content = folder / "wp-content"
    (content / "uploads").mkdir(parents=True)
    (content / "plugins").mkdir()
    (content / "plugins/sqlite-database-integration").symlink_to(CACHE / "sqlite/plugin-sqlite-database-integration")
    (content / "themes").symlink_to(CORE / "wp-content/themes")
    shutil.copy(CACHE / "sqlite/plugin-sqlite-database-integration/db.copy", content / "db.php")
    shutil.copy(HERE / "wp-config.php", folder)
    site = WordPress("http://127.0.0.1", folder)
    site.do("install", "磐田市からのお知らせ")
    (folder / "password").write_text(site.add_user(site.user, "editor"))
    return folder


@pytest.fixture(scope="session")
def installed_wordpress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_wordpress(tmp_path_factory.mktemp("wordpress") / "made")


@pytest.fixture
def wordpress(tmp_path: Path, installed_wordpress: Path) -> Iterator[WordPress]:
    with running_wordpress(tmp_path / "wordpress", installed_wordpress) as site:
        yield site


def _environment(folder: Path, base: str) -> dict[str, str]:
    return {"KOSHIKI_SITE": str(folder), "KOSHIKI_SITE_URL": base, "PATH": os.environ["PATH"]}


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("WordPress did not start")
