"""プロフィールの不備 — what is not as registered, for 情報政策課; and the reason why one stays (K-profile)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.organization.roles import IP, in_service, is_auditor
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.flow import FLOW
from koshiki.register.forms.running import FindingFilter, ReasonForm
from koshiki.register.keeping import (
    look_due,
    terms_due,
    unread,
    unseen,
    with_looks,
    with_terms,
)
from koshiki.register.models import Account, ProfileFinding
from koshiki.register.views.pages import form_page, inside

_PAGE = 50
_MOST = 30  # accounts to look at, or with terms to read: the first of them


@require_safe
def profile_findings(request: HttpRequest) -> HttpResponse:
    """The findings, open and past; below, the profiles that nobody has seen for long, and the terms to be read anew."""
    by = signed_in(request)
    if not (in_service(by, IP) or is_auditor(by)):
        raise Http404
    form = FindingFilter(request.GET or None)
    page = Paginator(_chosen(form), _PAGE).get_page(request.GET.get("page"))
    public = Account.objects.public().select_related("division")
    looks = with_looks(public).filter(unseen()).order_by("seen_at")
    terms = with_terms(public).filter(unread()).order_by("reviewed_on")
    return render(request, "register/findings.html", {
        "form": form, "page": page, "most": _MOST, "explains": in_service(by, IP),
        "looks": [(account, account.seen_at, look_due(account)) for account in looks[:_MOST]],
        "terms": [(account, account.reviewed_on, terms_due(account)) for account in terms[:_MOST]]})


def _chosen(form: FindingFilter) -> QuerySet[Any]:
    chosen = form.cleaned_data if form.is_valid() else {}
    public = Q(account__state__in=Account.PUBLIC)
    wanted = {"past": Q(ended_at__isnull=False), "all": Q()}.get(chosen.get("show", ""), Q(ended_at=None) & public)
    found = ProfileFinding.objects.filter(wanted).select_related("account__division", "by")
    if kind := chosen.get("kind"):
        found = found.filter(kind=kind)
    return found.order_by(F("ended_at").desc(nulls_first=True), "due_at", "pk")


@require_http_methods(["GET", "POST"])
def finding_explain(request: HttpRequest, pk: int, finding: int) -> HttpResponse:
    """Why it stays as it is. The address has a page of its own, since a reason for it stands for whatever is seen."""
    by, account = inside(request, pk)
    FLOW.check(account, "explain_finding", by=by)
    found = get_object_or_404(ProfileFinding.objects.select_related("account__division"), pk=finding, account=account)
    if found.kind == ProfileFinding.Kind.ADDRESS:
        return redirect("profile_explain", pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.explain_finding(found, form.cleaned_data["reason"], by=by)
        messages.success(request, "理由を記録しました。")
        return redirect("account_profile", pk)
    return form_page(request, account, form, "不備を直せない理由", button="記録する", clause=found.clause,
                     lead=f"「{found.get_kind_display()}」（{found.seen}）を直せないとき、又は正しいときだけ、その理由を記録します。"
                          "ほかのものに変わると、あらためて不備となります。", back=reverse("account_profile", args=[pk]))


@require_POST
def finding_reopen(request: HttpRequest, pk: int, finding: int) -> HttpResponse:
    """The reason is taken back."""
    by, account = inside(request, pk)
    FLOW.check(account, "explain_finding", by=by)
    found = get_object_or_404(ProfileFinding.objects.select_related("account__division"), pk=finding, account=account)
    actions.reopen_finding(found, by=by)
    messages.success(request, "理由を取り消しました。あらためて不備として示します。")
    return redirect("account_profile", pk)
