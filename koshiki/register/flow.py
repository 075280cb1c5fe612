"""Who may take an account from which state to which, under which clause: the opening of §6 as a table."""

from __future__ import annotations

from koshiki.guideline import RouteStep
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import (
    IP,
    acts_as_head,
    belongs,
    deputises,
    heads,
    in_service,
    is_it,
)
from koshiki.register.models import Account, Application, Decision, PolicyChange
from koshiki.register.roles import works_on
from koshiki.workflow import Step, Workflow

State = Account.State


# ── the round of decisions ─────────────────────────────────────────

# These read a round's rows as a whole, so that a page that has fetched them beforehand asks nothing again.

def open_application(account: Account) -> Application | None:
    """The round that is being decided."""
    return next((round_ for round_ in account.applications.all() if round_.outcome == ""), None)


def newest_application(account: Account) -> Application | None:
    """The last round, decided or not."""
    return max(account.applications.all(), key=lambda round_: round_.round, default=None)


def needed(case: Application | PolicyChange) -> list[RouteStep]:
    """The decisions that are really given, in order: 自課の合議は決裁をもって代える."""
    own = case.account.division.service
    return [step for step in case.steps if step.kind == "decision" or step.of != own]


def replaced(case: Application | PolicyChange) -> str:
    """The key of the concurrence that the head's own decision stands for; empty where there is none."""
    given = {step.key for step in needed(case)}
    return next((step.key for step in case.steps if step.key not in given), "")


def current_step(application: Application) -> RouteStep | None:
    """The decision whose turn it is."""
    decided = {decision.step for decision in application.decisions.all()}
    return next((step for step in needed(application) if step.key not in decided), None)


def division_of(case: Application | PolicyChange, step: RouteStep) -> Division | None:
    """The division whose head gives this decision."""
    return case.account.division if step.of == "head" else duty_division(case.account, step.of)


def duty_division(account: Account, service: str) -> Division | None:
    """The division that has this service; all are read once and kept with this object of the account."""
    if "duty_divisions" not in account.__dict__:
        account.__dict__["duty_divisions"] = {d.service: d for d in Division.objects.exclude(service="")}
    found: Division | None = account.__dict__["duty_divisions"].get(service)
    return found


def took_part(application: Application) -> set[int]:
    """Who applied and who has decided: none of them decides as a deputy."""
    return {application.submitted_by_id, *(decision.by_id for decision in application.decisions.all())}


def decides_as(application: Application, person: Person) -> str:
    """How the person may give the decision whose turn it is: as "head", as "deputy", or not ("")."""
    step = current_step(application)
    division = division_of(application, step) if step else None
    if division is None or any(decision.by_id == person.pk for decision in application.decisions.all()):
        return ""
    return acts_as_head(person, division, due=application.account.due_at, took_part=took_part(application))


def _may_decide(account: Account, person: Person) -> bool:
    application = open_application(account)
    return application is not None and decides_as(application, person) != ""


def _others_follow(account: Account) -> bool:
    application = open_application(account)
    if application is None:
        return False
    return len(application.decisions.all()) + 1 < len(needed(application))


# ── people ─────────────────────────────────────────────────────────

def is_member(account: Account, person: Person) -> bool:
    """Is the person posted in the account's division?"""
    return belongs(person, account.division_id)


def is_head(account: Account, person: Person) -> bool:
    """Is the person the division's head, or the head's deputy in a matter that is not the deputy's own?"""
    return heads(person, account.division_id) or deputises(
        person, account.division_id, due=account.due_at, took_part=_applicants(account))


def is_information_policy(account: Account, person: Person) -> bool:
    return in_service(person, IP)


def is_information_policy_head(account: Account, person: Person) -> bool:
    """Is the person 情報政策課長, or the deputy on the usual terms?"""
    division = duty_division(account, IP)
    return division is not None and bool(
        acts_as_head(person, division, due=account.due_at, took_part=_applicants(account)))


def member_or_information_policy(account: Account, person: Person) -> bool:
    return is_member(account, person) or is_information_policy(account, person)


def may_enter_paper(account: Account, person: Person) -> bool:
    """The applying division, or the division that decided on paper, enters the decision."""
    application = open_application(account)
    step = current_step(application) if application else None
    division = division_of(application, step) if application and step else None
    return is_member(account, person) or (division is not None and belongs(person, division))


def may_withdraw(account: Account, person: Person) -> bool:
    newest = newest_application(account)
    applied = newest.submitted_by_id if newest else account.created_by_id
    return is_head(account, person) or (is_member(account, person) and person.pk == applied)


def keeps_connection(account: Account, person: Person) -> bool:
    """The account's own people and IT connect it; the identity decides, not the person (K-identity)."""
    return works_on(person, account) or is_head(account, person) or is_it(person)


def _applicants(account: Account) -> set[int]:
    return {round_.submitted_by_id for round_ in account.applications.all()}


# ── the steps ──────────────────────────────────────────────────────

MEMBER = "担当所属の職員"
HEAD = "所属長（不在のときは代決者）"
DECIDER = "決裁・合議の順番に当たる課の長（不在のときは代決者）"
IP_STAFF = "情報政策課の職員"
IP_HEAD = "情報政策課長（不在のときは代決者）"

FLOW: Workflow[Account] = Workflow(
    Step("draft", "申請の内容を書く", Account.EDITABLE, "", is_member, "§6(1)", MEMBER),
    Step("submit", "申請する", Account.EDITABLE, State.DECIDING, is_member, "§6(1)", MEMBER),
    Step("withdraw", "取り下げる", (State.PREPARING, State.DECIDING, State.RETURNED, State.REJECTED, State.APPROVED),
         State.WITHDRAWN, may_withdraw, "§6(1)", "申請した職員又は所属長"),
    Step("decide", "承認する", (State.DECIDING,), State.DECIDING,
         lambda a, p: _may_decide(a, p) and _others_follow(a), "§6(1)", DECIDER),
    Step("decide_last", "承認する", (State.DECIDING,), State.APPROVED,
         lambda a, p: _may_decide(a, p) and not _others_follow(a), "§6(1)", DECIDER),
    Step("return", "差し戻す", (State.DECIDING,), State.RETURNED, _may_decide, "§6(1)", DECIDER),
    Step("reject", "不可とする", (State.DECIDING,), State.REJECTED, _may_decide, "§6(1)", DECIDER),
    Step("enter_paper", "紙の決裁を入力する", (State.DECIDING,), "", may_enter_paper, "§6(1)",
         "担当所属の職員又は決裁した課の職員"),
    Step("acquire", "取得を記録する", (State.APPROVED,), State.ACQUIRED, is_member, "§6(1)", MEMBER),
    Step("complete_policy", "運用ポリシーを完成する", (State.ACQUIRED, State.NOTIFICATION_RETURNED), "", is_member,
         "§6(2)", MEMBER),
    Step("share_policy", "所属内で共有する", Account.ACQUIRED_ON, "", is_member, "§6(2)", MEMBER),
    Step("show_policy", "運用ポリシーの明示を記録する", Account.ACQUIRED_ON, "", is_member, "§6(2)", MEMBER),
    Step("notify", "届け出る", (State.ACQUIRED, State.NOTIFICATION_RETURNED), State.NOTIFIED, is_head, "§6(3)ア", HEAD),
    Step("receive", "受理する", (State.NOTIFIED,), State.RECEIVED, is_information_policy, "§6(3)ア", IP_STAFF),
    Step("return_notification", "届出を差し戻す", (State.NOTIFIED,), State.NOTIFICATION_RETURNED,
         is_information_policy, "§6(3)ア", IP_STAFF),
    Step("list", "掲載する", (State.RECEIVED,), State.LISTED, is_information_policy_head, "§6(3)イ", IP_HEAD),
    Step("record_page", "掲載ページのアドレスを記録する", Account.PUBLIC, "", is_information_policy, "§6(3)イ", IP_STAFF),
    Step("look_at_page", "掲載ページを確かめる", Account.PUBLIC, "", member_or_information_policy, "§6(3)イ",
         "担当所属又は情報政策課の職員"),
    Step("confirm_page", "掲載ページを目で見て確かめる", Account.PUBLIC, "", is_information_policy, "§6(3)イ", IP_STAFF),
    Step("check_profile", "プロフィール欄を確認する", Account.PUBLIC, "", member_or_information_policy, "§6(3)ウ",
         "担当所属又は情報政策課の職員"),
    Step("explain_profile", "記載できない理由を記録する", Account.PUBLIC, "",
         lambda a, p: is_head(a, p) or is_information_policy(a, p), "§6(3)ウ", "所属長又は情報政策課の職員"),
    Step("explain_finding", "不備を直せない理由を記録する", Account.PUBLIC, "",
         lambda a, p: is_head(a, p) or is_information_policy(a, p), "K-profile", "所属長又は情報政策課の職員"),
    Step("review_terms", "規約などを確認し直す", Account.ACQUIRED_ON, "", is_member, "§4(3)", MEMBER),
    Step("mark_changed", "サービスが変わったと知らせる", Account.ACQUIRED_ON, "", member_or_information_policy, "§4(3)",
         "担当所属又は情報政策課の職員"),
    Step("verify", "認証アカウントについて記録する", Account.ACQUIRED_ON, "", member_or_information_policy,
         "§6(3)エ", "担当所属又は情報政策課の職員"),
    Step("make_official", "公式とする", (State.LISTED,), State.OFFICIAL, is_information_policy, "§6(3)ウ", IP_STAFF),
    Step("name_people", "担当者・責任者を指定する",
         tuple(s for s in State.values if s not in Account.ENDED), "", is_head, "§8(1)", HEAD),
    Step("connect", "接続する", Account.ACQUIRED_ON, "", keeps_connection, "K-identity",
         "担当者、責任者、所属長又はシステム管理の職員"),
)

def standing_decisions(application: Application) -> dict[str, Decision]:
    """The decisions of a round by the step that each answers, the replaced concurrence included."""
    found: dict[str, Decision] = {}
    for decision in application.decisions.all():
        found[decision.step] = decision
        if decision.stands_for:
            found[decision.stands_for] = decision
    return found
