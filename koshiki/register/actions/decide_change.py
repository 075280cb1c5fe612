"""The decisions on a change of a policy, and the day on which it comes into force (K-policy, §別紙1-3)."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused, RouteStep
from koshiki.organization.alerts import tell
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import heads_of, members_of, present_heads
from koshiki.register import policy as policies
from koshiki.register.actions.change import go_on, locked_change
from koshiki.register.actions.profile import newest_reading
from koshiki.register.address import the_citys_own
from koshiki.register.changing import (
    CHANGE,
    CHANGEABLE,
    DECIDER,
    current_step,
    decides_as,
    deciding_division,
)
from koshiki.register.comparing import newly_unsaid
from koshiki.register.flow import replaced
from koshiki.register.models import Account, Policy, PolicyChange, PolicyDecision, PolicyReading

State = PolicyChange.State
Outcome = PolicyDecision.Outcome


# ── the decisions ──────────────────────────────────────────────────

def approve_change(change: PolicyChange, *, digest: str, comment: str = "", unsaid_reason: str = "",
                   by: Person) -> PolicyDecision:
    """Decide or concur on exactly what was read. Raises Refused K-policy, K-stale.

    `unsaid_reason`: why the profile can't say what a version that answers nobody asks for. Raises Refused §8(2)ア without it.
    """
    return _decide(change, Outcome.APPROVE, digest=digest, comment=comment, unsaid_reason=unsaid_reason, by=by)


def return_change(change: PolicyChange, *, digest: str, comment: str, by: Person) -> PolicyDecision:
    """Send it back with what is to be changed (差戻し)."""
    return _decide(change, Outcome.RETURN, digest=digest, comment=comment, by=by)


@transaction.atomic
def _decide(change: PolicyChange, outcome: Outcome, *, digest: str, comment: str, by: Person,
            unsaid_reason: str = "") -> PolicyDecision:
    locked = locked_change(change)
    refuse_own(locked, by)
    name = step_for(locked, outcome, by)
    CHANGE.check(locked, name, by=by)
    if locked.digest != digest:
        raise Refused("K-stale", "画面を開いた後に、変更の内容が変わりました。",
                      now="新しい内容を読んでから、あらためて決裁してください。", who=DECIDER)
    if outcome == Outcome.RETURN and not comment.strip():
        raise Refused("K-policy", "差し戻すには、直す点が要ります。", now="直す点を書いてください。", who=DECIDER)
    if outcome == Outcome.APPROVE and not unsaid_reason.strip():
        _require_said(locked)
    decision = _decided(locked, outcome, comment, unsaid_reason, by)
    go_on(locked, name, by=by)
    policy = _come_into_force(locked) if _its_day(locked) else None
    record(f"policychange.{name}", locked, by=by, clause="K-policy", account=locked.account_id, step=decision.label,
           outcome=decision.get_outcome_display(), comment=comment, digest=digest, round=locked.round,
           as_="代決" if decision.as_deputy else "本人", unsaid_reason=unsaid_reason)
    if policy:
        _in_the_log(locked, policy)
    return decision


def unsaid(change: PolicyChange) -> list[str]:
    """What the head has to see to in the profile before opinions are no longer answered (§8(2)ア), as it was last read."""
    account, step = change.account, current_step(change)
    if step is None or step.of != "head" or account.state not in Account.PUBLIC or the_citys_own(account):
        return []
    reading = newest_reading(account)
    return newly_unsaid(change.base.content, change.content, reading.found if reading else "", account.division.telephone)


def _require_said(change: PolicyChange) -> None:
    if lacks := unsaid(change):
        named = "、".join(lacks)
        raise Refused("§8(2)ア", f"意見や質問に個別に対応しないとする版ですが、プロフィール欄に、{named}が見当たりません。",
                      now="プロフィール欄に書いて確認するか、書けない理由を書いて承認してください。", who=DECIDER)


def refuse_own(change: PolicyChange, person: Person) -> None:
    """Raises Refused K-policy for a person who wrote or submitted the change."""
    if change.state == State.DECIDING and person.pk in {*change.writers, change.submitted_by_id}:
        raise Refused("K-policy", f"{person.name}さんが書いた変更なので、{person.name}さんは決裁できません。",
                      now="所属長が書いたものは、代決者が決裁します。", who=DECIDER)


def step_for(change: PolicyChange, outcome: Outcome, by: Person) -> str:
    """Which step of the flow this outcome is now."""
    if outcome == Outcome.RETURN:
        return "return"
    return "decide" if CHANGE.allows(change, "decide", by) else "decide_last"


def _decided(change: PolicyChange, outcome: Outcome, comment: str, unsaid_reason: str, by: Person) -> PolicyDecision:
    step, division = _turn(change)
    as_deputy = decides_as(change, by) == "deputy"
    holders = (present_heads(division) or list(heads_of(division))) if as_deputy else []
    stands = replaced(change) if step.of == "head" and outcome == Outcome.APPROVE else ""
    return PolicyDecision.objects.create(
        change=change, round=change.round, digest=change.digest, step=step.key, stands_for=stands, division=division,
        outcome=outcome, by=by, as_deputy=as_deputy, holder=next((h for h in holders if h != by), None), comment=comment,
        unsaid_reason=unsaid_reason, at=clock.now())


def _turn(change: PolicyChange) -> tuple[RouteStep, Division]:
    step, division = current_step(change), deciding_division(change)
    if step is None or division is None:
        raise Refused("K-policy", "決裁を行う所属が、登録されていません。", who="システム管理の職員が登録します")
    return step, division


# ── in force ───────────────────────────────────────────────────────

def due_changes() -> list[PolicyChange]:
    """The approved changes whose day has come."""
    return list(PolicyChange.objects.filter(state=State.APPROVED, wanted_from__lte=clock.today(),
                                            account__state__in=CHANGEABLE).order_by("pk"))


@transaction.atomic
def put_in_force(change: PolicyChange) -> Policy | None:
    """Its day has come: the approved change becomes the account's next version, and everybody is asked to read it (§6(2)).

    None where it is not its day yet, it was withdrawn, or the account's policy can't change now.
    """
    locked = locked_change(change, whenever=True)
    if locked.account.state not in CHANGEABLE or not _its_day(locked):
        return None
    policy = _come_into_force(locked)
    _in_the_log(locked, policy)
    return policy


def _its_day(change: PolicyChange) -> bool:
    return change.state == State.APPROVED and change.wanted_from is not None and change.wanted_from <= clock.today()


def _come_into_force(change: PolicyChange) -> Policy:
    change.policy = policy = _next_version(change)
    change.state, change.due_at = State.IN_FORCE, None
    change.save()
    _ask_to_read(policy)
    return policy


def _in_the_log(change: PolicyChange, policy: Policy) -> None:
    record("policychange.in_force", change, by=None, clause="§別紙1-3", account=change.account_id, version=policy.version,
           digest=policy.digest, in_force_from=str(policy.in_force_from), what=change.what)
    record("policy.complete", policy, by=None, clause="§別紙1-1", digest=policy.digest, clauses=list(policy.content["clauses"]))


def _next_version(change: PolicyChange) -> Policy:
    last = change.account.policies.aggregate(last=Max("version"))["last"] or 0
    approved = change.decisions.filter(round=change.round).latest("at", "pk")
    writer = change.submitted_by or change.written_by
    policy = Policy.objects.create(
        account=change.account, version=last + 1, items=change.items, edition=change.edition, written_by=change.written_by,
        saved_at=change.saved_at, digest=hashlib.sha256(change.items.encode()).hexdigest(), completed_at=clock.now(),
        completed_by=approved.by, in_force_from=clock.today(), shared_at=clock.now(), shared_by=writer,
        place_shown=policies.ON_THE_LIST if the_citys_own(change.account) else "")
    PolicyReading.objects.bulk_create(  # whoever saved it last or submitted it has read it as it now is
        PolicyReading(policy=policy, person_id=person, at=clock.now())
        for person in dict.fromkeys([writer.pk, change.written_by_id]))
    return policy


def _ask_to_read(policy: Policy) -> None:
    """Shared with its coming into force: the division's people read it (§6(2))."""
    read = set(policy.readings.values_list("person", flat=True))
    tell([person for person in members_of(policy.account.division_id) if person.pk not in read],
         subject="運用ポリシーの周知", path=reverse("account_policy", args=[policy.account_id]))
