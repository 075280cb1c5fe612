"""How long the whole log takes to verify, as JSON.

    python benchmarks/verify_log.py [--entries 1000000]

The entries are written by the owner of the tables, with the chain that koshiki would have made; then
`manage.py verify_log` recomputes all of it, as on any day.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults.ground import own_ground


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    given = parser.parse_args()
    with own_ground():
        began = time.monotonic()
        write_entries(given.entries)
        made = time.monotonic()
        said = subprocess.run([sys.executable, "manage.py", "verify_log"], cwd=ROOT, env=environment(),
                              capture_output=True, text=True, check=False)
        took = time.monotonic() - made
    print(json.dumps({"entries": given.entries, "verified_s": round(took, 2), "holds": said.returncode == 0,
                      "said": (said.stdout + said.stderr).strip(), "written_s": round(made - began, 1)},
                     ensure_ascii=False, indent=1))
    return said.returncode


def environment() -> dict[str, str]:
    """What leads another process to this run's database."""
    from django.db import connections

    from tests.databases import APP, OWNER, _with_name

    name = connections.settings["default"]["NAME"]
    return {**os.environ, "DATABASE_URL": _with_name(os.environ[APP], name),
            "KOSHIKI_MIGRATE_URL": _with_name(os.environ[OWNER], name)}


def write_entries(count: int) -> None:
    """So many entries after those that are there, chained, about as large as those of a delivery."""
    import psycopg
    from django.utils import timezone

    from koshiki.audit.models import Head

    head, now = Head.objects.get(pk=1), timezone.now()
    with psycopg.connect(environment()["KOSHIKI_MIGRATE_URL"]) as owner:
        columns = "number, at, actor_id, verb, thing, clause, canonical, digest"
        with owner.cursor().copy(f"COPY koshiki_entry ({columns}) FROM STDIN") as copy:
            for row in rows(head.number, head.digest, count, now):
                copy.write_row(row)
        owner.execute("UPDATE koshiki_head SET number = %s, digest = %s", [row[0], row[7]])
        owner.commit()
        owner.execute("ANALYZE koshiki_entry")


def rows(number: int, digest: str, count: int, at: Any) -> Iterator[tuple[Any, ...]]:
    from koshiki.audit.log import _content, canonical, chain
    from koshiki.audit.models import Entry

    for n in range(number + 1, number + count + 1):
        entry = Entry(number=n, at=at, verb="delivery.send", thing=f"delivery:{n}", clause="§8(1)")
        data = {"remote_id": str(n), "url": f"https://social.example/@city/{n}", "approval": n}
        text = canonical(_content(entry, label=f"お知らせ 第{n}号", data=data))
        digest = chain(digest, text)
        yield n, at, None, entry.verb, entry.thing, entry.clause, text, digest


if __name__ == "__main__":
    sys.exit(main())
