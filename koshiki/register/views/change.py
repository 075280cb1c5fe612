"""運用ポリシーの変更 — written, submitted, decided, taken back; each of its versions to be read (§6(2), §別紙1-3, K-policy)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.guideline import Refused
from koshiki.look import Tone, WhereItStands
from koshiki.organization.models import Person
from koshiki.organization.roles import heads
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions, paper
from koshiki.register.actions.change import deciders, require_changeable
from koshiki.register.actions.decide import may_read_afterwards
from koshiki.register.actions.decide_change import refuse_own, unsaid
from koshiki.register.changing import (
    CHANGE,
    CHANGEABLE,
    current_step,
    decides_as,
    deciding_division,
    under_way,
    untold,
)
from koshiki.register.forms.change import HIDDEN, TOLD, ChangeDecisionForm, ChangeForm, TakeBackForm
from koshiki.register.models import Account, Policy, PolicyChange, PolicyDecision
from koshiki.register.policy import as_text, changes, fixed_words, missing, of_account, public_policy, shown
from koshiki.register.turn import head_title, with_names
from koshiki.register.views.pages import form_page, inside, seen, sees_inside

State = PolicyChange.State
TONES = {State.DRAFT: Tone.DRAFT, State.DECIDING: Tone.WAITING, State.RETURNED: Tone.RETURNED, State.APPROVED: Tone.PLANNED,
         State.IN_FORCE: Tone.DONE, State.WITHDRAWN: Tone.ENDED}
_SAID = {"approve": "承認しました。", "return": "差し戻しました。"}


# ── writing ────────────────────────────────────────────────────────

@require_http_methods(["GET", "POST"])
def account_policy_change(request: HttpRequest, pk: int) -> HttpResponse:
    """The next version: it begins as the one in force, and is kept as it is left."""
    by, account = inside(request, pk)
    change = _begun(account, by)
    require_changeable(account)
    CHANGE.check(change, "draft", by=by)
    form = ChangeForm(request.POST or None, initial=_initial(change))
    if request.method == "POST" and form.is_valid() and (kept := _kept(form, account, by)):
        messages.success(request, "変更の案を保存しました。提出するまで、今の版は変わりません。")
        return redirect("policy_change", kept.pk)
    rows, saved = list(zip(form["taken"], fixed_words(), strict=True)), under_way(account) if form.non_field_errors() else None
    written = [form[name] for name in form.fields if name not in (*TOLD, *HIDDEN)]
    told = [form[name] for name in TOLD]
    return form_page(request, account, form, "運用ポリシーの変更", template="register/change_form.html", rows=rows,
                     written=written, told=told, change=change, returned=_returned(change), saved=saved)


def _kept(form: ChangeForm, account: Account, by: Person) -> PolicyChange | None:
    """None where another has saved it meanwhile: what was typed stays, and the next press of the button replaces theirs."""
    try:
        return actions.save_change(account, form.typed(), form.cleaned_data["taken"], form.told(), by=by,
                                   seen=form.cleaned_data["seen"])
    except Refused as refusal:
        if refusal.clause.id != "K-stale":
            raise
        form.add_error(None, f"{refusal.message}{refusal.now}")
        form.has_seen(_begun(account, by).mark)
        return None


def _begun(account: Account, by: Person) -> PolicyChange:
    """The change that is under way, or one that nobody has kept yet: the version in force."""
    change = under_way(account) or PolicyChange(account=account, base=_in_force(account), written_by=by)
    change.account = account
    return change


def _in_force(account: Account) -> Policy:
    policy = public_policy(account)
    if policy is None:
        raise Http404
    return policy


def _initial(change: PolicyChange) -> dict[str, Any]:
    items = change.content if change.pk else change.base.content
    return {**items, "taken": list(items.get("clauses", {})), "what": change.what, "reason": change.reason,
            "wanted_from": change.wanted_from, "seen": change.mark}


def _returned(change: PolicyChange) -> PolicyDecision | None:
    """Why the last round came back."""
    if change.state != State.RETURNED:
        return None
    return change.decisions.filter(outcome="return").select_related("by", "division").order_by("-at", "-pk").first()


@require_POST
def policy_change_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand it to its deciders."""
    by, change = _found(request, pk)
    actions.submit_change(change, by=by)
    return _back(request, change, "変更を提出しました。")


@require_http_methods(["GET", "POST"])
def policy_change_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back: the version in force stays."""
    by, change = _found(request, pk)
    CHANGE.check(change, "withdraw", by=by)
    form = TakeBackForm(request.POST or None, needed=change.state != State.DRAFT)
    if request.method == "POST" and form.is_valid():
        actions.withdraw_change(change, form.cleaned_data["reason"], by=by)
        return _back(request, change, "変更を取り下げました。")
    return form_page(request, change.account, form, "運用ポリシーの変更の取下げ", button="取り下げる", clause="K-policy",
                     grave=True, back=reverse("policy_change", args=[pk]),
                     lead=f"取り下げると、変更はなかったことになり、第{change.base.version}版が今のまま続きます。")


# ── reading and deciding ───────────────────────────────────────────

@require_http_methods(["GET", "POST"])
def policy_change(request: HttpRequest, pk: int) -> HttpResponse:
    """The change on one page, its differences marked; below it what this person may do about it."""
    by, change = _found(request, pk)
    sent = request.POST if request.method == "POST" else None
    form = ChangeDecisionForm(sent, initial={"digest": change.digest})
    if request.method == "POST":
        refuse_own(change, by)
        if not decides_as(change, by):
            CHANGE.check(change, "return", by=by)
        if form.is_valid():
            chosen = form.cleaned_data
            read = {"digest": chosen["digest"], "comment": chosen["comment"], "by": by}
            if chosen["outcome"] == "approve":
                actions.approve_change(change, unsaid_reason=chosen["unsaid_reason"], **read)
            else:
                actions.return_change(change, **read)
            return _back(request, change, _SAID[chosen["outcome"]])
    context = {**_case(change, by), "form": form}
    return render(request, "register/change.html", context, status=422 if form.errors else 200)


def _case(change: PolicyChange, by: Person) -> dict[str, Any]:
    account, writing = change.account, change.state in PolicyChange.WRITING
    rests = account.state not in CHANGEABLE and change.state in PolicyChange.UNDER_WAY
    offered = {step.name for step in CHANGE.open_to(change, by)} & ({"withdraw"} if rests else set(CHANGE.steps))
    items = {**change.content, **of_account(account)} if writing else change.content
    step = current_step(change)
    return {
        "account": account, "change": change, "where": _where(change), "items": shown(items), "step": step,
        "changes": changes(as_text(change.base.content), as_text(items)), "gaps": _gaps(change, items) if writing else [],
        "offered": offered, "as": "" if rests else decides_as(change, by), "writing": writing, "rests": rests,
        "unsaid": unsaid(change),
        "own": change.state == State.DECIDING and by.pk in {*change.writers, change.submitted_by_id},
        "decisions": [(decision, may_read_afterwards(decision, by)) for decision in change.decisions.all()],
        "everybody": change.state == State.DECIDING and len(change.route) > 1,
    }


def _gaps(change: PolicyChange, items: dict[str, Any]) -> list[tuple[str, str]]:
    """What it lacks before it can be submitted, each with its clause."""
    return [*((label, "K-policy") for label in untold(change)),
            *((lack.label, lack.clause) for lack in missing(items, acquired=True))]


def _where(change: PolicyChange) -> WhereItStands:
    state = State(change.state)
    who, note = "", ""
    if state == State.DECIDING:
        step = current_step(change)
        who = _who(change)
        note = f"次は「{step.label}」です。" if step else ""
    elif state in PolicyChange.WRITING:
        who, note = f"{change.account.division} {(change.submitted_by or change.written_by).name}", "次は「提出」です。"
    elif state == State.APPROVED:
        note = "適用開始日になると、新しい版になります。"
    return WhereItStands(change.get_state_display(), TONES[state], who, change.due_at, "K-policy", note)


def _who(change: PolicyChange) -> str:
    """防災課長 千葉 千; where a deputy decides, 防災課長の代決者 土井 大."""
    division, people = deciding_division(change), deciders(change)
    title = head_title(division)
    deputised = division is not None and people != [] and not heads(people[0], division)
    return with_names(f"{title}の代決者" if deputised else title, people)


@require_POST
def policy_decision_read(request: HttpRequest, pk: int) -> HttpResponse:
    """後閲"""
    seen_by = Account.objects.visible_to(signed_in(request))
    decision = get_object_or_404(PolicyDecision.objects.select_related("change"), pk=pk, change__account__in=seen_by)
    by, change = _found(request, decision.change_id)
    actions.read_decision(decision, by=by)
    return _back(request, change, "後閲を記録しました。")


# ── versions ───────────────────────────────────────────────────────

@require_safe
def policy_version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version as citizens read it or once read it, with what differs from the one before."""
    by, version = version_at(request, pk)
    before = version.account.policies.filter(completed_at__isnull=False, version__lt=version.version).first()
    after = version.account.policies.filter(completed_at__isnull=False, version__gt=version.version).order_by("version").first()
    return render(request, "register/policy_version.html", {
        "account": version.account, "policy": version, "before": before, "after": after, "items": shown(version.content),
        "inside": sees_inside(by, version.account), "change": getattr(version, "change", None),
        "changes": changes(as_text(before.content), as_text(version.content)) if before else None})


@require_safe
def policy_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """One version as a PDF, saved under its own words: 運用ポリシー_磐田市防災_第2版.pdf."""
    _, version = version_at(request, pk)
    name = f"運用ポリシー_{version.account.name}_第{version.version}版.pdf"
    return HttpResponse(paper.policy_pdf(version), content_type="application/pdf", headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}", "Cache-Control": "private, no-store"})


def version_at(request: HttpRequest, pk: int) -> tuple[Person, Policy]:
    """The person and a completed version of a policy that this person may read; else it is not there."""
    found = get_object_or_404(Policy.objects.filter(completed_at__isnull=False).select_related("change"), pk=pk)
    by, account = seen(request, found.account_id)
    if not (sees_inside(by, account) or account.state in Account.PUBLIC):
        raise Http404
    found.account = account
    return by, found


def _found(request: HttpRequest, pk: int) -> tuple[Person, PolicyChange]:
    """The person and a change, for those who see what is not public yet."""
    rows = PolicyChange.objects.select_related("base", "policy", "written_by", "submitted_by").prefetch_related(
        "decisions__by", "decisions__division", "decisions__holder", "decisions__read_by")
    found = get_object_or_404(rows, pk=pk)
    by, account = inside(request, found.account_id)
    found.account = account
    return by, found


def _back(request: HttpRequest, change: PolicyChange, words: str) -> HttpResponse:
    """To the change, saying what happened and whose turn is next."""
    now = PolicyChange.objects.select_related("base", "account__division", "submitted_by", "written_by").get(pk=change.pk)
    messages.success(request, f"{words}{_where(now).note}")
    return redirect("policy_change", change.pk)
