"""決裁・合議 — the case on one page, and the decision below it; decisions on paper; 後閲 (§6(1))."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.decide import Paper, may_read_afterwards, refuse_second
from koshiki.register.files import BadFile
from koshiki.register.flow import DECIDER, FLOW, current_step, decides_as, open_application
from koshiki.register.forms.deciding import DecisionForm, PaperForm
from koshiki.register.models import Account, Application, Decision
from koshiki.register.policy import as_text, changes, shown
from koshiki.register.rail import rail_of, where_it_stands
from koshiki.register.turn import head_title, turn_of
from koshiki.register.views.pages import bad_file, done, form_page, inside, opened

_ACTS = {"approve": actions.approve_application, "return": actions.return_application,
         "reject": actions.reject_application}
_SAID = {"approve": "承認しました。", "return": "差し戻しました。", "reject": "不可としました。"}


@require_safe
def account_application(request: HttpRequest, pk: int) -> HttpResponse:
    """What was applied for, round by round, with the decisions."""
    by, account = inside(request, pk)
    application = account.applications.order_by("-round").first()
    context = _case(account, application, by) if application else {"account": account}
    return render(request, "register/application.html", context)


@require_http_methods(["GET", "POST"])
def account_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The case, and its decision: approve, return, reject; as head or as deputy."""
    by, account = inside(request, pk)
    if request.method != "POST":
        _read_rounds(account)
    application = _open(account)
    refuse_second(application, by)
    if not decides_as(application, by):
        FLOW.check(account, "return", by=by)
    form = DecisionForm(request.POST or None, initial={"digest": application.digest})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        _ACTS[chosen["outcome"]](application, digest=chosen["digest"], comment=chosen["comment"], by=by)
        return done(request, account, _SAID[chosen["outcome"]])
    context = {**_case(account, application, by), "form": form, "deputy": decides_as(application, by) == "deputy"}
    return render(request, "register/decide.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def account_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a decision that was given on paper: number, date, scan."""
    by, account = opened(request, pk, "enter_paper")
    application = _open(account)
    form = PaperForm(request.POST or None, request.FILES or None, application=application)
    if request.method == "POST" and form.is_valid() and _entered(form, application, by):
        return done(request, account, "紙の決裁を入力しました。")
    step = current_step(application)
    return form_page(request, account, form, "紙の決裁の入力", button="入力する", clause="§6(1)",
                     lead=f"いま入力できるのは「{step.label if step else ''}」です。"
                          "決裁した本人に、後から確かめてもらいます（後閲）。")


def _entered(form: PaperForm, application: Application, by: Person) -> bool:
    typed = form.cleaned_data
    paper = Paper(typed["number"], typed["date"], typed["scan"].data, typed["scan"].name)
    try:
        actions.record_paper_decision(application, Decision.Outcome(typed["outcome"]), paper, by=by,
                                      decided_by=typed["decided_by"], digest=typed["digest"], comment=typed["comment"])
    except BadFile as bad:
        bad_file(form, "scan", bad.message)
        return False
    return True


@require_POST
def decision_read(request: HttpRequest, pk: int) -> HttpResponse:
    """後閲"""
    by = signed_in(request)
    seen = Account.objects.visible_to(by)
    decision = get_object_or_404(Decision.objects.select_related("application__account"), pk=pk,
                                 application__account__in=seen)
    actions.read_decision(decision, by=by)
    return done(request, decision.application.account, "後閲を記録しました。")


def _open(account: Account) -> Application:
    application = open_application(account)
    if application is None:
        raise Refused("§6(1)", f"「{account.get_state_display()}」の状態では、決裁・合議はありません。",
                      now="アカウントのページで、いまの状態を確かめてください。", who=DECIDER)
    return application


def _read_rounds(account: Account) -> None:
    """All that the page shows of the case, a query for each kind; what was read already is not read again."""
    prefetch_related_objects([account], "applications__submitted_by", "policies", "notifications__submitted_by",
                             *(f"applications__decisions__{of}" for of in ("by", "division", "holder", "read_by", "scan")))


def _case(account: Account, application: Application, by: Person) -> dict[str, Any]:
    _read_rounds(account)
    rounds = sorted(account.applications.all(), key=lambda r: r.round, reverse=True)
    application = next(r for r in rounds if r == application)
    before = next((r for r in rounds if r.round == application.round - 1), None)
    turn = turn_of(account)
    review = application.content["review"]
    step = current_step(application) if application.outcome == "" else None
    return {
        "account": account, "application": application, "where": where_it_stands(account, turn),
        "rail": rail_of(account, turn),
        "review": [(item.label, review["answers"].get(item.key, "")) for item in guideline().review_items],
        "reviewed_on": date.fromisoformat(review["reviewed_on"]), "reviewed_by": review["by"], "step": step,
        "items": shown(application.content["policy"]), "changes": changes(_flat(before), _flat(application)) if before else None,
        "rounds": [(r, [(d, may_read_afterwards(d, by)) for d in r.decisions.all()]) for r in rounds],
        "own_concurrence": guideline().fixed["own_concurrence"], "head_title": head_title(account.division),
    }


def _flat(application: Application) -> dict[str, str]:
    content = application.content
    labels = {item.key: item.label for item in guideline().review_items}
    return {
        "アカウント名（予定）": content["name"],
        **{f"事前確認：{labels.get(k, k)}": v for k, v in content["review"]["answers"].items()},
        **as_text(content["policy"]),
    }
