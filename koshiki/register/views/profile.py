"""プロフィール確認と認証 — read by the adapter or seen by a person; then official (§6(3)ウ, §6(3)エ)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.actions.page import page_fault
from koshiki.register.actions.profile import address_seen, lacks_answers, open_exception, ready
from koshiki.register.address import register_address, the_citys_own
from koshiki.register.comparing import answers_nobody, words_for_profile
from koshiki.register.files import BadFile
from koshiki.register.flow import FLOW
from koshiki.register.forms.opening import ProfileForm, VerificationForm
from koshiki.register.forms.running import ReasonForm
from koshiki.register.models import Account, Policy, ProfileCheck
from koshiki.register.policy import public_policy
from koshiki.register.verification import newest_verification
from koshiki.register.views.pages import bad_file, done, form_page, inside, opened

_CHECKS, _PAST = 10, 50  # of one account on its page: the last looks, and findings


@require_http_methods(["GET", "POST"])
def account_profile(request: HttpRequest, pk: int) -> HttpResponse:
    """The address that the profile must hold, what was found, and a person's own look with evidence."""
    by, account = inside(request, pk)
    FLOW.check(account, "check_profile", by=by)
    policy = public_policy(account)
    form = ProfileForm(request.POST or None, request.FILES or None, answers_nobody=answers_nobody(policy))
    if request.method == "POST" and form.is_valid() and _recorded(form, account, by):
        messages.success(request, "プロフィール欄の確認を記録しました。")
        return redirect("account_profile", pk)
    prefetch_related_objects([account], "applications")
    context = {
        "account": account, "form": form, "address": register_address(account), "own": the_citys_own(account),
        "policy": policy, "to_say": words_for_profile(policy), "reason_form": ReasonForm(),
        "offered": {step.name for step in FLOW.open_to(account, by)}, "verification": newest_verification(account),
        **_known(account, policy),
    }
    return render(request, "register/profile.html", context, status=422 if form.errors else 200)


def _known(account: Account, policy: Policy | None) -> dict[str, Any]:
    """What was seen of the profile, what in it is not as registered, and whether the last step may be taken."""
    checks = list(account.profile_checks.select_related("by", "evidence").order_by("-at", "-pk")[:_CHECKS])
    exception, fault = open_exception(account), page_fault(account)
    found = list(account.profile_findings.select_related("by").order_by("-since", "-pk")[:_PAST])
    standing = [finding for finding in found[::-1] if finding.ended_at is None]
    lacks, seen = lacks_answers(policy, standing), address_seen(account, excepted=exception is not None)
    newest = {finding.kind: finding.pk for finding in reversed(found)}
    return {"checks": checks, "check": next(iter(checks), None), "exception": exception, "page_fault": fault,
            "reopens": {finding.pk for finding in found if finding.by_id and newest[finding.kind] == finding.pk},
            "open_findings": standing, "past_findings": [finding for finding in found if finding.ended_at],
            "lacks_answers": lacks, "address_seen": seen, "ready": ready(policy, seen=seen, lacks=lacks, fault=fault)}


def _recorded(form: ProfileForm, account: Account, by: Person) -> bool:
    typed = form.cleaned_data
    try:
        actions.record_profile(account, ProfileCheck.Result(typed["result"]), typed["found"], typed["evidence"],
                               wrong=form.all_wrong(), by=by)
    except BadFile as bad:
        bad_file(form, "evidence", bad.message)
        return False
    return True


@require_POST
def profile_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Let koshiki read the profile now."""
    by, account = inside(request, pk)
    check = actions.check_profile(account, by=by)
    tell = messages.success if check.result == ProfileCheck.Result.HOLDS else messages.warning
    tell(request, f"プロフィール欄を確認しました。結果は「{check.get_result_display()}」です。")
    return redirect("account_profile", pk)


@require_http_methods(["GET", "POST"])
def profile_explain(request: HttpRequest, pk: int) -> HttpResponse:
    """Why the address is shortened or not there."""
    by, account = opened(request, pk, "explain_profile")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.explain_profile(account, form.cleaned_data["reason"], by=by)
        messages.success(request, "理由を記録しました。")
        return redirect("account_profile", pk)
    return form_page(request, account, form, "記載できない理由", button="記録する", clause="§6(3)ウ",
                     lead="掲載ページのURLを記載できないとき、又は短縮URLを使うときだけ、その理由を記録します。")


@require_POST
def account_official(request: HttpRequest, pk: int) -> HttpResponse:
    """The last step."""
    by, account = inside(request, pk)
    actions.make_official(account, by=by)
    return done(request, account, "公式アカウントになりました。投稿を発信できます。")


@require_http_methods(["GET", "POST"])
def account_verification(request: HttpRequest, pk: int) -> HttpResponse:
    """認証アカウント: is there one, applied for, granted."""
    by, account = opened(request, pk, "verify")
    last = newest_verification(account)
    initial = {"available": last.available, "applied_on": last.applied_on, "granted_on": last.granted_on} if last else {}
    form = VerificationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        actions.record_verification(account, available=typed.pop("available") == "yes", by=by, **typed)
        return done(request, account, "認証アカウントについて記録しました。")
    return form_page(request, account, form, "認証アカウント", button="記録する", clause="§6(3)エ",
                     lead="サービスが認証アカウントを発行しているときは、取得に努めます。")
