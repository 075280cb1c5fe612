"""The page of one post."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.content import Altered, by_hand, pictured, targets_in
from koshiki.posts.corrections.showing import corrected, may_correct, with_corrections
from koshiki.posts.delivery.showing import is_moving
from koshiki.posts.flow import FLOW
from koshiki.posts.models import ApprovalTarget, Delivery, Post, Remark, Revision, RevisionMedium, findings_of
from koshiki.posts.roles import know_target_accounts, touched
from koshiki.posts.showing import (
    NEWEST,
    accounts_of,
    approved_in,
    changes,
    latest_and_base,
    moments,
    previews,
    suggested,
    where,
)
from koshiki.register.roles import is_author


def person_of(request: HttpRequest) -> Person:
    """Who is signed in; the pages of posts are for nobody else."""
    assert isinstance(request.user, Person)  # noqa: S101  (LoginRequiredMiddleware)
    return request.user


def visible_post(request: HttpRequest, pk: int, *also: str) -> Post:
    """The post, and what `also` names of it, when the person may see it. Raises Http404."""
    posts = Post.objects.select_related(*also) if also else Post.objects.all()
    try:
        return posts.visible_one(person_of(request), pk)
    except Post.DoesNotExist as missing:
        raise Http404 from missing


@require_safe
def post(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_post(request, pk, "division", "created_by")
    return render(request, "posts/post.html", page_of(found, person_of(request)))


def page_of(found: Post, person: Person, read: Revision | None = None) -> dict[str, Any]:
    """What the page of a post shows to a person. Raises Refused §8(1) where what is stored was tampered with."""
    try:
        return _page_of(found, person, read)
    except Altered as altered:
        raise Refused("§8(1)", str(altered), now="情報システム担当に知らせ、記録を検証してください。",
                      who="情報システム担当、監査") from altered


def _page_of(found: Post, person: Person, read: Revision | None = None) -> dict[str, Any]:
    """`read`: the version to compare with, when the person had read another than the latest."""
    revision, returned = latest_and_base(found)
    base = read or returned
    shown = [revision, base] if base else [revision]
    prefetch_related_objects(shown, "outside_links")
    accounts = accounts_of(*shown)
    targets = {target["account"] for target in targets_in(revision)}
    current = {pk: account for pk, account in accounts.items() if pk in targets}
    know_target_accounts(found, list(current.values()))
    deliveries = with_corrections(found.deliveries.select_related("account", "taken_by"))
    live = [d for d in deliveries if d.state != Delivery.State.CANCELLED]
    remarks = list(found.remarks.select_related("by", "revision").order_by("-at")[:NEWEST])
    approvals = _approvals(revision)
    return {
        "post": found, "revision": revision, "where": where(found, revision, live, current, approved_in(approvals)),
        "previews": previews(revision, current), "base": base, "by_hand": any(map(by_hand, current.values())),
        "changes": changes(base, revision, accounts) if base else [],
        "remarks": [(r, suggested(r, accounts), _takeable(r, revision, found, person)) for r in remarks],
        "links": list(revision.outside_links.all()), "findings": findings_of(revision), "media": _media(revision),
        "approvals": [(row, "、".join(current[pk].name for pk in row.accounts)) for row in approvals],
        "deliveries": deliveries, "moving": is_moving(live), "moments": moments(found, {r.pk: r for r in remarks}),
        "copies": bool(current) and all(is_author(person, account) for account in current.values()),
        "may": _may(found, revision, person), "correction": corrected(found, revision, deliveries),
        "corrects": may_correct(live, person),
    }


def _media(revision: Revision) -> list[RevisionMedium]:
    """The media with their rights; asked for where the version has any."""
    return list(revision.media.select_related("medium")) if pictured(revision) else []


def _approvals(revision: Revision) -> list[Any]:
    """The approvals of this version, each with the ids of the `accounts` that it is for."""
    theirs = ArraySubquery(ApprovalTarget.objects.filter(approval=OuterRef("pk")).values("account"))
    return list(revision.approvals.select_related("approver").annotate(accounts=theirs))


def _may(found: Post, revision: Revision, person: Person) -> set[str]:
    """The steps that are open; nobody approves what they wrote, which is asked only where it matters."""
    may = {step.name for step in FLOW.open_to(found, person)}
    approving = may & {"approve", "approve_part"}
    return may - approving if approving and person.pk in touched(revision) else may


def _takeable(remark: Remark, revision: Revision, found: Post, person: Person) -> bool:
    return bool(remark.suggestion and not remark.taken_at and remark.revision_id == revision.pk
                and FLOW.allows(found, "take_over", person))
