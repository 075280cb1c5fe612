from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from koshiki import clock
from koshiki.networks import service_choices
from koshiki.organization.models import Person
from koshiki.register.models.account import Account


class Allowance(models.Model):
    """枠の上限 — how much of a service's budget koshiki may use, where IT says otherwise than the service usually does."""

    service = models.CharField("サービス", max_length=30, choices=service_choices)
    budget = models.CharField("枠", max_length=30)
    amount = models.PositiveIntegerField("上限")
    set_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="決めた職員")
    set_at = models.DateTimeField("決めた日時", default=clock.now)
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "枠の上限"
        constraints = [
            models.UniqueConstraint(fields=["service", "budget"], condition=Q(ended_at__isnull=True),
                                    name="one_live_allowance"),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} {self.budget}"


class Spending(models.Model):
    """枠の使用 — how much of a budget was used within one span: one row, changed by conditional updates alone.

    Of one account where each is counted by itself; without one it is the city's app. It is counted before the call.
    """

    service = models.CharField("サービス", max_length=30, choices=service_choices)
    budget = models.CharField("枠", max_length=30)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", verbose_name="公式アカウント")
    began_at = models.DateTimeField("始まり")
    ends_at = models.DateTimeField("終わり", db_index=True)
    used = models.PositiveIntegerField("使った数", default=0)
    told_at = models.DateTimeField("知らせた日時", null=True)

    class Meta:
        verbose_name = "枠の使用"
        constraints = [
            models.UniqueConstraint(fields=["service", "budget", "account", "began_at"], nulls_distinct=False,
                                    name="one_spending_of_each_span"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("began_at")), name="spending_has_a_span"),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} {self.budget}"
