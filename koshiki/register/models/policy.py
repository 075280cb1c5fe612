from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account
from koshiki.register.models.file import StoredFile


class Policy(models.Model):
    """運用ポリシー — what §6(2) and 別紙1 demand of an account, in dated versions.

    A draft until it is completed with the account's name and URL; from then on `items` never changes.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="policies", verbose_name="公式アカウント")
    version = models.PositiveSmallIntegerField("版")
    items = models.TextField("記載事項", default="{}")
    digest = models.CharField("内容の値", max_length=64, blank=True)
    edition = models.CharField("ガイドラインの版", max_length=40)
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="作成した職員")
    saved_at = models.DateTimeField("保存日時", default=clock.now)
    completed_at = models.DateTimeField("完成日時", null=True, blank=True)
    completed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="完成した職員"
    )
    in_force_from = models.DateField("適用開始日", null=True, blank=True)
    shared_at = models.DateTimeField("所属内で共有した日時", null=True, blank=True)
    shared_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="共有した職員"
    )
    place_shown = models.CharField("アカウント内の明示の場所", max_length=200, blank=True)
    shown_evidence = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="明示の証拠"
    )
    not_shown_reason = models.CharField("明示しない理由", max_length=400, blank=True)

    class Meta:
        verbose_name = "運用ポリシー"
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(fields=["account", "version"], name="policy_versions"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, shared_at__isnull=True, in_force_from__isnull=True)
                | Q(completed_at__isnull=False, completed_by__isnull=False) & ~Q(digest=""),
                name="policy_in_force_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(place_shown="") | Q(not_shown_reason=""), name="policy_shown_or_not"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} 運用ポリシー 第{self.version}版"

    @property
    def content(self) -> dict[str, Any]:
        """The items: key → words; `clauses` holds the guideline's own words by clause id."""
        found: dict[str, Any] = json.loads(self.items)
        return found

    @property
    def shown(self) -> bool:
        """Is it said where the account shows it, or why it does not? (§6(2))"""
        return bool(self.place_shown or self.not_shown_reason)


class PolicyReading(models.Model):
    """周知の確認 — a person of the division has read a version of the policy (§6(2))."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="readings", verbose_name="運用ポリシー")
    person = models.ForeignKey(Person, models.PROTECT, related_name="policy_readings", verbose_name="職員")
    at = models.DateTimeField("読んだ日時", default=clock.now)

    class Meta:
        verbose_name = "周知の確認"
        ordering = ("at",)
        constraints = [
            models.UniqueConstraint(fields=["policy", "person"], name="one_reading_of_each_person"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.person}"
