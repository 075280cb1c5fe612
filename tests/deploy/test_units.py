"""systemd's own word on the units."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.installed import DEPLOY

pytestmark = pytest.mark.peers
NAMES = ("koshiki-setup.service", "koshiki-web.service", "koshiki-worker@1.service", "koshiki.target")


def analyze(*arguments: str, units: Path) -> str:
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_COLORS": "0"})
    return done.stdout + done.stderr


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program at the place of the one that /opt/koshiki would have."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in (DEPLOY / "systemd").iterdir():
        shutil.copy(path, tmp_path)
        text = path.read_text().replace("/opt/koshiki/.venv/bin/python", str(program))
        (tmp_path / path.name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_it_has_nothing_to_complain_of(units: Path, name: str) -> None:
    assert analyze("verify", "--man=no", "--recursive-errors=no", name, units=units) == ""


def test_it_would_complain_of_a_mistake(units: Path) -> None:
    unit = units / "koshiki-web.service"
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=yes please"))
    assert "yes please" in analyze("verify", "--man=no", "--recursive-errors=no", unit.name, units=units)


@pytest.mark.parametrize("name", ["koshiki-setup.service", "koshiki-web.service", "koshiki-worker@.service"])
def test_it_calls_them_little_exposed(units: Path, name: str) -> None:
    said = analyze("security", "--offline=yes", str(units / name), units=units)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert level
    assert float(level[1]) < 2
