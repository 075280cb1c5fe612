"""A real worker beside the web server of the tests, on the same database and the same folders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def worker(office: LiveServer, settings: LazySettings, database_urls: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """`manage.py worker` while the test runs; gives the file of what it says."""
    said = tmp_path / "worker.log"
    surroundings = {**os.environ, **database_urls, "KOSHIKI_SECRET_KEY": settings.SECRET_KEY,
                    "KOSHIKI_DELIVERY_TIMES": "read_back=1",
                    "KOSHIKI_URL": settings.KOSHIKI_URL, "KOSHIKI_PUBLIC_URL": settings.KOSHIKI_PUBLIC_URL,
                    "KOSHIKI_ALLOWED_NETWORKS": ",".join(settings.KOSHIKI_ALLOWED_NETWORKS)}
    with said.open("w") as output:
        process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=surroundings,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield said
    finally:
        process.terminate()
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print(said.read_text())  # a failed test shows it
