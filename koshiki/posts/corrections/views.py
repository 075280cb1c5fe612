"""「訂正する」 — the page with which a correction begins; from there on it is a post that is written as any other (§8(3))."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.actions import draft_of
from koshiki.posts.content import Correcting, Draft
from koshiki.posts.corrections.forms import CorrectForm
from koshiki.posts.corrections.starting import correct
from koshiki.posts.corrections.ways import offered, out_on, standing
from koshiki.posts.flow import AUTHORS
from koshiki.posts.models import Delivery, Post, Way
from koshiki.posts.views.reading import person_of, visible_post
from koshiki.register.models import Account
from koshiki.register.roles import AUTHOR, accounts_of

HOURS = 24  # a correction is late, never stale: what was taken away must not stay without what replaces it
AS_IT_WAS = (Way.EDIT, Way.REPOST)


@require_http_methods(["GET", "HEAD", "POST"])
def post_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """What is wrong, since when that is known, and how it is put right on each account."""
    wrong = visible_post(request, pk)
    ways = {account: offered(account, rows) for account, rows in _open_to(wrong, person_of(request)).items()}
    form = CorrectForm(request.POST or None, ways=ways, initial=_initial(person_of(request)))
    if request.method == "POST" and form.is_valid():
        return _begun(request, wrong, form)
    return render(request, "posts/correct.html", {"post": wrong, "form": form}, status=422 if form.errors else 200)


def _open_to(wrong: Post, person: Person) -> dict[Account, list[Delivery]]:
    """The publications that the person may put right. Raises Refused §8(3) where there are none."""
    mine = set(accounts_of(person, AUTHOR))
    out = {rows[0].account: rows for account, rows in out_on(wrong).items() if account in mine}
    still = set(standing(Delivery.objects.filter(account__in=[a.pk for a in out], post=wrong)).values_list("account", flat=True))
    found = {account: rows for account, rows in out.items() if account.pk in still}
    if not found:
        raise Refused("§8(3)", "訂正を始められるのは、発信された投稿について、その発信先の情報発信担当者です。",
                      now="まだ発信されていない投稿は「書き直す」、すでに訂正された投稿は、その訂正のページから直します。",
                      who=AUTHORS)
    return found


def _initial(person: Person) -> dict[str, Any]:
    return {"found_at": timezone.localtime(), "found_by": person.name, "once": uuid.uuid4()}


def _begun(request: HttpRequest, wrong: Post, form: CorrectForm) -> HttpResponse:
    ways, said = form.ways(), form.cleaned_data
    correction = correct(
        _draft(wrong, ways, said["reason"]), reason=said["reason"], found_at=said["found_at"], found_by=said["found_by"],
        by=person_of(request), key=said.get("once"))
    messages.success(request, _NEXT[set(ways.values()) == {Way.TAKE_DOWN}])
    return redirect("post" if set(ways.values()) == {Way.TAKE_DOWN} else "post_edit", correction.post_id)


_NEXT = {True: "訂正を始めました。内容を確かめて提出すると、責任者が承認したあと、削除します。",
         False: "訂正を始めました。正しい文を書いて、提出してください。"}


def _draft(wrong: Post, ways: dict[Account, str], reason: str) -> Draft:
    """What stands there now, to be mended; an answer and a new post begin with the word that says what they are."""
    rows = {row.account_id: row for rows in out_on(wrong, list(ways)).values() for row in rows[:1]}
    sources = {row.approval.revision_id: row.approval.revision for row in rows.values()}
    drafts = {pk: draft_of(revision) for pk, revision in sources.items()}
    contents = {account: _content(drafts[rows[account.pk].approval.revision_id], account, way) for account, way in ways.items()}
    first = drafts[next(iter(rows.values())).approval.revision_id]
    media = first.media if any(way in AS_IT_WAS for way in ways.values()) else ()
    return Draft(f"訂正：{wrong.title}"[:100], reason[:300], contents, media, None, HOURS * 60, first.reasons,
                 Correcting(wrong, ways))


def _content(before: Draft, account: Account, way: str) -> dict[str, str]:
    content = dict(before.contents[account])
    if way == Way.TAKE_DOWN:
        return dict.fromkeys(content, "")
    return content if way in AS_IT_WAS else content | {"text": "【訂正】" + content.get("text", "")}

