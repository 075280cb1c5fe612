"""The short steps from the page of a post: submit as it stands, take a wording over, end it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from koshiki.forms import LineField
from koshiki.posts import actions
from koshiki.posts.flow import FLOW
from koshiki.posts.models import Post, Remark
from koshiki.posts.views.reading import person_of, visible_post


class Reason(forms.Form):
    """理由 — why an act is taken back."""

    reason = LineField(label="理由", limit=300, validators=[MaxLengthValidator(300)],
                       help_text="記録に残り、関係する職員に見えます。")


@require_POST
def post_submit(request: HttpRequest, pk: int) -> HttpResponse:
    actions.submit(visible_post(request, pk), by=person_of(request))
    messages.success(request, "提出しました。次は情報発信責任者の承認です。")
    return redirect("post", pk)


@require_POST
def post_take_over(request: HttpRequest, pk: int) -> HttpResponse:
    remark = get_object_or_404(
        Remark.objects.filter(post__in=Post.objects.visible_to(person_of(request))), pk=pk)
    actions.take_over(remark, by=person_of(request))
    messages.success(request, "提案された文を取り入れて、提出しました。次は情報発信責任者の承認です。")
    return redirect("post", remark.post_id)


@require_http_methods(["GET", "HEAD", "POST"])
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a post that is not approved; cancel one that is, and was not sent."""
    found = visible_post(request, pk)
    step = "cancel" if found.state == Post.State.APPROVED else "withdraw"
    FLOW.check(found, step, by=person_of(request))
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = actions.cancel if step == "cancel" else actions.withdraw
        act(found, form.cleaned_data["reason"], by=person_of(request))
        messages.success(request, "発信を取りやめました。" if step == "cancel" else "取り下げました。")
        return redirect("post", pk)
    return render(request, "posts/reason.html", {
        "post": found, "form": form, "title": FLOW.steps[step].label, "clause_id": "§8(1)",
        "lead": "この投稿は発信されません。もう一度出すときは、新しく起案します。"})
