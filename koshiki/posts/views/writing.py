"""The page on which an author writes: one form, looked over, kept as a draft, or submitted (§8(1))."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from koshiki.guideline import Refused
from koshiki.organization.roles import require_confirmation
from koshiki.posts import actions
from koshiki.posts.content import Draft
from koshiki.posts.flow import AUTHORS, FLOW
from koshiki.posts.forms import Writing
from koshiki.posts.models import Post
from koshiki.posts.views.reading import person_of, visible_post

READING_ONLY = {"upload", "choose"}  # buttons that add rows to the form and judge nothing


@require_http_methods(["GET", "HEAD", "POST"])
def post_write(request: HttpRequest) -> HttpResponse:
    """起案 — `?copy=12` begins with the content of another post, `?account=3` with that target."""
    person = person_of(request)
    if request.method == "POST":
        return _sent(request, None)
    writing = Writing.new(person, request.GET.get("account", ""))
    if copied := request.GET.get("copy", ""):
        writing = Writing.of(person, _copy(request, copied))
    if not writing.choices:
        raise Refused("§8(1)", "あなたが情報発信担当者である公式アカウントがありません。",
                      now="所属長に、情報発信担当者の指定を頼んでください。", who="所属長")
    return _page(request, writing, None)


@require_http_methods(["GET", "HEAD", "POST"])
def post_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_post(request, pk)
    if request.method == "POST":
        return _sent(request, found)
    FLOW.check(found, "revise", by=person_of(request))
    revision = found.latest
    return _page(request, Writing.of(person_of(request), actions.draft_of(revision), revision), found)


@require_POST
def post_preview(request: HttpRequest) -> HttpResponse:
    """How it would look, and how long it is, while it is being typed; for htmx."""
    writing = Writing(person_of(request), data=request.POST, judged=False)
    return render(request, "posts/_live_parts.html", {"writing": writing})


def _sent(request: HttpRequest, found: Post | None) -> HttpResponse:
    do = request.POST.get("do", "check")
    judged = do not in READING_ONLY
    correcting = actions.draft_of(found.latest).correcting if found else None
    writing = Writing(person_of(request), data=request.POST, files=request.FILES, judged=judged, correcting=correcting)
    if not judged:
        return _rows_added(_page(request, writing, found))
    if not writing.is_valid(complete=do != "save") or do not in {"save", "submit"}:
        return _page(request, writing, found, looked_over=do == "check")
    return _kept(request, writing, found, submit=do == "submit")


def _rows_added(page: HttpResponse) -> HttpResponse:
    """The previews on the page are drawn anew, with what was typed meanwhile."""
    page["HX-Trigger-After-Settle"] = "rows-added"
    return page


def _kept(request: HttpRequest, writing: Writing, found: Post | None, *, submit: bool) -> HttpResponse:
    person = person_of(request)
    require_confirmation(person)
    draft = writing.draft()
    kept = _revised(found, draft, writing, request) if found else actions.write(
        draft, by=person, key=_key(request.POST.get("once", "")))
    if submit and kept.state != Post.State.SUBMITTED:
        kept = actions.submit(kept, by=person)
    messages.success(request, "提出しました。次は情報発信責任者の承認です。" if submit
                     else "下書きとして保存しました。提出するまで、承認は求められません。")
    return redirect("post", kept.pk)


def _revised(found: Post, draft: Draft, writing: Writing, request: HttpRequest) -> Post:
    based_on = writing.post.cleaned_data.get("based_on")
    if based_on is None:
        raise Refused("K-stale", "どの版から書き直したのかが分かりません。", now="投稿のページから開き直してください。",
                      who=AUTHORS)
    return actions.revise(found, draft, by=person_of(request), based_on=based_on)


def _copy(request: HttpRequest, pk: str) -> Draft:
    """The content of another post, for a new one: its time is over."""
    original = visible_post(request, int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 18 else 0)
    draft = actions.draft_of(original.latest)
    return Draft(draft.title, draft.basis, draft.contents, draft.media, None, draft.expires_after, draft.reasons)


def _key(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None


def _page(request: HttpRequest, writing: Writing, found: Post | None, *, looked_over: bool = False) -> HttpResponse:
    errors = list(writing.errors())
    context: dict[str, Any] = {"writing": writing, "post": found, "errors": errors,
                               "sound": looked_over and not errors}
    return render(request, "posts/write.html", context, status=422 if errors else 200)
