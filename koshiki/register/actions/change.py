"""Changing a policy: the draft of its next version, its submission, its withdrawal (§6(2), K-policy).

The guideline asks for a policy with its notice of change (§別紙1-3); who decides a change is koshiki's rule (K-policy).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import canonical, record
from koshiki.calendar import business_days_end
from koshiki.guideline import Refused, guideline
from koshiki.organization.alerts import tell
from koshiki.organization.models import Deputy, Person
from koshiki.organization.roles import first_deputy, heads_of, present_heads, require_confirmation
from koshiki.register import policy as policies
from koshiki.register.actions.apply import require_whole
from koshiki.register.changing import (
    CHANGE,
    CHANGEABLE,
    deciding_division,
    route_for,
    took_part,
    untold,
)
from koshiki.register.flow import HEAD, MEMBER, division_of, needed
from koshiki.register.models import Account, Policy, PolicyChange
from koshiki.workflow import lock

State = PolicyChange.State


@dataclass(frozen=True)
class Told:
    """変更の告知 — what changes, in words for citizens; why; from which day."""

    what: str
    reason: str
    wanted_from: date | None


# ── the draft ──────────────────────────────────────────────────────

@transaction.atomic
def save_change(account: Account, typed: Mapping[str, str], taken: Collection[str], told: Told, *, by: Person,
                seen: str | None = None) -> PolicyChange:
    """Keep the draft of the next version, finished or not (§6(2)); a returned one is changed in the same way.

    `seen` is the `mark` of what the writer began with. Raises Refused §6(2) where there is nothing in force to
    change, and for anybody who is not of the division; K-stale where another has saved it meanwhile.
    """
    held = lock(account)
    change = _opened(held, by)
    if seen is not None and seen != change.mark:
        _refuse_unseen(change, by)
    change.items = canonical(policies.written(held, typed, taken))
    change.what, change.reason, change.wanted_from = told.what, told.reason, told.wanted_from
    change.written_by, change.saved_at, change.edition = by, clock.now(), guideline().edition
    change.writers = [*dict.fromkeys([*change.writers, by.pk])]
    change.save()
    record("policychange.draft", change, by=by, clause="§6(2)", account=held.pk)
    return change


def _refuse_unseen(change: PolicyChange, by: Person) -> None:
    """Raises Refused K-stale: what the writer began with is not there any more, and not by their own doing."""
    if not change.pk:
        raise Refused("K-stale", f"画面を開いた後に、第{change.base.version}版が適用されました。",
                      now="今の版を別の画面で読み、もう一度「保存」を押すと、こちらの内容を次の版の案にします。", who=MEMBER)
    if change.written_by_id != by.pk:
        raise Refused("K-stale", f"{change.written_by.name}さんが、先にこの案を保存しました。",
                      now="保存された案を別の画面で読み、もう一度「保存」を押すと、こちらの内容で置き換えます。", who=MEMBER)


def _opened(account: Account, by: Person) -> PolicyChange:
    """The change that is being written, or a new one that is not yet kept. Raises Refused."""
    change = account.policy_changes.filter(state__in=PolicyChange.UNDER_WAY).select_for_update(of=("self",)).first()
    change = change or PolicyChange(account=account, base=_in_force(account), written_by=by, begun_at=clock.now())
    change.account = account
    require_changeable(account)
    CHANGE.check(change, "draft", by=by)
    return change


def _in_force(account: Account) -> Policy:
    policy = policies.public_policy(account)
    if policy is None:
        raise Refused("§6(2)", "運用ポリシーがまだ完成していないので、変更はできません。",
                      now="先に、名前とURLを入れて完成してください。", who=MEMBER)
    return policy


def require_changeable(account: Account) -> None:
    """Raises Refused §6(2) while the account's policy can't change."""
    if account.state not in CHANGEABLE:
        raise Refused("§6(2)", f"「{account.get_state_display()}」のアカウントの運用ポリシーは、いまは変更できません。",
                      now="届出の手続が終わるのを待つか、廃止したアカウントでないことを確かめてください。", who=MEMBER)


@transaction.atomic
def submit_change(change: PolicyChange, *, by: Person) -> PolicyChange:
    """Hand it to its deciders, as it is now. Raises Refused §4(1), §6(2), §別紙1-…, K-policy for what it lacks."""
    locked = locked_change(change)
    CHANGE.check(locked, "submit", by=by)
    require_confirmation(by)
    items = {**locked.content, **policies.of_account(locked.account)}
    _require_told(locked)
    require_whole(items, acquired=True)
    before = locked.base.content
    if policies.as_text(items) == policies.as_text(before):
        raise Refused("K-policy", "今の版と変わったところがありません。", now="変える事項を書き直してください。", who=MEMBER)
    locked.items, locked.round, locked.route = canonical(items), locked.round + 1, route_for(locked.account, before, items)
    locked.submitted_by, locked.submitted_at = by, clock.now()
    locked.digest = _digest(locked)
    go_on(locked, "submit", by=by)
    _require_deciders(locked)
    _noted(locked, "submit", by, round=locked.round, digest=locked.digest, what=locked.what, reason=locked.reason,
           wanted_from=str(locked.wanted_from), route=locked.route)
    return locked


def _require_told(change: PolicyChange) -> None:
    if lacks := untold(change):
        raise Refused("K-policy", f"変更について、足りないものがあります：{'、'.join(lacks)}。",
                      now="変更のページで書いてください。", who=MEMBER)


def _digest(change: PolicyChange) -> str:
    """Stands for all that the deciders read."""
    read = canonical({"base": change.base.digest, "items": change.items, "what": change.what, "reason": change.reason,
                      "wanted_from": str(change.wanted_from), "round": change.round})
    return hashlib.sha256(read.encode()).hexdigest()


@transaction.atomic
def withdraw_change(change: PolicyChange, reason: str, *, by: Person) -> PolicyChange:
    """Take it back, before it comes into force: the version in force stays."""
    locked = locked_change(change, whenever=True)
    CHANGE.check(locked, "withdraw", by=by)
    if locked.state != State.DRAFT and not reason.strip():
        raise Refused("K-policy", "提出した変更を取り下げるには、理由が要ります。", now="理由を書いてください。", who=MEMBER)
    go_on(locked, "withdraw", by=by)
    _noted(locked, "withdraw", by, reason=reason)
    return locked


def end_with_account(account: Account, *, by: Person) -> None:
    """The account goes off the register: what was to change in its policy comes to nothing (§7(2))."""
    for change in account.policy_changes.filter(state__in=PolicyChange.UNDER_WAY).select_for_update(of=("self",)):
        change.state, change.due_at = State.WITHDRAWN, None
        change.save(update_fields=["state", "due_at"])
        _noted(change, "withdraw", by, reason="アカウントを廃止するため。")


def _noted(change: PolicyChange, name: str, by: Person, **data: Any) -> None:
    record(f"policychange.{name}", change, by=by, clause=CHANGE.steps[name].clause, account=change.account_id, **data)


# ── how a step is taken ────────────────────────────────────────────

def locked_change(change: PolicyChange, *, whenever: bool = False) -> PolicyChange:
    """The change with its account, both locked. Raises Refused §6(2) while the account's policy can't change."""
    account = lock(Account.objects.get(pk=change.account_id))
    locked = PolicyChange.objects.select_for_update(of=("self",)).select_related("base").get(pk=change.pk)
    locked.account = account
    if not whenever:
        require_changeable(account)
    return locked


def go_on(change: PolicyChange, name: str, *, by: Person) -> None:
    """The step is done: the new state with its due time, and mail to whose turn it is. Before the log's entry."""
    if target := CHANGE.steps[name].target:
        change.state = State(target)
    deciding = change.state == State.DECIDING
    change.due_at = business_days_end(clock.now(), guideline().deadlines["decision_business_days"]) if deciding else None
    change.save()
    people = deciders(change) if deciding else [person for person in (change.submitted_by,) if person]
    word = "承認" if change.state == State.APPROVED else change.get_state_display()
    tell([person for person in people if person != by], subject=f"運用ポリシーの変更：{word}",
         path=reverse("policy_change", args=[change.pk]))


def deciders(change: PolicyChange) -> list[Person]:
    """Who decides now: the heads who are there and did not write it; where none is left, the first deputy."""
    division, barred = deciding_division(change), took_part(change)
    if division is None:
        return []
    if left := [person for person in present_heads(division) if person.pk not in barred]:
        return left
    deputy = first_deputy(division, took_part=barred)
    return [deputy] if deputy else []


def _require_deciders(change: PolicyChange) -> None:
    """Raises Refused K-policy where a step has nobody left who may ever give it, be they there today or not."""
    for step in needed(change):
        division = division_of(change, step)
        able = {*heads_of(division).values_list("pk", flat=True),
                *Deputy.objects.current().filter(division=division).values_list("person", flat=True)} if division else set()
        if not able - took_part(change):
            raise Refused("K-policy", f"「{step.label}」を行える職員がいません。自分が書いた変更は決裁できません。",
                          now="代決者を指定するか、この変更を取り下げて、ほかの職員が起案してください。", who=HEAD)
