"""One service answers nothing but 503 (or hangs): does another notice? As JSON.

    python benchmarks/storm.py [--rounds 6] [--posts 60] [--pace 4] [--to keys] [--storm x] [--fault 503|silence]
    python benchmarks/storm.py --fault silence --variant careless    # must show: no breaker, no share of the threads

Every post goes to an account of each of the two services, at an even pace, with one worker as it is started in use.
Rounds without and with the storm come in turn, so that what else the machine does falls on both alike. Measured from
a post's due time until the service that is well has accepted it. A change for the better by as much fails as well:
then the machine's other work was measured, and not the storm.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults.ground import own_ground
from tests.faults.harness import Killing
from tests.faults.service import Service
from tests.faults.services import services
from tests.faults.stand_ins import PUBLIC
from tests.faults.stock import Stock

SPANS = "settle=3,gap=1,early=0.5,backoff=1,storm=2,storm_most=20,give_up=20"
"""As in use, but for what would make the storm's own posts outlive the run."""
HANDS, ACCOUNTS = 8, 20
CHANGE = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--rounds", 6), ("--posts", 60), ("--pace", 4), ("--seed", 1)):
        parser.add_argument(name, type=int, default=usual)
    parser.add_argument("--to", default="keys", help="the service that is well")
    parser.add_argument("--storm", default="x")
    parser.add_argument("--fault", default="503", help="what every call to it comes to, as tests/networks/stand_in.py has it")
    parser.add_argument("--variant", choices=("", "careless"), default="")
    given = parser.parse_args()
    with (own_ground(KOSHIKI_DELIVERY_TIMES=SPANS, KOSHIKI_PUBLIC_URL=PUBLIC) as ground,
          services(f"{given.to}+{given.storm}", seed=given.seed, folder=ground.home) as [well, ill]):
        stock = Stock([well, ill], (given.rounds + 1) * given.posts, ACCOUNTS)
        found = measure(given, Killing(stock, ground.home, given.seed, given.variant, HANDS), well, ill)
    print(json.dumps(found, indent=1))
    return 0 if found["holds"] else 1


def measure(given: argparse.Namespace, killing: Killing, well: Service, ill: Service) -> dict[str, Any]:
    worker = killing.fork("", 0)
    times: dict[str, list[float]] = {"calm": [], "storm": []}
    try:
        well.calm()
        ill.calm()
        a_round(given, killing.stock, well)  # the worker is up
        for number in range(given.rounds):
            weather = "storm" if number % 2 else "calm"
            ill.tell(fault=given.fault if weather == "storm" else "")
            times[weather] += a_round(given, killing.stock, well)
    finally:
        killing.end(worker)
    p95 = {weather: percentile(measured, 0.95) for weather, measured in times.items()}
    change = p95["storm"] / p95["calm"] - 1
    return {
        "to": given.to, "storm_at": given.storm, "fault": given.fault, "variant": given.variant,
        "posts": {weather: len(measured) for weather, measured in times.items()},
        "median_s": {weather: percentile(measured, 0.5) for weather, measured in times.items()}, "p95_s": p95,
        "change_of_p95": round(change, 3), "calls_at_the_ill": len(ill.begun()), "holds": abs(change) < CHANGE,
    }  # fmt: skip


def a_round(given: argparse.Namespace, stock: Stock, well: Service) -> list[float]:
    """Seconds from each post's due time until it was accepted. Raises TimeoutError for one that never was."""
    before, began = len(well.accepted()), time.monotonic()
    for number in range(given.posts):
        stock.approve(1, plainly=True)
        time.sleep(max(0, began + (number + 1) / given.pace - time.monotonic()))
    while len(accepted := well.accepted()) < before + given.posts:
        if time.monotonic() - began > given.posts / given.pace + 120:
            raise TimeoutError(f"{before + given.posts - len(accepted)} posts never arrived")
        time.sleep(0.2)
    due = due_times(well.key)
    return [made.at - due[made.account, made.text] for made in accepted[before:]]


def due_times(service: str) -> dict[tuple[str, str], float]:
    from koshiki.posts.content import going_out
    from koshiki.posts.models import Delivery

    rows = Delivery.objects.filter(account__service=service).select_related("account", "approval__revision")
    return {(str(row.account_id), going_out(row.approval.revision, row.account, row.segment).content["text"]):
            row.due_at.timestamp() for row in rows}


def percentile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 3)


if __name__ == "__main__":
    sys.exit(main())
