"""200 deliveries, workers killed at every point: what the service accepted against what our rows say, as JSON.

    python benchmarks/faults.py --posts 200 --kills 112 --seed 1 [--to no-keys|keys|snac] [--variant naive|mutant]

The service is one of our own that counts, with or without honouring Idempotency-Key, or snac.
Works on databases and services that it makes itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.faults.harness import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--kills", type=int, default=112)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", choices=("no-keys", "keys", "snac"), default="no-keys")
    parser.add_argument("--variant", choices=("", "naive", "mutant"), default="")
    given = parser.parse_args()
    outcome = run(posts=given.posts, kills=given.kills, seed=given.seed, to=given.to,
                  variant=given.variant)
    print(json.dumps(outcome.as_json(), indent=1))
    return 0 if outcome.clean or given.variant else 1


if __name__ == "__main__":
    sys.exit(main())
