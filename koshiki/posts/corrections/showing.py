"""What the page of a post shows of corrections: of what it is one, and which there are of it (§8(3), §4(7))."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from koshiki.organization.models import Person
from koshiki.posts.content import service_of, targets_in
from koshiki.posts.corrections import clock
from koshiki.posts.corrections.ways import changed
from koshiki.posts.models import Correction, Delivery, Post, Revision, Way
from koshiki.register.roles import is_author


@dataclass(frozen=True)
class Compared:
    """誤と正 — on one account: the way, and the words before and after; without words after, what is taken down."""

    account: str
    way: str
    before: str
    after: str


@dataclass(frozen=True)
class Corrected:
    """訂正の様子 — what a post corrects and how, or what corrects it."""

    corrects: Correction | None
    due: datetime | None
    compared: list[Compared]
    by: list[Correction]


def with_corrections(deliveries: QuerySet[Delivery]) -> list[Delivery]:
    """A post's deliveries, each with whether it is `changed`, and whether its post is `corrected`: no question more."""
    theirs = Correction.objects.filter(wrong=OuterRef("post")).exclude(post__state=Post.State.WITHDRAWN)
    return list(deliveries.annotate(changed=changed(), corrected=Exists(theirs)))


def corrected(post: Post, revision: Revision, deliveries: Iterable[Delivery]) -> Corrected:
    """Both directions, for the page of the post; `deliveries` read by `with_corrections`."""
    is_one = any(target.get("way") for target in targets_in(revision))
    if not is_one and not any(row.corrected for row in deliveries):  # type: ignore[attr-defined]
        return Corrected(None, None, [], [])
    found = Correction.objects.filter(Q(post=post) | Q(wrong=post) & ~Q(post__state=Post.State.WITHDRAWN))
    rows = list(found.select_related("post", "wrong", "begun_by"))
    correction = next((row for row in rows if row.post_id == post.pk), None)
    by = [row for row in rows if row.wrong_id == post.pk]
    if correction is None:
        return Corrected(None, None, [], by)
    return Corrected(correction, clock.due(correction), _compared(revision), by)


def _compared(revision: Revision) -> list[Compared]:
    targets = [target for target in targets_in(revision) if target.get("way")]
    wrong = Delivery.objects.filter(pk__in=[pk for target in targets for pk in target["wrong"]])
    whole = wrong.select_related("account", "approval__revision").prefetch_related("account__connections")
    rows = {row.pk: row for row in whole}
    return [_one(target, [rows[pk] for pk in target["wrong"]]) for target in targets if target["wrong"]]


def _one(target: dict[str, Any], rows: list[Delivery]) -> Compared:
    service = service_of(rows[0].account)
    after = "" if target["way"] == Way.TAKE_DOWN else service.shown_text(target["content"])
    before = next(t for t in targets_in(rows[0].approval.revision) if t["account"] == target["account"])
    return Compared(str(rows[0].account), str(Way(target["way"]).label), service.shown_text(before["content"]), after)


def may_correct(deliveries: Iterable[Delivery], person: Person) -> bool:
    """Is any of these, read with `changed`, out and as it was, on an account that the person writes for?"""
    out = [row for row in deliveries if row.state == Delivery.State.SENT and row.verb != Delivery.Verb.DELETE]
    return any(not row.changed and is_author(person, row.account) for row in out)  # type: ignore[attr-defined]


def seen_before(row: Delivery) -> dict[str, Any]:
    """What stood on the service before it was edited or deleted (§4(7)); nothing for any other delivery."""
    found: dict[str, Any] = json.loads(row.stage).get("seen", {})
    return found
