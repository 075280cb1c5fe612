"""取得と運用ポリシー — the acquisition is recorded; the policy completed, shared, shown, read (§6(1), §6(2))."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.organization.roles import members_of
from koshiki.register import actions
from koshiki.register.address import register_address, the_citys_own
from koshiki.register.changing import CHANGEABLE, under_way
from koshiki.register.files import BadFile
from koshiki.register.flow import FLOW, is_member
from koshiki.register.forms.opening import AcquisitionForm, ShownForm
from koshiki.register.models import Account, Policy
from koshiki.register.policy import newest_policy, of_account, shown
from koshiki.register.profile_texts import profile_limit, profile_texts
from koshiki.register.views.pages import bad_file, done, form_page, inside, opened, seen, sees_inside

_VERSIONS = 20  # on the page; those before lead one to the other


@require_http_methods(["GET", "POST"])
def account_acquire(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the acquisition: name, handle, address, day."""
    by, account = opened(request, pk, "acquire")
    form = AcquisitionForm(request.POST or None, own=the_citys_own(account), initial={"name": account.name})
    if request.method == "POST" and form.is_valid() and _acquired(form, account, by):
        return done(request, account, "取得を記録しました。")
    return form_page(request, account, form, "アカウントの取得の記録", button="記録する", clause="§6(1)",
                     lead="決裁と合議が済みました。サービスでアカウントを取得してから、そのとおりに記録してください。多要素認証も有効にしてください。")


def _acquired(form: AcquisitionForm, account: Account, by: Person) -> bool:
    """An address that is none of the service, or another's, is said at its field: what was typed stays."""
    try:
        actions.record_acquisition(account, by=by, **form.cleaned_data)
    except Refused as refusal:
        if refusal.clause.id != "§6(2)イ" or "url" not in form.fields:
            raise
        form.add_error("url", f"{refusal.message}{refusal.now}（{refusal.clause.id}）")
        return False
    return True


@require_safe
def account_policy(request: HttpRequest, pk: int) -> HttpResponse:
    """The policy as citizens will see it; below it what this person may do about it."""
    by, account = seen(request, pk)
    policy = newest_policy(account)
    within = sees_inside(by, account)
    if policy is None or not (within or account.state in Account.PUBLIC):
        raise Http404
    complete = policy.completed_at is not None
    items = policy.content if complete else {"clauses": {}, **policy.content, **of_account(account)}
    context = {"account": account, "policy": policy, "items": shown(items), "inside": within, "complete": complete,
               "offered": {step.name for step in FLOW.open_to(account, by)}, **_readers(account, policy, by),
               **_versions(account, by, within=within), **_to_copy(account, policy, within=within and complete)}
    return render(request, "register/policy.html", context)


def _versions(account: Account, by: Person, *, within: bool) -> dict[str, object]:
    """The versions before this one, the newest first, and the change that is on its way, for those who may see it."""
    completed = account.policies.filter(completed_at__isnull=False).select_related("change").defer("items")
    versions = list(completed[:_VERSIONS + 1])
    change = under_way(account) if within else None
    begins = bool(versions) and change is None and is_member(account, by) and account.state in CHANGEABLE
    return {"versions": versions[:_VERSIONS] if len(versions) > 1 else [], "older": versions[_VERSIONS:], "change": change,
            "may_change": begins}


def _to_copy(account: Account, policy: Policy, *, within: bool) -> dict[str, object]:
    """The policy in the lengths that profiles take, for those who keep the profile."""
    if not within or account.state not in Account.ACQUIRED_ON or the_citys_own(account):
        return {}
    return {"copies": profile_texts(account, policy), "profile_limit": profile_limit(account),
            "register_address": register_address(account)}


def _readers(account: Account, policy: Policy, by: Person) -> dict[str, object]:
    readings = {reading.person_id: reading for reading in policy.readings.select_related("person")}
    parts = dict[int, list[str]]()
    for assignment in account.assignments.current().filter(revoked_for=""):
        parts.setdefault(assignment.person_id, []).append(assignment.get_role_display())
    people = [(person, "、".join(parts.get(person.pk, [])), readings.get(person.pk))
              for person in members_of(account.division_id)]
    unread = bool(policy.shared_at) and is_member(account, by) and by.pk not in readings
    return {"people": people, "unread": unread, "read": sum(1 for *_, reading in people if reading)}


@require_POST
def policy_complete(request: HttpRequest, pk: int) -> HttpResponse:
    """Complete it with name and URL."""
    by, account = inside(request, pk)
    actions.complete_policy(account, by=by)
    return _back(request, account, "運用ポリシーを完成しました。続けて、所属内で共有してください。")


@require_POST
def policy_share(request: HttpRequest, pk: int) -> HttpResponse:
    """Share it in the division."""
    by, account = inside(request, pk)
    actions.share_policy(_newest(account), by=by)
    return _back(request, account, "所属内で共有しました。所属の職員に、読むように知らせます。")


@require_POST
def policy_read(request: HttpRequest, pk: int) -> HttpResponse:
    """This person has read it."""
    by, account = inside(request, pk)
    actions.read_policy(_as_shown(account, request.POST.get("version", "")), by=by)
    return _back(request, account, "読んだことを記録しました。")


@require_http_methods(["GET", "POST"])
def policy_shown(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the account shows it, with evidence; or why not."""
    by, account = opened(request, pk, "show_policy")
    form = ShownForm(request.POST or None, request.FILES or None, initial={"version": _newest(account).version})
    if request.method == "POST" and form.is_valid() and _recorded(form, account, by):
        return _back(request, account, "運用ポリシーの明示について記録しました。")
    return form_page(request, account, form, "運用ポリシーの明示", button="記録する", clause="§6(2)",
                     lead="運用ポリシーは、原則としてアカウント内で明示します。")


def _recorded(form: ShownForm, account: Account, by: Person) -> bool:
    typed = form.cleaned_data
    policy = _as_shown(account, typed["version"])
    if typed["reason"]:
        actions.explain_policy_not_shown(policy, typed["reason"], by=by)
        return True
    try:
        actions.show_policy(policy, typed["place"], typed["evidence"].data, typed["evidence"].name, by=by)
    except BadFile as bad:
        bad_file(form, "evidence", bad.message)
        return False
    return True


def _as_shown(account: Account, version: str) -> Policy:
    """The version that the page showed. Raises Refused K-stale where another is in force by now."""
    policy = _newest(account)
    if version and version != str(policy.version):
        raise Refused("K-stale", f"画面を開いた後に、運用ポリシーが第{policy.version}版になりました。",
                      now="新しい版を読んでから、もう一度記録してください。")
    return policy


def _newest(account: Account) -> Policy:
    policy = newest_policy(account)
    if policy is None:
        raise Http404
    return policy


def _back(request: HttpRequest, account: Account, words: str) -> HttpResponse:
    done(request, account, words)
    return redirect("account_policy", account.pk)
