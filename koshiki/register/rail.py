"""An account's page at a glance: the row of steps, the four that stand at the top, the history (pages, principle 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from koshiki.audit.log import about
from koshiki.audit.models import Entry
from koshiki.guideline import RouteStep, guideline
from koshiki.look import Moment, RailStep, Tone, WhereItStands
from koshiki.organization.models import Person
from koshiki.register.closing import closing_of, under_way
from koshiki.register.flow import State, needed, newest_application, standing_decisions
from koshiki.register.models import (
    Account,
    Application,
    Closing,
    Decision,
    Hold,
    Notification,
    PolicyChange,
    ProfileFinding,
)
from koshiki.register.turn import Turn, turn_of

TONES = {
    State.PREPARING: Tone.DRAFT, State.DECIDING: Tone.WAITING, State.RETURNED: Tone.RETURNED,
    State.WITHDRAWN: Tone.ENDED, State.REJECTED: Tone.ENDED, State.APPROVED: Tone.WAITING,
    State.ACQUIRED: Tone.WAITING, State.NOTIFIED: Tone.WAITING, State.NOTIFICATION_RETURNED: Tone.RETURNED,
    State.RECEIVED: Tone.WAITING, State.LISTED: Tone.WAITING, State.OFFICIAL: Tone.DONE,
    State.DELISTED: Tone.WAITING, State.CLOSED: Tone.ENDED,
}
NEWEST = 30  # of the log, on the page; the log itself has all
_TOLD = ("comment", "reason", "own_concurrence", "result", "part", "item", "seen")  # of an entry's data
# Every save of a draft is in the log; the page tells what was submitted.
_QUIET = {"account.draft", "closing.draft", "policychange.draft"}
_WORDS = {
    "account.begin": "申請の準備を始めました", "account.submit": "申請しました", "account.withdraw": "取り下げました",
    "account.acquire": "取得を記録しました", "account.complete_policy": "運用ポリシーを完成しました",
    "account.share_policy": "運用ポリシーを所属内で共有しました", "account.show_policy": "運用ポリシーの明示を記録しました",
    "account.notify": "届け出ました", "account.receive": "届出を受理しました",
    "account.return_notification": "届出を差し戻しました", "account.list": "市ホームページに掲載しました",
    "account.record_page": "掲載ページのアドレスを記録しました", "account.look_at_page": "掲載ページを取りに行って確かめました",
    "account.confirm_page": "掲載ページを目で見て確かめました",
    "account.check_profile": "プロフィール欄を確認しました",
    "account.explain_profile": "プロフィール欄に記載しない理由を記録しました",
    "account.verify": "認証アカウントについて記録しました", "account.make_official": "公式アカウントとしました",
    "assignment.end": "指定を終えました", "assignment.revoke": "指定を取り消しました",
    "policy.read": "運用ポリシーを読みました", "decision.read": "後閲しました",
    "policy.complete": "運用ポリシーに別紙1を記載しました", "policychange.submit": "運用ポリシーの変更を提出しました",
    "policychange.withdraw": "運用ポリシーの変更を取り下げました",
    "policychange.in_force": "運用ポリシーの新しい版を適用しました",
    "hold.stop": "停止しました", "hold.lift": "停止を解除しました",
    "profilefinding.find": "プロフィール欄の不備が見つかりました", "profilefinding.right": "プロフィール欄の不備が直りました",
    "profilefinding.explain": "プロフィール欄の不備の理由を記録しました",
    "profilefinding.reopen": "プロフィール欄の不備の理由を取り消しました",
    "account.review_terms": "規約などを確認し直しました",
    "account.name_people": "指定しました", "account.connect": "接続",
    "closing.notify": "廃止を届け出ました", "closing.withdraw": "廃止の届出を取り下げました",
    "closing.return": "廃止の届出を差し戻しました", "closing.delist": "市ホームページから削除しました",
    "closing.look_at_page": "削除されたか、掲載ページを取りに行って確かめました",
    "closing.confirm": "市ホームページから削除されたことを確認しました", "closing.close": "アカウントの廃止を記録しました",
}
_TONES_OF = {
    "account.return": Tone.RETURNED, "account.return_notification": Tone.RETURNED, "account.reject": Tone.FAILED,
    "policychange.return": Tone.RETURNED, "policychange.withdraw": Tone.ENDED,
    "account.withdraw": Tone.ENDED, "hold.stop": Tone.STOPPED, "assignment.revoke": Tone.STOPPED,
    "account.begin": Tone.DRAFT, "closing.return": Tone.RETURNED, "closing.withdraw": Tone.ENDED,
    "profilefinding.find": Tone.RETURNED, "closing.look_at_page": Tone.UNKNOWN, "closing.close": Tone.ENDED,
}


def where_it_stands(account: Account, turn: Turn | None = None) -> WhereItStands:
    """State, who is next, by when, under which clause; `turn` where it is known already."""
    turn = turn or turn_of(account)
    note = f"次は「{turn.what}」です。" if turn.what else ""
    state, tone = _state(account)
    return WhereItStands(state, tone, turn.who, _due(account), turn.clause, note)


def _state(account: Account) -> tuple[str, Tone]:
    """In words: until its delisting an account that is being closed is both, official and given notice of."""
    closing, own = under_way(account), account.get_state_display()
    if closing is None:
        return own, TONES[State(account.state)]
    words = closing.get_state_display()
    tone = Tone.RETURNED if closing.state == Closing.State.RETURNED else Tone.WAITING
    return (words if account.state in Account.GONE else f"{own}（{words}）"), tone


def _due(account: Account) -> datetime | None:
    closing = under_way(account)
    return closing.due_at if closing else account.due_at


@dataclass(frozen=True)
class _Done:
    """What has been reached so far: when, by whom."""

    at: datetime | date | None = None
    who: str = ""
    mark: str = ""


def rail_name(account: Account) -> str:
    """What the row of steps leads to."""
    return "廃止の手続" if _shown_closing(account) else "開設の手続"


def rail_of(account: Account, turn: Turn | None = None) -> list[RailStep]:
    """The steps to official or, once 別紙3 is handed in, those of the closing; the current one with who and by when."""
    if closing := _shown_closing(account):
        steps = _to_the_end(closing)
    else:
        application = newest_application(account)
        steps = [_applied(account, application), *_decisions(account, application), *_later(account)]
    turn = turn or turn_of(account)
    first_open = next((i for i, step in enumerate(steps) if step.state == "upcoming"), None)
    if first_open is not None and turn.what:
        steps[first_open] = replace(steps[first_open], state="current", who=turn.who, due=_due(account),
                                    clause=steps[first_open].clause or turn.clause)
    return steps


def _step(label: str, done: _Done | None, clause: str) -> RailStep:
    if done is None:
        return RailStep(label, "upcoming", clause=clause)
    return RailStep(label, "done", at=done.at, who=done.who, mark=done.mark, clause=clause)


def _applied(account: Account, application: Application | None) -> RailStep:
    standing = application is not None and account.state not in Account.EDITABLE
    done = _Done(application.submitted_at, application.submitted_by.name) if application and standing else None
    return _step("申請", done, "§6(1)")


def _decisions(account: Account, application: Application | None) -> list[RailStep]:
    steps = application.steps if application else list(guideline().routes["opening"])
    if application is None or account.state in Account.EDITABLE:
        return [RailStep(short_label(step), "upcoming", clause="§6(1)") for step in steps]
    given, own = standing_decisions(application), {step.key for step in needed(application)}
    return [_decision(step, given.get(step.key), replaced=step.key not in own) for step in steps]


def _decision(step: RouteStep, decision: Decision | None, *, replaced: bool) -> RailStep:
    if replaced:
        state = "done" if decision else "skipped"
        return RailStep(short_label(step), state, note=guideline().fixed["own_concurrence"], clause="§6(1)")
    if decision is None:
        return RailStep(short_label(step), "upcoming", clause="§6(1)")
    mark = "代決" if decision.as_deputy else "書面" if decision.on_paper else ""
    return _step(short_label(step), _Done(decision.paper_date or decision.at, decision.by.name, mark), "§6(1)")


def short_label(step: RouteStep) -> str:
    """広報課の合議 for the rail, where the division's whole name does not fit."""
    named = next((d for d in guideline().service_divisions.values() if d.duty == step.of), None)
    return step.label.replace(named.name, named.short) if named else step.label


def _later(account: Account) -> list[RailStep]:
    policy = min((p for p in account.policies.all() if p.completed_at), key=lambda p: p.version, default=None)
    forms = [n for n in account.notifications.all() if n.form == Notification.Form.OPENING and not n.returned_at]
    form = max(forms, key=lambda n: n.version, default=None)
    return [
        _step("アカウントの取得", _Done(account.acquired_on) if account.acquired_on else None, "§6(1)"),
        _step("運用ポリシーの完成", _Done(policy.completed_at) if policy else None, "§6(2)"),
        _step("届出", _Done(form.submitted_at, form.submitted_by.name, "代決" if form.as_deputy else "") if form else None,
              "§6(3)ア"),
        _step("届出の受理", _Done(form.received_at) if form and form.received_at else None, "§6(3)ア"),
        _step("掲載", _Done(account.listed_at) if account.listed_at else None, "§6(3)イ"),
        _step("プロフィール確認", _Done(account.official_at) if account.official_at else None, "§6(3)ウ"),
        _step("公式", _Done(account.official_at) if account.official_at else None, "§6"),
    ]


def _shown_closing(account: Account) -> Closing | None:
    return under_way(account) or (closing_of(account) if account.state == State.CLOSED else None)


def _to_the_end(closing: Closing) -> list[RailStep]:
    """§7 in its order."""
    form = closing.notification if closing.state != Closing.State.RETURNED else None
    return [
        _step("廃止の届出", _Done(form.submitted_at, form.submitted_by.name, "代決" if form.as_deputy else "") if form else None,
              "§7(1)"),
        _step("掲載の削除", _done_by(closing.delisted_at, closing.delisted_by), "§7(2)"),
        _step("削除の確認", _done_by(closing.confirmed_at, closing.confirmed_by), "§7(3)"),
        _step("アカウントの廃止", _done_by(closing.closed_on, closing.closed_by), "§7(3)"),
    ]


def _done_by(at: datetime | date | None, person: Person | None) -> _Done | None:
    return _Done(at, person.name) if at and person else None


def history(account: Account, others: Iterable[Hold | PolicyChange | ProfileFinding]) -> list[Moment]:
    """What was done about the account and these things of it, from the log, newest first."""
    decisions = [decision for round_ in account.applications.all() for decision in round_.decisions.all()]
    closings = {closing_of(account), *(getattr(form, "closing", None) for form in account.notifications.all())} - {None}
    things = [account, *account.policies.all(), *closings, *decisions, *account.assignments.all(), *others]
    return [_moment(entry) for entry in _spoken(about(*things)[:NEWEST])]


def _spoken(entries: Iterable[Entry]) -> Iterable[Entry]:
    return (entry for entry in entries if entry.verb not in _QUIET)


def _moment(entry: Entry) -> Moment:
    data = entry.data
    words = [str(data[key]) for key in _TOLD if data.get(key)]
    return Moment(entry.at, _what(entry), entry.actor.name if entry.actor else "koshiki", entry.clause,
                  "\n".join(words), _TONES_OF.get(entry.verb, Tone.DONE))


def _what(entry: Entry) -> str:
    if given := str(entry.data.get("step", "")):
        return f"{given}：{entry.data.get('outcome', '後閲')}"
    return " ".join(filter(None, (_WORDS.get(entry.verb, entry.verb), str(entry.data.get("role", "")))))
