"""How much of a service's budgets koshiki may use: the city's contract differs from the usual, and IT says so."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.organization.roles import is_it
from koshiki.register.actions.apps import IT
from koshiki.register.budget import budgets_of
from koshiki.register.models import Allowance


@transaction.atomic
def set_allowances(service: str, amounts: Mapping[str, int | None], *, by: Person) -> None:
    """Set the limit of each budget that is named; None: the usual one again. In force from the next call.

    Raises Refused K-connection for anybody but IT, and for a budget that the service has not.
    """
    if not is_it(by.afresh()):
        raise Refused("K-connection", "回数の枠を決められるのは、システム管理の担当です。", who=IT)
    if set(amounts) - {budget.key for budget in budgets_of(service)}:
        raise Refused("K-connection", "このサービスには、その枠がありません。", who=IT)
    for key, amount in amounts.items():
        _set(service, key, amount, by)


def _set(service: str, key: str, amount: int | None, by: Person) -> None:
    live = Allowance.objects.select_for_update().filter(service=service, budget=key, ended_at=None)
    before = live.first()
    if (before.amount if before else None) == amount:
        return
    live.update(ended_at=clock.now())
    kept = before
    if amount is not None:
        kept = Allowance.objects.create(service=service, budget=key, amount=amount, set_by=by, set_at=clock.now())
    if kept:
        record("allowance.set", kept, by=by, clause="K-connection", service=service, budget=key,
               amount="" if amount is None else amount)
