"""Workers killed for real at every point of the way, and every other fault: no post twice, none lost, none early.

The short form of `benchmarks/faults.py`; what is wrong on purpose must show, or the harness proves nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.ground import ROOT
from tests.faults.services import SERVICES, STAND_INS
from tests.faults.troubles import for_service

OTHERS = [name for name in (*STAND_INS, "city-feed") if name != "no-keys"]


def run(*options: str) -> dict[str, Any]:
    command = [sys.executable, "benchmarks/faults.py", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.longest
def test_killed_at_every_point_nothing_is_twice_and_nothing_lost_at_any_service() -> None:
    """Every post goes to all of them: by keys, by chosen records, by staging, by looking up."""
    found = run("--posts", "10", "--kills", "14", "--seed", "5", "--accounts", "3", "--to", "+".join(OTHERS))
    assert found["clean"], json.dumps(found, ensure_ascii=False)
    assert found["kills_total"] >= 14
    assert found["states"].get("sent", 0) + found["states"].get("person", 0) >= 10 * len(OTHERS)


@pytest.mark.peers
@pytest.mark.longest
@pytest.mark.parametrize(("to", "seed"), [("no-keys", 6), ("snac", 8), ("real-bluesky", 10), ("wordpress", 12)])
def test_also_where_no_key_is_honoured_and_where_the_service_is_a_real_one(to: str, seed: int) -> None:
    found = run("--posts", "28", "--kills", "14", "--seed", str(seed), "--to", to)
    assert found["clean"], json.dumps(found, ensure_ascii=False)


@pytest.mark.peers
@pytest.mark.longest
@pytest.mark.parametrize(("to", "posts"), [("no-keys", 60), ("+".join(OTHERS), 14)], ids=["no-keys", "all others"])
def test_nor_under_any_other_fault(to: str, posts: int) -> None:
    found = run("--posts", str(posts), "--kills", "6", "--seed", "9", "--to", to, "--troubles")
    assert found["clean"], json.dumps(found, ensure_ascii=False)
    assert sorted(found["troubles"]) == sorted({trouble for name in to.split("+") for trouble in for_service(SERVICES[name])})


@pytest.mark.peers
@pytest.mark.longest
@pytest.mark.parametrize("variant", ["naive", "mutant"])
def test_what_is_wrong_on_purpose_shows(variant: str) -> None:
    assert run("--posts", "60", "--kills", "32", "--seed", "7", "--variant", variant)["duplicates"] > 0


@pytest.mark.longest
def test_a_backlog_is_worked_off_in_order_and_nobody_starves() -> None:
    found = run("--backlog", "200", "--seed", "3")
    assert found["clean"], json.dumps(found, ensure_ascii=False)
    assert found["states"] == {"sent": 200}


@pytest.mark.peers
@pytest.mark.longest
@pytest.mark.parametrize(("variant", "seen"), [("newest", "out_of_order"), ("greedy", "overtaken")])
def test_who_takes_the_newest_or_stays_with_one_account_is_seen(variant: str, seen: str) -> None:
    found = run("--backlog", "200", "--seed", "3", "--variant", variant)
    assert not found["clean"]
    assert found[seen] > 200 / 3


def test_a_configured_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ROOT / "docs/reliability.json"
    before = kept.read_bytes()
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@127.0.0.1/their_database")
    done = subprocess.run([sys.executable, "benchmarks/faults.py"], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr
    assert kept.read_bytes() == before
