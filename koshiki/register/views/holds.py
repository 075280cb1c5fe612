"""停止 — everything that is held; the stop button in two touches; lifting (K-hold)."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from koshiki.guideline import Refused
from koshiki.networks import service_label
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.holds import may_lift, may_stop, who_may_lift, who_may_stop
from koshiki.register.forms.running import HoldFilter, ReasonForm, StopForm
from koshiki.register.models import Account, Hold
from koshiki.register.views.pages import seen

_PAGE = 50


@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    """What is stopped, and what was."""
    by, form = signed_in(request), HoldFilter(request.GET or None)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = Hold.objects.seen_by(by)
    if chosen.get("open") != "all":
        found = found.open()
    if chosen.get("kind"):
        found = found.filter(kind=chosen["kind"])
    rows = found.select_related("account__division", "by", "lifted_by")
    page = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
    return render(request, "register/holds.html", {
        "form": form, "page": page, "may_stop": may_stop(by),
        "rows": [(hold, may_lift(hold, by), who_may_lift(hold)) for hold in page]})


@require_http_methods(["GET", "POST"])
def account_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop one account."""
    by, account = seen(request, pk)
    if not may_stop(by, account):
        raise Refused("K-hold", "このアカウントの発信を停止することはできません。", who=who_may_stop(account))
    return _stop(request, account)


@require_http_methods(["GET", "POST"])
def stop_all(request: HttpRequest) -> HttpResponse:
    """Stop a service, or everything."""
    if not may_stop(signed_in(request)):
        raise Refused("K-hold", "サービス全体やすべての発信を停止することはできません。", who=who_may_stop())
    return _stop(request, None)


def _stop(request: HttpRequest, account: Account | None) -> HttpResponse:
    """The first touch gives the reason; the second, on a page that names what stops, does it."""
    form = StopForm(request.POST or None, account=account)
    valid = request.method == "POST" and form.is_valid()
    typed, service = (form.cleaned_data, form.service_key()) if valid else ({}, "")
    if valid and "confirmed" in request.POST:
        actions.stop(typed["reason"], account=account, service=service, by=signed_in(request))
        messages.warning(request, f"{_what(account, service)}の発信を停止しました。")
        return redirect("account", account.pk) if account else redirect("holds")
    context = {"account": account, "form": form, "confirming": valid, "what": _what(account, service),
               "back": reverse("account", args=[account.pk]) if account else reverse("holds"), "typed": typed}
    return render(request, "register/stop.html", context, status=422 if form.errors else 200)


def _what(account: Account | None, service: str) -> str:
    if account:
        return f"「{account}」"
    return f"{service_label(service)}のすべてのアカウント" if service else "市のすべてのアカウント"


@require_http_methods(["GET", "POST"])
def hold_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """End a stop, with the reason."""
    by = signed_in(request)
    hold = get_object_or_404(Hold.objects.select_related("account__division", "by"), pk=pk)
    if hold.account and not Account.objects.visible_to(by).filter(pk=hold.account.pk).exists():
        raise Http404
    if not may_lift(hold, by):
        raise Refused("K-hold", "この停止を解除することはできません。", who=who_may_lift(hold))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.lift(hold, form.cleaned_data["reason"], by=by)
        messages.success(request, "停止を解除しました。期限の過ぎた投稿は、責任者の指示を待ちます。")
        return redirect("holds")
    return render(request, "register/lift.html", {"hold": hold, "form": form}, status=422 if form.errors else 200)
