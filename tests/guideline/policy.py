"""A policy's change, step by step through the actions, for tests that begin in its middle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.actions.change import Told
from koshiki.register.models import Account, Policy, PolicyChange
from koshiki.register.policy import public_policy
from tests.cast import Cast, official
from tests.guideline.opening import POLICY, TAKEN
from tests.public.saying import policy_of

WHAT, WHY = "発信の頻度を毎日に変えます。", "台風の季節に備えるため。"


def live(cast: Cast, **more: Any) -> Account:
    """An official account of 防災課 with its first version in force and shown."""
    account = official(cast, **{"service": "blog", "url": "https://blog.example/bosai/", **more})
    policy_of(account, by=cast.aoki, **POLICY)
    return account


def told(*, days: int = 0, what: str = WHAT, reason: str = WHY) -> Told:
    return Told(what, reason, clock.today() + timedelta(days=days))


def drafted(cast: Cast, account: Account | None = None, *, by: Person | None = None, days: int = 0, taken: Any = None,
            **policy: str) -> PolicyChange:
    """A change that lacks nothing, not yet submitted: a new frequency, or what is given."""
    typed = {**POLICY, **(policy or {"frequency": "毎日。"})}
    return actions.save_change(account or live(cast), typed, TAKEN if taken is None else taken, told(days=days),
                               by=by or cast.aoki)


def submitted(cast: Cast, account: Account | None = None, **more: Any) -> PolicyChange:
    return actions.submit_change(drafted(cast, account, **more), by=more.get("by") or cast.aoki)


def approved(cast: Cast, account: Account | None = None, **more: Any) -> PolicyChange:
    change = submitted(cast, account, **more)
    actions.approve_change(change, digest=change.digest, by=cast.chiba)
    return PolicyChange.objects.get(pk=change.pk)


def in_force(account: Account) -> Policy:
    found = public_policy(account)
    assert found is not None
    return found
