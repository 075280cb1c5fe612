"""指定 — who drafts and who approves, named by the head, with a 指定書 to print (§8(1))."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from koshiki.guideline import guideline
from koshiki.organization.forms import EndForm
from koshiki.organization.models import Person
from koshiki.organization.sign_in import signed_in
from koshiki.organization.staff import confirmed
from koshiki.register import actions
from koshiki.register.flow import FLOW
from koshiki.register.forms.running import NamingForm, ReasonForm
from koshiki.register.models import Assignment
from koshiki.register.paper import on_paper
from koshiki.register.turn import head_title
from koshiki.register.views.pages import form_page, inside

_PAGE = 50


@require_http_methods(["GET", "POST"])
def account_people(request: HttpRequest, pk: int) -> HttpResponse:
    """The account's authors and approvers; the head names more."""
    by, account = inside(request, pk)
    may_name = FLOW.allows(account, "name_people", by)
    form = NamingForm(request.POST or None, account=account, by=by) if may_name or request.method == "POST" else None
    if form and request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        name = actions.name_approver if typed["role"] == "approver" else actions.name_author
        name(account, typed["person"], start=typed["start"], end=typed["end"], by=by)
        messages.success(request, f"{typed['person'].name}さんを指定しました。指定書を印刷できます。")
        return redirect("account_people", pk)
    rows = account.assignments.select_related("person", "named_by").order_by("role", "-start")
    page = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
    people = {row.person_id for row in page}
    context = {"account": account, "form": form, "may_name": may_name, "rows": page, "page": page,
               "words": guideline().approval["words"],
               "lapsed": people - confirmed(people).keys()}
    return render(request, "register/people.html", context, status=422 if form and form.errors else 200)


def _found(request: HttpRequest, pk: int) -> tuple[Person, Assignment]:
    rows = Assignment.objects.select_related("account__division", "person", "named_by")
    found = get_object_or_404(rows, pk=pk)
    inside(request, found.account_id)
    return signed_in(request), found


@require_safe
def assignment_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """指定書 — to print."""
    _, found = _found(request, pk)
    posting = found.person.postings.current(found.start).filter(division=found.account.division).first()
    return render(request, "register/letter.html", {
        "account": found.account, "assignment": found, "position": posting.position if posting else "",
        "dated": on_paper(found.named_at),
        "head_title": head_title(found.account.division)})


@require_http_methods(["GET", "POST"])
def assignment_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The last day of an assignment."""
    by, found = _found(request, pk)
    FLOW.check(found.account, "name_people", by=by)
    form = EndForm(request.POST or None, start=found.start)
    if request.method == "POST" and form.is_valid():
        actions.end_assignment(found, end=form.cleaned_data["end"], by=by)
        return _back(request, found, "指定の最終日を記録しました。")
    return _page(request, found, form, f"{found.person.name}さんの指定を終える", button="終わりにする",
                 lead="この日までに承認した投稿は、そのまま発信されます。")


@require_http_methods(["GET", "POST"])
def assignment_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End an assignment for cause, at once."""
    by, found = _found(request, pk)
    FLOW.check(found.account, "name_people", by=by)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.revoke_assignment(found, form.cleaned_data["reason"], by=by)
        return _back(request, found, "指定を取り消しました。")
    return _page(request, found, form, f"{found.person.name}さんの指定を取り消す", button="取り消す", grave=True,
                 lead="直ちに取り消します。この人が承認し、まだ発信していない投稿は発信されません。")


def _page(request: HttpRequest, found: Assignment, form: EndForm | ReasonForm, title: str, **more: object) -> HttpResponse:
    return form_page(request, found.account, form, title, clause="§8(1)",
                     back=reverse("account_people", args=[found.account_id]), **more)


def _back(request: HttpRequest, found: Assignment, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("account_people", found.account_id)
