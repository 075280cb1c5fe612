"""Workers killed for real (SIGKILL at K1–K7, stopped and continued at K13): no post twice, none lost, none early.

The short form of `benchmarks/faults.py`; what is wrong on purpose must show, or the harness proves nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.ground import ROOT


def run(*options: str) -> dict[str, Any]:
    command = [sys.executable, "benchmarks/faults.py", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_killed_at_every_point_nothing_is_twice_and_nothing_lost() -> None:
    found = run("--posts", "20", "--kills", "9", "--seed", "5")
    assert found["clean"], found
    assert found["states"]["sent"] + found["states"].get("person", 0) == 20


@pytest.mark.peers
def test_also_where_the_service_honours_keys() -> None:
    assert run("--posts", "60", "--kills", "32", "--seed", "6", "--to", "keys")["clean"]


@pytest.mark.peers
def test_and_against_a_real_server() -> None:
    assert run("--posts", "60", "--kills", "32", "--seed", "8", "--to", "snac")["clean"]


@pytest.mark.peers
@pytest.mark.parametrize("variant", ["naive", "mutant"])
def test_what_is_wrong_on_purpose_shows(variant: str) -> None:
    assert run("--posts", "60", "--kills", "32", "--seed", "7", "--variant", variant)["duplicates"] > 0


def test_a_configured_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@127.0.0.1/their_database")
    done = subprocess.run([sys.executable, "benchmarks/faults.py"], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr
