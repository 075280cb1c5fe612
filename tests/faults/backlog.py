"""A backlog: thousands due at once, as after a day without a worker. In order per account, none starved, none twice.

Some accounts, as many as there are hands to carry, have most of it: whoever would stay with one of them until it is
worked off leaves nobody for the others.
"""

from __future__ import annotations

import bisect
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.faults.ground import own_ground
from tests.faults.harness import ENDS, HANDS, SPANS, Killing
from tests.faults.history import moves, note_moves
from tests.faults.judging import Outcome, judge
from tests.faults.service import Accepted
from tests.faults.services import services
from tests.faults.stock import Stock, unlike

if TYPE_CHECKING:
    from koshiki.posts.content import Draft
    from koshiki.posts.models import Delivery
    from tests.cast import Cast

WORKERS = 2
BUSY = WORKERS * HANDS
ACCOUNTS = 4 * BUSY
MUCH = 0.8  # of all posts, on the busy accounts
SPREAD = timedelta(hours=12)  # over which they became due, in no order of their numbers
TURN = 0.1  # seconds for which a worker goes on with one account: few posts, however fast the machine
SLOW = 0.5  # seconds a post, after which a run has failed


@dataclass
class Backlog(Outcome):
    """What a run found; `overtaken`: by how many posts that were due later, of any account, one was at most.

    That is told by when a worker first took each: one that has to be looked up waits, and starves nobody.
    """

    accounts: int = ACCOUNTS
    out_of_order: int = 0
    overtaken: int = 0
    worked_off: float = 0.0  # seconds for which the workers worked

    @property
    def clean(self) -> bool:
        return super().clean and not self.out_of_order and self.overtaken < self.posts / 3


def run(*, posts: int, seed: int, to: str = "no-keys", variant: str = "") -> Backlog:
    """All are due, then the workers come. `variant`: "", "newest" or "greedy" (points.py)."""
    began, found = time.monotonic(), Backlog(posts, to, variant, seed)
    with (own_ground(KOSHIKI_DELIVERY_TIMES=f"{SPANS},turn={TURN}") as ground,
          services(to, seed=seed, folder=ground.home) as [remote]):
        remote.calm()
        note_moves()
        stock = Stock([remote], 0, ACCOUNTS)
        due = pile_up(stock, posts, random.Random(seed))  # noqa: S311
        found.worked_off = _work_off(Killing(stock, ground.home, seed, variant), posts)
        judge(found, [remote], ground.home, [])
        _look_at_order(found, due, remote.accepted())
    found.seconds = round(time.monotonic() - began, 1)
    return found


def pile_up(stock: Stock, posts: int, chance: random.Random) -> dict[str, datetime]:
    """Approved posts as their rows, due at times that are past, and the jobs that would have woken them. By text."""
    from django.db import transaction

    from koshiki import clock
    from koshiki.posts.jobs import wake_all
    from tests.posts.writing import draft

    now, drafts = clock.now(), []
    for n in range(posts):
        target = chance.choice(stock.targets[:BUSY] if chance.random() < MUCH else stock.targets[BUSY:])
        drafts.append(draft(target, text=unlike(n), due_at=now - SPREAD * chance.random(), expires_after=2880))
    with transaction.atomic():
        wake_all(delivery.pk for delivery in _rows(drafts, stock.cast))
    return {unlike(n): written.due_at for n, written in enumerate(drafts) if written.due_at}


def _rows(drafts: list[Draft], cast: Cast) -> list[Delivery]:
    """Each as author and approver would have left it: by the thousand their acts would take hours."""
    from koshiki import clock
    from koshiki.posts.content import canonical_of, digest_of, service_of
    from koshiki.posts.models import Approval, ApprovalTarget, Delivery, Post, Revision, RevisionTarget

    now = clock.now()
    posts = Post.objects.bulk_create(
        Post(division=cast.bosai, title=d.title, state=Post.State.APPROVED, created_by=cast.aoki) for d in drafts)
    revisions = []
    for post, d in zip(posts, drafts, strict=True):
        text = canonical_of(post.pk, 1, d, {account: [] for account in d.contents})
        revisions.append(Revision(post=post, number=1, author=cast.aoki, at=now, basis=d.basis, due_at=d.due_at,
                                  expires_after=d.expires_after, canonical=text, digest=digest_of(text)))
    Revision.objects.bulk_create(revisions)
    pairs = [(r, account, content) for r, d in zip(revisions, drafts, strict=True) for account, content in d.contents.items()]
    RevisionTarget.objects.bulk_create(
        RevisionTarget(revision=r, account=a, content=service_of(a).canonical(content)) for r, a, content in pairs)
    approvals = Approval.objects.bulk_create(
        Approval(revision=r, approver=cast.baba, at=now, digest=r.digest, confirmed="{}") for r in revisions)
    ApprovalTarget.objects.bulk_create(
        ApprovalTarget(approval=approval, revision=r, account=a) for approval, (r, a, _) in zip(approvals, pairs, strict=True))
    return Delivery.objects.bulk_create(
        Delivery(approval=approval, post=r.post, account=a, due_at=r.due_at, next_at=r.due_at,
                 expires_at=r.due_at + timedelta(minutes=r.expires_after))
        for approval, (r, a, _) in zip(approvals, pairs, strict=True))


def _work_off(killing: Killing, posts: int) -> float:
    """Seconds until all of it had its end."""
    from koshiki.posts.models import Delivery

    began = time.monotonic()
    workers = [killing.fork("", 0) for _ in range(WORKERS)]
    while Delivery.objects.exclude(state__in=ENDS).exists() and time.monotonic() - began < 60 + posts * SLOW:
        time.sleep(0.5)
    for worker in workers:
        killing.end(worker)
    return round(time.monotonic() - began, 1)


def _look_at_order(found: Backlog, due: dict[str, datetime], accepted: Iterable[Accepted]) -> None:
    of_account: dict[str, list[datetime]] = defaultdict(list)
    for post in sorted(accepted, key=lambda post: post.at):
        at = due[post.text]
        found.out_of_order += bool(of_account[post.account] and at < of_account[post.account][-1])
        of_account[post.account].append(at)
    before: list[datetime] = []  # the due times of what was taken before, in order
    for at in _as_taken():
        found.overtaken = max(found.overtaken, len(before) - bisect.bisect(before, at))
        bisect.insort(before, at)


def _as_taken() -> list[datetime]:
    """The due times of all deliveries, in the order in which workers first took them."""
    from koshiki.posts.models import Delivery

    first = {delivery: own[0].at for delivery, own in moves().items()}
    rows = Delivery.objects.values_list("pk", "due_at")
    return [at for _, at in sorted((first[pk], at) for pk, at in rows)]
