from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from koshiki import clock
from koshiki.organization.models import Dated, Person
from koshiki.register.models.account import Account


class Assignment(models.Model):
    """指定 — the head names authors and approvers of an account, from–to (§8(1))."""

    class Role(models.TextChoices):
        AUTHOR = "author", "情報発信担当者"
        APPROVER = "approver", "情報発信責任者"

    account = models.ForeignKey(Account, models.PROTECT, related_name="assignments", verbose_name="公式アカウント")
    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments", verbose_name="職員")
    role = models.CharField("役割", max_length=20, choices=Role.choices)
    start = models.DateField("開始日")
    end = models.DateField("終了日", null=True, blank=True)
    named_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="指定した職員")
    named_at = models.DateTimeField("指定日時", default=clock.now)
    revoked_for = models.CharField("取消しの理由", max_length=200, blank=True)

    objects = Dated.as_manager()

    class Meta:
        verbose_name = "指定"
        ordering = ("role", "start")
        constraints = [
            models.CheckConstraint(condition=~Q(named_by=F("person")), name="no_assignment_for_oneself"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="assignment_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.get_role_display()} {self.person}"

    @property
    def holds(self) -> bool:
        """Is it in force today?"""
        today = clock.today()
        return not self.revoked_for and self.start <= today and (self.end is None or self.end >= today)
