"""How long a large city takes to come back from its backup, and that nothing is sent, as JSON.

    python benchmarks/restore.py [--posts 100000] [--accounts 1000] [--entries 400000] [--due 1000] [--watch 20]

Builds the city of world.py, makes `due` of its planned deliveries overdue, takes a backup with `manage.py backup`,
brings it back with `manage.py restore` into an empty KOSHIKI_HOME, and lets a worker run there for a while: what
it claims, sends or writes to the feed would be counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.city.ground import installation


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--posts", 100_000), ("--accounts", 1000), ("--entries", 400_000), ("--due", 1000)):
        parser.add_argument(name, type=int, default=usual)
    parser.add_argument("--watch", type=float, default=20, help="seconds for which a worker runs on what came back")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="koshiki-restore-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        found = backed_up(folder, given) | restored(folder, given.watch)
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return 0 if found["log_verified"] and found["worker_ran"] and not found["sent"] else 1


def backed_up(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The city, and its backup."""
    with installation(str(folder / "original")):
        from benchmarks.world import build

        built = build(given.accounts, given.posts, given.entries)
        overdue = make_due(given.due)
        took, _ = manage(folder / "original", "backup", str(folder / "koshiki.tar"))
    size = (folder / "koshiki.tar").stat().st_size
    return {"city": built, "overdue": overdue, "backup_s": took, "backup_mb": round(size / 1e6, 1)}


def make_due(count: int) -> int:
    """So many of the planned deliveries should have begun an hour ago, and may still go out for a day."""
    from datetime import timedelta

    from django.db.models.functions import Now

    from koshiki.posts.models import Delivery

    first = Delivery.objects.filter(state="waiting").order_by("pk").values("pk")[:count]
    due = Now() - timedelta(hours=1)
    return Delivery.objects.filter(pk__in=first).update(due_at=due, next_at=due, expires_at=Now() + timedelta(days=1))


def restored(folder: Path, watch: float) -> dict[str, Any]:
    """What came back, and what a worker does with it."""
    home = folder / "restored"
    took, said = manage(home, "restore", str(folder / "koshiki.tar"))
    (home / "keys.json").write_bytes((folder / "original/keys.json").read_bytes())
    (home / "keys.json").chmod(0o600)
    before = states(home)
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=surroundings(home))
    time.sleep(watch)
    lived = worker.poll() is None
    worker.terminate()
    worker.wait(60)
    after = states(home)
    sent = sum(after[state] - before[state] for state in ("sent", "sending", "claimed"))
    return {"restore_s": took, "log_verified": "正しくつながっています" in said, "worker_ran": lived, "watched_s": watch,
            "sent": sent + len(entries(home)) - len(entries(folder / "original")), "states_after": dict(after)}


def manage(home: Path, *command: str) -> tuple[float, str]:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=surroundings(home), text=True,
                          stdout=subprocess.PIPE, check=True)
    print(done.stdout, file=sys.stderr)
    return round(time.monotonic() - began, 1), done.stdout


def states(home: Path) -> Counter[str]:
    """The deliveries by state."""
    question = "SELECT state, count(*) FROM koshiki_delivery GROUP BY 1"
    said = manage(home, "postgres", "psql", "-At", "-F", " ", "-c", question, "koshiki")[1]
    return Counter({state: int(number) for state, number in map(str.split, said.splitlines())})


def entries(home: Path) -> list[Path]:
    return list((home / "feed/entries").glob("*.json"))


def surroundings(home: Path) -> dict[str, str]:
    return {**os.environ, "KOSHIKI_HOME": str(home), "PYTHONUTF8": "1", "KOSHIKI_SECRET_KEY": "for measurements only"}


if __name__ == "__main__":
    sys.exit(main())
