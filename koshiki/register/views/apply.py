"""申請 — a guided form of four pages; each is kept as it is left (§6(1), §4(3), §6(2))."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from koshiki.guideline import Refused
from koshiki.look import GuideStep
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.apply import draft_items, newest_review, review_gaps
from koshiki.register.flow import MEMBER
from koshiki.register.forms.deciding import PolicyForm, ReviewForm, StartForm, WithdrawForm
from koshiki.register.models import Account
from koshiki.register.policy import fixed_words, missing, shown
from koshiki.register.views.pages import done, form_page, opened

_PAGES = (("サービスと名前", "account_apply"), ("事前確認", "account_review"), ("運用ポリシー", "account_draft_policy"),
          ("確かめて提出", "account_submit"))


def _guide(account: Account | None) -> list[GuideStep]:
    if account is None:
        return [GuideStep(label) for label, _ in _PAGES]
    finished = [True, not review_gaps(newest_review(account)), not missing(draft_items(account)), False]
    return [GuideStep(label, reverse(name, args=[account.pk]), end)
            for (label, name), end in zip(_PAGES, finished, strict=True)]


@require_http_methods(["GET", "POST"])
def account_new(request: HttpRequest) -> HttpResponse:
    """Begin an application: division, service, planned name."""
    by = signed_in(request)
    if not by.standing.divisions:
        raise Refused("§6(1)", "アカウントを申請できるのは、所属に配属された職員です。", who=MEMBER)
    form = StartForm(request.POST or None, by=by)
    if request.method == "POST" and form.is_valid():
        account = actions.begin(form.cleaned_data["division"], form.cleaned_data["service"], form.cleaned_data["name"], by=by)
        return redirect("account_review", account.pk)
    return _page(request, None, form, 1)


@require_http_methods(["GET", "POST"])
def account_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Service and planned name."""
    by, account = opened(request, pk, "draft")
    form = StartForm(request.POST or None, by=by, account=account)
    if request.method == "POST" and form.is_valid():
        actions.save_start(account, form.cleaned_data["service"], form.cleaned_data["name"], by=by)
        return redirect("account_review", pk)
    return _page(request, account, form, 1)


@require_http_methods(["GET", "POST"])
def account_review(request: HttpRequest, pk: int) -> HttpResponse:
    """The review of the service (§4(3))."""
    by, account = opened(request, pk, "draft")
    review = newest_review(account)
    initial = {**review.answers, "reviewed_on": review.reviewed_on} if review else {}
    form = ReviewForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.save_review(account, form.answers(), form.cleaned_data["reviewed_on"], by=by)
        return redirect("account_draft_policy", pk)
    return _page(request, account, form, 2)


@require_http_methods(["GET", "POST"])
def account_draft_policy(request: HttpRequest, pk: int) -> HttpResponse:
    """The operating policy (§6(2)): ウ–オ are written, 別紙1 is taken over."""
    by, account = opened(request, pk, "draft")
    items = draft_items(account)
    form = PolicyForm(request.POST or None, initial={**items, "taken": list(items["clauses"])})
    if request.method == "POST" and form.is_valid():
        actions.save_policy(account, form.typed(), form.cleaned_data["taken"], by=by)
        return redirect("account_submit", pk)
    rows = list(zip(form["taken"], fixed_words(), strict=True))
    written = [form[name] for name in form.fields if name != "taken"]
    return _page(request, account, form, 3, rows=rows, written=written, known=_known(account))


def _known(account: Account) -> list[tuple[str, str, str]]:
    return [("利用するソーシャルメディアの種類", account.get_service_display(), "§6(2)ア"),
            ("アカウント名", f"{account.name}（取得の後に確定します）", "§6(2)イ"), ("URL", "取得の後に入ります", "§6(2)イ"),
            ("担当所属名", account.division.name, "§6(2)イ")]


@require_http_methods(["GET", "POST"])
def account_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything once more, with what is missing; then submit."""
    by, account = opened(request, pk, "draft")
    if request.method == "POST":
        actions.submit(account, by=by)
        return done(request, account, "申請しました。")
    return render(request, "register/submit.html", {
        "account": account, "steps": _guide(account), "step": 4, "title": "確かめて提出", **_lacks(account),
        "review": newest_review(account), "items": shown(draft_items(account)), "returned": _returned(account)})


def _lacks(account: Account) -> dict[str, object]:
    return {"review_gaps": review_gaps(newest_review(account)), "policy_gaps": missing(draft_items(account))}


def _returned(account: Account) -> object:
    """Why the last round came back."""
    last = account.applications.order_by("-round").first()
    return last.decisions.exclude(outcome="approve").select_related("by", "division").first() if last else None


@require_http_methods(["GET", "POST"])
def account_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the application back."""
    by, account = opened(request, pk, "withdraw")
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw(account, form.cleaned_data["reason"], by=by)
        return done(request, account, "申請を取り下げました。")
    return form_page(request, account, form, "申請の取下げ", button="取り下げる", grave=True,
                     lead="決裁・合議の途中でも取り下げられます。内容は残り、直してもう一度申請できます。")


def _page(request: HttpRequest, account: Account | None, form: StartForm | ReviewForm | PolicyForm, step: int,
          **more: object) -> HttpResponse:
    context = {"account": account, "form": form, "steps": _guide(account), "step": step, "title": _PAGES[step - 1][0],
               "returned": _returned(account) if account else None, **more}
    return render(request, f"register/apply_{('start', 'review', 'policy')[step - 1]}.html", context,
                  status=422 if form.errors else 200)


