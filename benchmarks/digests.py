"""How long a morning's digests take to be gathered and drawn, for everybody in office, as JSON.

    python benchmarks/digests.py [--duties 10000] [--accounts 400] [--posts 1000]

The city is that of world.py, everybody with a mail address; then posts wait for their approvers until there are at
least so many duties. What is measured is `desk.digest.digests` and the drawing of each mail, in one thread, as the
worker does it; no mail is sent.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.city.ground import installation
from benchmarks.world import build


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--duties", 10_000), ("--accounts", 400), ("--posts", 1000)):
        parser.add_argument(name, type=int, default=usual)
    given = parser.parse_args()
    with installation():
        build(given.accounts, given.posts, 1000)
        wait_for(given.duties)
        print(json.dumps(measured(), indent=1))
    return 0


def wait_for(duties: int) -> None:
    """So many posts, that at least so many duties come of them: each waits for one approver or more."""
    from django.db.models import F, Value
    from django.db.models.functions import Concat

    from koshiki import clock
    from koshiki.organization.models import Person
    from koshiki.posts.content import Draft, canonical_of, digest_of, service_of
    from koshiki.posts.models import Post, Revision, RevisionTarget
    from koshiki.register.models import Account, Assignment

    Person.objects.update(email=Concat(F("staff_number"), Value("@city.example")))
    writers = dict(Assignment.objects.filter(role="author").values_list("account", "person"))
    accounts = list(Account.objects.filter(state="official", pk__in=writers))
    written = [(accounts[n % len(accounts)], Draft(title=f"お知らせ {n}", basis="防災第45号", contents={}))
               for n in range(duties)]
    posts = Post.objects.bulk_create(
        Post(division_id=account.division_id, title=d.title, state="submitted", created_by_id=writers[account.pk])
        for account, d in written)
    revisions, targets = [], []
    for post, (account, d) in zip(posts, written, strict=True):
        text = canonical_of(post.pk, 1, d, {})
        revisions.append(Revision(post=post, number=1, author_id=writers[account.pk], at=clock.now(), basis=d.basis,
                                  canonical=text, digest=digest_of(text)))
    for revision, (account, _) in zip(Revision.objects.bulk_create(revisions), written, strict=True):
        content = service_of(account).canonical({"text": revision.digest})
        targets.append(RevisionTarget(revision=revision, account=account, content=content))
    RevisionTarget.objects.bulk_create(targets)


def measured() -> dict[str, Any]:
    from koshiki.desk.digest import digests
    from koshiki.desk.jobs import drawn

    began = time.perf_counter()
    mails = [(digest.waiting, len(drawn("txt", digest)) + len(drawn("html", digest))) for digest in digests()]
    return {"mails": len(mails), "duties": sum(count for count, _ in mails), "seconds": round(time.perf_counter() - began, 2)}


if __name__ == "__main__":
    sys.exit(main())
