"""Builds a city as large as any: 1,000 accounts, 50,000 posts, a million entries in the log, as JSON.

    python benchmarks/world.py [--keep FOLDER] [--accounts 1000] [--posts 50000] [--entries 1000000] [--verify]

Rows are written in bulk by the application's own role, with every constraint and trigger of the database in
force, and the log's chain is the real one (--verify recomputes it). The posts lie in the nine months behind and
the two weeks ahead: each of the 120 divisions has about 45 in a month. With --keep the installation stays in
FOLDER, for `pages.py --keep FOLDER`, or for `KOSHIKI_HOME=FOLDER script/server --empty`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.city.ground import installation

DIVISIONS = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", default="", help="a folder in which the installation stays")
    for name, usual in (("--accounts", 1000), ("--posts", 50_000), ("--entries", 1_000_000)):
        parser.add_argument(name, type=int, default=usual)
    parser.add_argument("--verify", action="store_true")
    given = parser.parse_args()
    with installation(given.keep):
        found = build(given.accounts, given.posts, given.entries)
        print(json.dumps({**found, **(verified() if given.verify else {})}, indent=1, ensure_ascii=False))
    return 0


def build(accounts: int = 1000, posts: int = 50_000, entries: int = 1_000_000) -> dict[str, Any]:
    """Fill the empty installation. Gives how many rows of what there are, and the seconds it took."""
    from django.db import transaction

    from benchmarks.city.accounts import make_accounts
    from benchmarks.city.log import sign_ins, write_log
    from benchmarks.city.people import make_offices
    from benchmarks.city.posts import make_posts
    from koshiki import clock
    from koshiki.audit.models import Head
    from koshiki.organization.models import Person
    from koshiki.public.models import PublicCopy
    from tests.cast import make_cast

    began, dice, now = time.monotonic(), random.Random(8), clock.now()  # noqa: S311 (the same city every time)
    since = now - timedelta(days=275)
    with transaction.atomic():
        cast, offices = make_cast(), make_offices(DIVISIONS)
        targets, happened = make_accounts(accounts, offices, cast, since - timedelta(days=40))
    with transaction.atomic():
        happened += make_posts(posts, targets, since, now, dice)
    with transaction.atomic():
        left = entries - Head.objects.get(pk=1).number - len(happened)
        happened += sign_ins(list(Person.objects.all()), max(0, left), since, now, dice)
        PublicCopy.objects.create(pk=1, entry=write_log(happened), written_at=now)  # as the worker would have
    _analyze()
    return {**counts(), "seconds": round(time.monotonic() - began, 1)}


def counts() -> dict[str, int]:
    from koshiki import models

    kinds = (models.Person, models.Account, models.Post, models.Revision, models.Delivery, models.Entry)
    return {kind.__name__: kind.objects.count() for kind in kinds}


def verified() -> dict[str, Any]:
    from koshiki.audit.log import verify

    began, verdict = time.monotonic(), verify()
    return {"verified": verdict.holds, "reason": verdict.reason, "verify_seconds": round(time.monotonic() - began, 1)}


def _analyze() -> None:
    """What autovacuum would have done by and by, while such a log grew."""
    from django.db import connection

    from koshiki.database.ownership import as_owner

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main())
