"""The page on which an approver reads exactly what will appear, and approves or returns it (§8(1))."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.actions import Confirmed
from koshiki.posts.flow import FLOW
from koshiki.posts.forms import ApproveForm, ReturnForm
from koshiki.posts.models import Approval, Post, Revision
from koshiki.posts.roles import target_accounts, touched
from koshiki.posts.showing import sender_of
from koshiki.posts.views.reading import page_of, person_of, visible_post
from koshiki.posts.views.steps import Reason


@require_http_methods(["GET", "HEAD", "POST"])
def post_approve(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_post(request, pk)
    return _act(request, found) if request.method == "POST" else _page(request, found)


def _act(request: HttpRequest, found: Post) -> HttpResponse:
    """Approve, return or suggest. A refusal is shown on the page itself: what was ticked and typed stays."""
    try:
        if request.POST.get("do") in {"return", "suggest"}:
            return _send_back(request, found)
        return _approve(request, found)
    except Refused as refusal:
        if refusal.clause.id == "§4(1)" or not FLOW.allows(found, "approve", person_of(request)):
            raise
        return _page(request, found, refusal=refusal)


def _approve(request: HttpRequest, found: Post) -> HttpResponse:
    ticked = request.POST
    confirmed = Confirmed(frozenset(ticked.getlist("prohibited")), frozenset(ticked.getlist("links")),
                          "permanence" in ticked, frozenset(ticked.getlist("findings")))
    approval = actions.approve(found, ticked.get("digest", ""), by=person_of(request), confirmed=confirmed)
    now = approval.revision.post
    whole = now.state == Post.State.APPROVED
    messages.success(request, "承認しました。" + (
        f"{sender_of(target_accounts(now))}。" if whole else "残りの発信先は、その責任者の承認を待っています。"))
    return redirect("post", found.pk)


def _send_back(request: HttpRequest, found: Post) -> HttpResponse:
    form = ReturnForm(request.POST, revision=found.latest)
    if not form.is_valid():
        return _page(request, found, return_form=form)
    text, suggestion, digest = form.cleaned_data["comment"], form.suggestion(), request.POST.get("digest", "")
    if request.POST["do"] == "return":
        actions.send_back(found, text, by=person_of(request), digest=digest, suggestion=suggestion)
        messages.success(request, "差し戻しました。次は情報発信担当者です。")
    else:
        actions.suggest(found, text, suggestion, by=person_of(request), digest=digest)
        messages.success(request, "文案を示しました。担当者は一度押すだけで取り入れられます。")
    return redirect("post", found.pk)


def _refuse_writer(person: Person, read: Revision) -> None:
    if person.pk in touched(read):
        raise Refused("§8(1)", "自分が書いた投稿、差戻しの後に自分が手を入れた投稿は、承認できません。",
                      now="ほかの情報発信責任者が承認します。", who="発信先の情報発信責任者")


def _page(request: HttpRequest, found: Post, *, refusal: Refused | None = None,
          return_form: ReturnForm | None = None) -> HttpResponse:
    if request.method == "POST":  # as it is now
        found = visible_post(request, found.pk)
    seen = _seen(request, found)
    page = page_of(found, person_of(request), seen)
    latest = page["revision"]
    if request.method != "POST":
        if not FLOW.allows(found, "approve", person_of(request)):
            FLOW.check(found, "approve", by=person_of(request))
        _refuse_writer(person_of(request), latest)
    # What was ticked belongs to what was read: on a newer version nothing is ticked.
    ticked = request.POST if request.method == "POST" and not seen else None
    context: dict[str, Any] = {
        **page, "seen": seen, "refusal": refusal, "form": ApproveForm(revision=latest, ticked=ticked),
        "return_form": return_form or ReturnForm(request.POST if refusal else None, revision=latest),
        "prohibited_lead": guideline().headings["§5"].lead, "outside_words": guideline().fixed["outside_link"],
    }
    return render(request, "posts/approve.html", context, status=409 if refusal else 200)


def _seen(request: HttpRequest, found: Post) -> Revision | None:
    """The version that the person had read, when it is no longer the latest."""
    digest = request.POST.get("digest", "")
    return found.revisions.filter(digest=digest).exclude(pk=found.latest.pk).first() if digest else None


@require_http_methods(["GET", "HEAD", "POST"])
def post_withdraw_approval(request: HttpRequest, pk: int) -> HttpResponse:
    approval = get_object_or_404(
        Approval.objects.filter(revision__post__in=Post.objects.visible_to(person_of(request))), pk=pk)
    found = visible_post(request, approval.revision.post_id)
    FLOW.check(found, "withdraw_approval", by=person_of(request))
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw_approval(approval, form.cleaned_data["reason"], by=person_of(request))
        messages.success(request, "承認を取り消しました。発信はされません。投稿はふたたび承認を待ちます。")
        return redirect("post", found.pk)
    return render(request, "posts/reason.html", {
        "post": found, "form": form, "title": "承認を取り消す", "clause_id": "§8(1)",
        "lead": "まだ発信していない分は取り消され、投稿はふたたび承認を待ちます。"})

