"""規約などの確認 — read again every year and when the service changed; somebody says that it has (§4(3))."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from koshiki.guideline import Refused
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.apply import newest_review
from koshiki.register.actions.terms import may_take_back
from koshiki.register.forms.deciding import ReviewForm
from koshiki.register.forms.running import ChangeForm, ReasonForm
from koshiki.register.keeping import open_changes, terms_due, with_terms
from koshiki.register.models import Account, ServiceChange
from koshiki.register.views.pages import done, form_page, opened

_SHOWN = 10


@require_http_methods(["GET", "POST"])
def account_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """The review of the service's terms, mechanism and settings, anew: what was written last stands there to be gone over."""
    by, account = opened(request, pk, "review_terms")
    last = newest_review(account)
    form = ReviewForm(request.POST or None, initial=last.answers if last else {}, again=True)
    if request.method == "POST" and form.is_valid():
        actions.review_terms(account, form.answers(), form.cleaned_data["reviewed_on"], by=by)
        return done(request, account, "規約などの確認を記録しました。")
    known = with_terms(Account.objects.filter(pk=pk)).get()
    return render(request, "register/terms.html", {
        "account": account, "form": form, "due": terms_due(known), "changes": open_changes(known).select_related("by")[:_SHOWN],
        "reviews": account.reviews.filter(reviewed_on__isnull=False).select_related("by")[:_SHOWN]},
        status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def service_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody says that the account's service has changed."""
    by, account = opened(request, pk, "mark_changed")
    form = ChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.mark_changed(account, form.cleaned_data["what"], by=by)
        return done(request, account, f"{account.get_service_display()}が変わったことを、このサービスを使う所属に知らせました。")
    return form_page(request, account, form, "サービスが変わったことを知らせる", button="知らせる", clause="§4(3)",
                     lead=f"{account.get_service_display()}を使う全てのアカウントの担当所属が、規約などをあらためて確認します。")


@require_http_methods(["GET", "POST"])
def change_take_back(request: HttpRequest, pk: int, change: int) -> HttpResponse:
    """The mark was a mistake."""
    by, account = opened(request, pk, "mark_changed")
    marked = get_object_or_404(ServiceChange, pk=change, service=account.service)
    if not may_take_back(marked, signed_in(request)):
        raise Refused("§4(3)", "この知らせを取り消すことはできません。", who="知らせた職員又は情報政策課の職員")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.take_back_change(marked, form.cleaned_data["reason"], by=by)
        messages.success(request, "知らせを取り消しました。")
        return redirect("account", pk)
    return form_page(request, account, form, "知らせの取消し", button="取り消す", clause="§4(3)",
                     lead=f"「{marked.what}」という知らせを取り消します。すでに行われた確認は残ります。")
