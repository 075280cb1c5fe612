"""Deliveries under kills and every other fault: what the services accepted against what our rows say, as JSON.

    python benchmarks/faults.py [--posts 2000] [--kills 400] [--seed 1]

shares posts and kills among all services that there are, gives each all its troubles (tests/faults/troubles.py),
lets the two that are wrong on purpose show their duplicates beside it, and writes docs/reliability.json.

    python benchmarks/faults.py --to x+line [--troubles] [--variant naive|mutant]

is one run alone, to one service or to several, which writes nothing. They stand in tests/faults/services.py: the
stand-ins of tests/networks, and the real servers that script/peers installs. Another is

    python benchmarks/faults.py --backlog 10000 [--variant newest|greedy]

so many are due when the workers come: in order per account, none starved, none twice (tests/faults/backlog.py).
All work on databases and services that they make themselves.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults import backlog
from tests.faults.ground import refuse_configured
from tests.faults.harness import SPANS, run
from tests.faults.points import WRONG
from tests.faults.services import SERVICES

KEPT = ROOT / "docs/reliability.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=20, help="of each service")
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side; they mostly wait")
    parser.add_argument("--to", help="one service, or several joined by +: " + ", ".join(SERVICES))
    parser.add_argument("--troubles", action="store_true", help="every other fault that the service can have, too")
    parser.add_argument("--variant", choices=("", *WRONG), default="")
    parser.add_argument("--backlog", type=int, metavar="POSTS", help="as many due at once, and nothing else")
    given = parser.parse_args()
    return one(given) if given.to or given.variant or given.backlog else everything(given)


def one(given: argparse.Namespace) -> int:
    common = {"seed": given.seed, "to": given.to or "no-keys", "variant": given.variant}
    outcome = backlog.run(posts=given.backlog, **common) if given.backlog else run(
        posts=given.posts, kills=given.kills, troubles=given.troubles, accounts=given.accounts, **common)
    print(json.dumps(outcome.as_json(), indent=1, ensure_ascii=False))
    return 0 if outcome.clean or given.variant else 1


def everything(given: argparse.Namespace) -> int:
    """Every service and both wrong variants, each in a process of its own; 1 if one is not clean.

    What is found is kept as each is done, so that who breaks off loses nothing.
    """
    refuse_configured()
    names = [name for name, kind in SERVICES.items() if kind.is_installed()]
    posts, kills = -(-given.posts // len(names)), -(-given.kills // len(names))
    found: dict[str, Any] = {"spans": SPANS, "total": {}, "runs": [], "wrong_on_purpose": []}
    with ThreadPoolExecutor(given.at_once) as side_by_side:
        running = [side_by_side.submit(_alone, "--posts", posts, "--kills", kills, "--seed", given.seed + n, "--to", to,
                                       "--troubles") for n, to in enumerate(names)]
        running += [side_by_side.submit(_alone, "--posts", 100, "--kills", 56, "--seed", given.seed, "--variant", variant)
                    for variant in ("naive", "mutant")]
        for done in as_completed(running):
            _keep(found, done.result())
    print(json.dumps(found, indent=1, ensure_ascii=False))
    shown = all(wrong["duplicates"] for wrong in found["wrong_on_purpose"])
    return 0 if shown and all(run["clean"] for run in found["runs"]) and "broken_off" not in found else 1


def _keep(found: dict[str, Any], outcome: dict[str, Any]) -> None:
    place = "broken_off" if "broken_off" in outcome else "wrong_on_purpose" if outcome["variant"] else "runs"
    found.setdefault(place, []).append(outcome)
    found["runs"].sort(key=lambda run: list(SERVICES).index(run["service"]))
    found["total"] = _total(found["runs"])
    KEPT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _alone(*options: Any) -> dict[str, Any]:
    command = [sys.executable, __file__, *map(str, options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, check=False)
    if not done.stdout:
        return {"run": " ".join(map(str, options)), "broken_off": done.returncode, "clean": False}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _total(runs: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(found[name] for found in runs)
            for name in ("posts", "kills_total", "duplicates", "lost", "early", "begun_while_stopped")}


if __name__ == "__main__":
    sys.exit(main())
