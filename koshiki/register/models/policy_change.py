from __future__ import annotations

import json
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from koshiki import clock
from koshiki.guideline import RouteStep, guideline
from koshiki.organization.models import Division, Person
from koshiki.register.models.account import Account
from koshiki.register.models.policy import Policy


class PolicyChange(models.Model):
    """運用ポリシーの変更 — the next version of a policy, from its draft to the day on which it comes into force (§別紙1-3).

    Once submitted its content stays as the deciders read it; a returned one may be changed and submitted again, as a new
    round. On its day it makes the next `Policy`; until then the version before, `base`, is in force.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "起案中"
        DECIDING = "deciding", "決裁中"
        RETURNED = "returned", "差戻し"
        APPROVED = "approved", "適用日待ち"
        IN_FORCE = "in_force", "適用済み"
        WITHDRAWN = "withdrawn", "取下げ"

    WRITING = (State.DRAFT, State.RETURNED)
    UNDER_WAY = (State.DRAFT, State.DECIDING, State.RETURNED, State.APPROVED)
    SUBMITTED = (State.DECIDING, State.APPROVED, State.IN_FORCE)

    account = models.ForeignKey(Account, models.PROTECT, related_name="policy_changes", verbose_name="公式アカウント")
    base = models.ForeignKey(Policy, models.PROTECT, related_name="changes", verbose_name="変更前の版")
    state = models.CharField("状態", max_length=20, choices=State.choices, default=State.DRAFT, db_index=True)
    items = models.TextField("記載事項", default="{}")
    what = models.CharField("変更の内容", max_length=400, blank=True)
    reason = models.CharField("変更の理由", max_length=400, blank=True)
    wanted_from = models.DateField("適用開始日", null=True, blank=True)
    writers = ArrayField(models.BigIntegerField(), default=list, verbose_name="書いた職員", help_text="決裁できない職員の番号")
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="最後に書いた職員")
    begun_at = models.DateTimeField("開始日時", default=clock.now)
    edition = models.CharField("ガイドラインの版", max_length=40)
    saved_at = models.DateTimeField("保存日時", default=clock.now)
    round = models.PositiveSmallIntegerField("回", default=0)
    route = ArrayField(models.CharField(max_length=30), default=list, blank=True, verbose_name="決裁・合議の順")
    digest = models.CharField("内容の値", max_length=64, blank=True)
    submitted_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="提出した職員"
    )
    submitted_at = models.DateTimeField("提出日時", null=True, blank=True)
    due_at = models.DateTimeField("期限", null=True, blank=True)
    policy = models.OneToOneField(
        Policy, models.PROTECT, null=True, blank=True, related_name="change", verbose_name="適用した版"
    )

    class Meta:
        verbose_name = "運用ポリシーの変更"
        ordering = ("-begun_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["draft", "deciding", "returned", "approved"]),
                name="one_open_policy_change",
            ),
            models.CheckConstraint(
                condition=Q(state="in_force", policy__isnull=False) | ~Q(state="in_force") & Q(policy__isnull=True),
                name="policy_change_makes_its_version",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["deciding", "approved", "in_force"])
                | ~Q(digest="") & ~Q(what="") & ~Q(reason="")
                & Q(wanted_from__isnull=False, submitted_by__isnull=False, submitted_at__isnull=False),
                name="submitted_policy_change_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} 運用ポリシーの変更（第{self.base.version}版から）"

    @property
    def content(self) -> dict[str, Any]:
        """The items of the next version, as a `Policy` has them."""
        found: dict[str, Any] = json.loads(self.items)
        return found

    @property
    def mark(self) -> str:
        """Stands for the draft as it was last saved; before it is kept, for the version that it begins as."""
        return self.saved_at.isoformat() if self.pk else f"v{self.base.version}"

    @property
    def steps(self) -> list[RouteStep]:
        """The decisions that this round needs, in order."""
        known = {step.key: step for route in guideline().routes.values() for step in route}
        return [known[key] for key in self.route if key in known]


class PolicyDecision(models.Model):
    """変更の決裁 — one division's answer to one round of a policy's change; never by somebody who wrote it (K-policy)."""

    class Outcome(models.TextChoices):
        APPROVE = "approve", "承認"
        RETURN = "return", "差戻し"

    change = models.ForeignKey(PolicyChange, models.PROTECT, related_name="decisions", verbose_name="運用ポリシーの変更")
    round = models.PositiveSmallIntegerField("回")
    digest = models.CharField("見た内容の値", max_length=64)
    step = models.CharField("決裁・合議", max_length=30)
    stands_for = models.CharField("代える合議", max_length=30, blank=True)
    division = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name="決裁した所属")
    outcome = models.CharField("結果", max_length=20, choices=Outcome.choices)
    by = models.ForeignKey(Person, models.PROTECT, related_name="policy_decisions", verbose_name="決裁した職員")
    as_deputy = models.BooleanField("代決", default=False)
    holder = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="本来の決裁者"
    )
    comment = models.CharField("意見", max_length=2000, blank=True)
    unsaid_reason = models.CharField("プロフィール欄に書けない理由", max_length=400, blank=True)
    at = models.DateTimeField("日時", default=clock.now)
    read_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="後閲した職員"
    )
    read_at = models.DateTimeField("後閲日時", null=True, blank=True)

    class Meta:
        verbose_name = "変更の決裁"
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["change", "round", "by"], name="nobody_decides_a_change_twice"),
            models.UniqueConstraint(fields=["change", "round", "step"], name="one_answer_to_each_step_of_a_change"),
            models.CheckConstraint(
                condition=Q(outcome="approve") | ~Q(comment=""), name="returned_change_gives_its_reason"
            ),
            models.CheckConstraint(
                condition=Q(holder__isnull=True) | Q(as_deputy=True) & ~Q(holder=F("by")),
                name="deputy_for_a_change_is_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change} {self.label}"

    @property
    def label(self) -> str:
        """所属長の決裁, 情報政策課の合議, …"""
        return next((s.label for route in guideline().routes.values() for s in route if s.key == self.step), self.step)

    @property
    def account(self) -> Account:
        return self.change.account
