"""回数の枠を使う — counted before each call and never given back: a unit that a kill wastes is only a little waste.

One conditional update decides between workers. What is left is for publishing first (networks/budgets.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from koshiki import clock
from koshiki.calendar import wareki_short
from koshiki.networks import SERVICES, adapter
from koshiki.networks.budgets import Budget
from koshiki.networks.network import Verb
from koshiki.organization.alerts import tell
from koshiki.organization.roles import it_people
from koshiki.register.models import Account, Allowance, Spending

REMEMBERED = timedelta(days=62)  # a whole month after the one in which somebody asks
NEAR = 80  # per cent of a limit at which IT is told


class UsedUp(Exception):
    """The budget leaves nothing for this call until `until`; `reason` is Japanese, for staff. Nothing was asked."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.reason, self.until = reason, until


def budgets_of(service: str) -> tuple[Budget, ...]:
    """What the service's adapter declares; empty where there is none."""
    kind = adapter(service)
    return kind.budgets if kind else ()


def limits(service: str) -> dict[str, int | None]:
    """The limit of each budget of the service, by its key: what IT set, else the usual one; None: only counted."""
    chosen = dict(Allowance.objects.filter(service=service, ended_at=None).values_list("budget", "amount"))
    return {budget.key: chosen.get(budget.key, budget.usual) for budget in budgets_of(service)}


@dataclass(frozen=True)
class Use:
    """How much of a budget is used now, for the page of IT; of many accounts, by the one that used most."""

    budget: Budget
    limit: int | None
    used: int
    ends_at: datetime
    account: Account | None = None

    @property
    def percent(self) -> int:
        return min(100, self.used * 100 // self.limit) if self.limit else 100 * (self.limit == 0)

    @property
    def said(self) -> str:
        """`1,200件のうち960件`, or only how many where there is no limit."""
        used = f"{self.used:,}{self.budget.unit}"
        return used if self.limit is None else f"{self.limit:,}{self.budget.unit}のうち{used}"

    @property
    def near(self) -> bool:
        return self.percent >= NEAR


def uses() -> dict[str, list[Use]]:
    """All budgets of all services as they stand now, in two questions."""
    chosen = {(service, key): amount for service, key, amount in
              Allowance.objects.filter(ended_at=None).values_list("service", "budget", "amount")}
    now = clock.now()
    open_now = Spending.objects.filter(began_at__lte=now, ends_at__gt=now).select_related("account")
    most = {(row.service, row.budget): row
            for row in open_now.order_by("service", "budget", "-used", "pk").distinct("service", "budget")}
    return {key: [_use(budget, chosen.get((key, budget.key), budget.usual), most.get((key, budget.key)), now)
                  for budget in budgets_of(key)] for key in SERVICES}


def _use(budget: Budget, limit: int | None, row: Spending | None, now: datetime) -> Use:
    return Use(budget, limit, row.used if row else 0, budget.ends(now), row.account if row else None)


def spend(account: Account, verb: Verb) -> None:
    """Takes from each budget of the account's service what this verb costs: from all or from none. Raises UsedUp."""
    costly = [budget for budget in budgets_of(account.service) if budget.costs.get(verb)]
    if not costly:
        return
    most = limits(account.service)
    with transaction.atomic():
        for budget in costly:
            _spend(account, budget, verb, most[budget.key])


def forget_old() -> int:
    """What was used in spans long past tells nobody anything. Gives how many rows went."""
    return Spending.objects.filter(ends_at__lt=clock.now() - REMEMBERED).delete()[0]


def _spend(account: Account, budget: Budget, verb: Verb, limit: int | None) -> None:
    now, cost = clock.now(), budget.costs[verb]
    span: dict[str, Any] = {"service": account.service, "budget": budget.key, "began_at": budget.began(now),
                            "account": account if budget.each_account else None}
    row = Spending.objects.filter(**span)
    fitting = row if limit is None else row.filter(used__lte=budget.open_to(verb, limit) - cost)
    if not _take(fitting, cost):
        Spending.objects.bulk_create([Spending(**span, ends_at=budget.ends(now))], ignore_conflicts=True)
        if not _take(fitting, cost):
            raise UsedUp(_words(account, budget, verb, limit or 0, budget.ends(now)), budget.ends(now))
    if limit is not None and row.filter(told_at=None, used__gte=-(-limit * NEAR // 100)).update(told_at=now):
        tell(it_people(), subject="サービスの回数の枠", path="/settings/services/")


def _take(fitting: QuerySet[Spending], cost: int) -> bool:
    return bool(fitting.update(used=F("used") + cost))


def _words(account: Account, budget: Budget, verb: Verb, limit: int, until: datetime) -> str:
    spared = "" if budget.open_to(verb, limit) == limit else "発信のために残す分を除いて、"
    return (f"{account.get_service_display()}の枠（{budget.label}、{limit:,}{budget.unit}）を、{spared}使い切りました。"
            f"{wareki_short(until)}に新しくなります。")
