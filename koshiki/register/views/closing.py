"""廃止 — 別紙3 drafted and handed in, returned or taken back; the look that the page is gone; the end of the account (§7)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.organization.roles import heads
from koshiki.register import actions
from koshiki.register.actions.closing import form as paper_form
from koshiki.register.actions.notify import known_fields
from koshiki.register.address import account_address, the_citys_own
from koshiki.register.closing import CLOSING, closing_of, is_head, may_begin
from koshiki.register.files import BadFile
from koshiki.register.flow import HEAD
from koshiki.register.forms.closing import ClosedForm, ClosingForm, GoneForm
from koshiki.register.forms.opening import CommentForm
from koshiki.register.forms.running import ReasonForm
from koshiki.register.gone import page_address
from koshiki.register.models import Account, Closing, ClosingCheck
from koshiki.register.policy import newest_policy
from koshiki.register.views.pages import bad_file, done, form_page, home_of, seen


def closing_at(request: HttpRequest, pk: int, step: str) -> tuple[Person, Account, Closing]:
    """The person, the account and its closing, when this person may take the step now. Raises Refused §7(1) where none is."""
    by, account = seen(request, pk)
    closing = closing_of(account)
    if closing is None:
        raise Refused("§7(1)", f"「{account}」の廃止届出書（別紙3）が、提出されていません。",
                      now="所属長が、廃止の理由を書いた届出書を、先に提出します。", who=HEAD)
    closing.account = account
    CLOSING.check(closing, step, by=by)
    return by, account, closing


@require_http_methods(["GET", "POST"])
def account_closing(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in 別紙3: the division drafts it, which changes nothing; the head hands it in."""
    by, account = seen(request, pk)
    closing = closing_of(account) or Closing(account=account, begun_by=by)
    closing.account = account
    if account.state not in (*Account.ACQUIRED_ON, *Account.GONE):
        raise Http404
    if not (closing.pk is None and may_begin(account, by)):
        CLOSING.check(closing, "draft" if CLOSING.allows(closing, "draft", by) else "notify", by=by)
    sends = is_head(closing, by)
    keeps = "draft" in request.POST and CLOSING.allows(closing, "draft", by)
    form = ClosingForm(request.POST or None, initial=_initial(account, closing, by), draft=keeps)
    if request.method == "POST" and form.is_valid():
        return _written(request, account, form, by, keeps=keeps)
    labels = {row.key: row.label for row in paper_form().field}
    known = [(labels[key], value) for key, value in known_fields(account).items()]
    returned = closing.notification if closing.state == Closing.State.RETURNED else None
    return form_page(request, account, form, paper_form().title, template="register/closing.html", known=known, sends=sends,
                     drafts=CLOSING.allows(closing, "draft", by), returned=returned,
                     as_deputy=sends and not heads(by, account.division_id))


def _initial(account: Account, closing: Closing, by: Person) -> dict[str, str]:
    if closing.notification and closing.state == Closing.State.RETURNED:
        return {key: str(value) for key, value in closing.notification.content.items()}
    policy = newest_policy(account)
    return {"content": str(policy.content.get("content", "")) if policy else "", "person_in_charge": by.name,
            "contact": f"{account.division} {account.division.telephone}", **closing.typed}


def _written(request: HttpRequest, account: Account, form: ClosingForm, by: Person, *, keeps: bool) -> HttpResponse:
    if keeps:
        actions.save_closing_draft(account, form.cleaned_data, by=by)
        messages.success(request, "下書きを保存しました。所属長が届け出るまで、何も変わりません。")
        return redirect("account", account.pk)
    actions.notify_closing(account, form.cleaned_data, by=by)
    return done(request, account, "廃止を届け出ました。")


@require_http_methods(["GET", "POST"])
def closing_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The account stays: the notification is taken back, with the reason."""
    by, account, _ = closing_at(request, pk, "withdraw")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw_closing(account, form.cleaned_data["reason"], by=by)
        return done(request, account, "廃止の届出を取り下げました。")
    return form_page(request, account, form, "廃止の届出の取下げ", button="取り下げる", clause="§7(1)",
                     lead="取り下げると、廃止の届出はなかったことになり、アカウントは今のまま続きます。")


@require_http_methods(["GET", "POST"])
def closing_return(request: HttpRequest, pk: int) -> HttpResponse:
    """情報政策課 sends 別紙3 back."""
    by, account, closing = closing_at(request, pk, "return")
    form = CommentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.return_closing(account, form.cleaned_data["comment"], by=by)
        return done(request, account, "廃止の届出を差し戻しました。")
    return form_page(request, account, form, "廃止の届出の差戻し", button="差し戻す", clause="§7(1)",
                     back=reverse("notification", args=[closing.notification_id]))


@require_http_methods(["GET", "POST"])
def closing_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the account stood: koshiki fetches the page and shows what it found; else a person looks, with a capture."""
    by, account, closing = closing_at(request, pk, "look_at_page")
    by_eye = "by_eye" in request.POST
    form = GoneForm(request.POST or None, request.FILES or None) if by_eye else GoneForm()
    if request.method == "POST" and not by_eye:
        return _looked(request, account, actions.check_page_gone(account, by=by))
    if by_eye and form.is_valid() and _confirmed(form, account, by):
        return done(request, account, "市ホームページから削除されたことを確認しました。")
    checks = closing.checks.select_related("by", "evidence")[:10]
    return render(request, "register/closing_page.html", {
        "account": account, "closing": closing, "form": form, "address": page_address(account), "checks": checks},
        status=422 if form.errors else 200)


def _looked(request: HttpRequest, account: Account, check: ClosingCheck) -> HttpResponse:
    if check.result == ClosingCheck.Result.GONE:
        return done(request, account, f"市ホームページから削除されたことを確認しました。{check.found}")
    messages.warning(request, f"掲載ページを取りに行きました。結果は「{check.get_result_display()}」です。{check.found}")
    return redirect("closing_page", account.pk)


def _confirmed(form: GoneForm, account: Account, by: Person) -> bool:
    try:
        actions.confirm_page_gone(account, form.cleaned_data["evidence"], by=by)
    except BadFile as bad:
        bad_file(form, "evidence", bad.message)
        return False
    return True


@require_http_methods(["GET", "POST"])
def account_close(request: HttpRequest, pk: int) -> HttpResponse:
    """The account was closed at its service: the day, and what shows it."""
    by, account, closing = closing_at(request, pk, "close")
    form = ClosedForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _closed(form, account, by):
        messages.success(request, "アカウントの廃止を記録しました。廃止の手続は、すべて終わりました。")
        return redirect(home_of(account))
    return form_page(request, account, form, "アカウントの廃止", template="register/close.html", closing=closing,
                     address=account_address(account), own=the_citys_own(account))


def _closed(form: ClosedForm, account: Account, by: Person) -> bool:
    typed: dict[str, Any] = form.cleaned_data
    try:
        actions.close_account(account, typed["closed_on"], typed["evidence"], by=by)
    except BadFile as bad:
        bad_file(form, "evidence", bad.message)
        return False
    return True
