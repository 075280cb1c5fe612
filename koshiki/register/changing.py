"""Who may take a change of a policy from which state to which, under which clause (§6(2), §別紙1-3, K-policy)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from koshiki import clock
from koshiki.guideline import RouteStep, guideline
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import acts_as_head, belongs, deputises, heads, present_heads
from koshiki.register.flow import HEAD, MEMBER, division_of, needed
from koshiki.register.models import Account, PolicyChange, PolicyDecision
from koshiki.register.policy import Items
from koshiki.workflow import Step, Workflow

State = PolicyChange.State
# While 別紙2 is with 情報政策課 its policy stays the one that was handed in.
CHANGEABLE = (Account.State.ACQUIRED, Account.State.NOTIFICATION_RETURNED, *Account.PUBLIC)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def under_way(account: Account) -> PolicyChange | None:
    """The change that is being written or decided, or waits for its day; there is one at most."""
    return (account.policy_changes.filter(state__in=PolicyChange.UNDER_WAY)
            .select_related("base", "written_by", "submitted_by").first())


# ── the decisions ──────────────────────────────────────────────────

def route_for(account: Account, before: Items, after: Items) -> list[str]:
    """Who decides: the head alone; all who decided the opening where its purpose changes, or citizens have not read it yet."""
    again = any(before.get(key) != after.get(key) for key in guideline().decided_again)
    name = "opening" if again or account.state not in Account.PUBLIC else "policy_change"
    return [step.key for step in guideline().routes[name]]


def of_this_round(change: PolicyChange) -> list[PolicyDecision]:
    """The decisions on the change as it now is; read as a whole, so that what was fetched beforehand is not asked again."""
    return [decision for decision in change.decisions.all() if decision.round == change.round]


def current_step(change: PolicyChange) -> RouteStep | None:
    """The decision whose turn it is."""
    return next_step(change, {decision.step for decision in of_this_round(change)}) if change.state == State.DECIDING else None


def next_step(change: PolicyChange, decided: Collection[str]) -> RouteStep | None:
    """The first decision that is not among those given."""
    return next((step for step in needed(change) if step.key not in decided), None)


def deciding_division(change: PolicyChange) -> Division | None:
    """The division whose turn it is."""
    step = current_step(change)
    return division_of(change, step) if step else None


def took_part(change: PolicyChange) -> set[int]:
    """Who wrote it, submitted it or has decided: none of them gives a decision now."""
    submitted = {change.submitted_by_id} if change.submitted_by_id else set()
    return {*change.writers, *submitted, *(decision.by_id for decision in of_this_round(change))}


def decides_as(change: PolicyChange, person: Person) -> str:
    """How the person may give the decision whose turn it is: as "head", as "deputy", or not ("")."""
    division = deciding_division(change)
    if division is None or person.pk in took_part(change):
        return ""
    if heads(person, division):
        return "head"
    return "deputy" if deputises(person, division, due=_due(change, division), took_part=took_part(change)) else ""


def _due(change: PolicyChange, division: Division) -> datetime | None:
    """Where every head who is there wrote it, nobody has to wait for them: the deputy's time has come."""
    return _LONG_AGO if all_took_part(change, present_heads(division)) else change.due_at


def all_took_part(change: PolicyChange, there: Iterable[Person]) -> bool:
    """Is none of these people left who may decide?"""
    return all(person.pk in took_part(change) for person in there)


# ── what citizens and deciders are told ────────────────────────────

def untold(change: PolicyChange) -> list[str]:
    """What of the change is not said yet: what changes, why, from which day that is still to come."""
    day = "" if change.wanted_from is None else "（過ぎた日です）"
    return [label for label, given in (
        ("変更の内容", change.what.strip()), ("変更の理由", change.reason.strip()),
        (f"適用開始日{day}", change.wanted_from is not None and change.wanted_from >= clock.today())) if not given]


# ── people ─────────────────────────────────────────────────────────

def is_member(change: PolicyChange, person: Person) -> bool:
    return belongs(person, change.account.division_id)


def may_withdraw(change: PolicyChange, person: Person) -> bool:
    """Who wrote or submitted it, and the division's head or, in their absence, the deputy."""
    division, concerned = change.account.division_id, {*change.writers, change.submitted_by_id}
    return acts_as_head(person, division) != "" or (is_member(change, person) and person.pk in concerned)


def _last(change: PolicyChange) -> bool:
    return len(of_this_round(change)) + 1 >= len(needed(change))


# ── the steps ──────────────────────────────────────────────────────

DECIDER = "決裁・合議の順番に当たる課の長（不在のときは代決者）で、この変更を書いていない職員"

CHANGE: Workflow[PolicyChange] = Workflow(
    Step("draft", "運用ポリシーの変更を書く", PolicyChange.WRITING, "", is_member, "§6(2)", MEMBER),
    Step("submit", "運用ポリシーの変更を提出する", PolicyChange.WRITING, State.DECIDING, is_member, "§6(2)", MEMBER),
    Step("decide", "変更を承認する", (State.DECIDING,), "", lambda c, p: bool(decides_as(c, p)) and not _last(c),
         "K-policy", DECIDER),
    Step("decide_last", "変更を承認する", (State.DECIDING,), State.APPROVED, lambda c, p: bool(decides_as(c, p)) and _last(c),
         "K-policy", DECIDER),
    Step("return", "変更を差し戻す", (State.DECIDING,), State.RETURNED, lambda c, p: bool(decides_as(c, p)),
         "K-policy", DECIDER),
    Step("withdraw", "変更を取り下げる", PolicyChange.UNDER_WAY, State.WITHDRAWN, may_withdraw, "K-policy",
         f"書いた職員又は{HEAD}"),
)
