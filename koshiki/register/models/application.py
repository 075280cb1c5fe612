from __future__ import annotations

import json
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from koshiki import clock
from koshiki.guideline import RouteStep, guideline
from koshiki.networks import service_choices
from koshiki.organization.models import Division, Person
from koshiki.register.models.account import Account
from koshiki.register.models.file import StoredFile


class Review(models.Model):
    """事前確認 — what was read of a service's terms, mechanism and settings, dated (§4(3)).

    `answers` holds the words for each review item of the guideline file. A later review is a new row.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="reviews", verbose_name="公式アカウント")
    answers = models.JSONField("確認の内容", default=dict)
    reviewed_on = models.DateField("確認日", null=True, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="確認した職員")
    saved_at = models.DateTimeField("保存日時", default=clock.now)

    class Meta:
        verbose_name = "事前確認"
        ordering = ("-saved_at", "-pk")

    def __str__(self) -> str:
        return f"{self.account} 事前確認"


class ServiceChange(models.Model):
    """サービスの変更 — somebody says that a service's terms, mechanism or settings changed: each account is reviewed anew
    (§4(3)). A mark made by mistake is taken back, with its reason."""

    service = models.CharField("サービス", max_length=30, choices=service_choices)
    what = models.CharField("変わったこと", max_length=400)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="知らせた職員")
    at = models.DateTimeField("知らせた日時", default=clock.now)
    due_at = models.DateTimeField("期限")
    taken_back_at = models.DateTimeField("取り消した日時", null=True, blank=True)
    taken_back_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="取り消した職員"
    )
    reason = models.CharField("取り消した理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "サービスの変更"
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(condition=~Q(what=""), name="service_change_says_what"),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True, taken_back_by__isnull=True, reason="")
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False) & ~Q(reason=""),
                name="service_change_taken_back_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()}の変更"


class Application(models.Model):
    """申請 — one round of an account's application: exactly what the deciders read, never changed (§6(1)).

    `snapshot` is canonical JSON of the review, the policy and the planned name; decisions bind its digest.
    A resubmission is a new round.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "決裁・合議中"
        APPROVED = "approved", "承認"
        RETURNED = "returned", "差戻し"
        REJECTED = "rejected", "不可"
        WITHDRAWN = "withdrawn", "取下げ"

    account = models.ForeignKey(Account, models.PROTECT, related_name="applications", verbose_name="公式アカウント")
    round = models.PositiveSmallIntegerField("回")
    snapshot = models.TextField("申請の内容")
    digest = models.CharField("内容の値", max_length=64)
    route = ArrayField(models.CharField(max_length=30), verbose_name="決裁・合議の順")
    submitted_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="申請した職員")
    submitted_at = models.DateTimeField("申請日時", default=clock.now)
    outcome = models.CharField("結果", max_length=20, choices=Outcome.choices, blank=True, default="")
    closed_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "申請"
        ordering = ("round",)
        constraints = [
            models.UniqueConstraint(fields=["account", "round"], name="rounds_are_numbered"),
            models.UniqueConstraint(fields=["account"], condition=Q(outcome=""), name="one_open_application"),
            models.CheckConstraint(
                condition=Q(outcome="", closed_at__isnull=True) | ~Q(outcome="") & Q(closed_at__isnull=False),
                name="application_closed_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} 第{self.round}回申請"

    @property
    def content(self) -> dict[str, Any]:
        """What was applied for, read from the text that was hashed."""
        found: dict[str, Any] = json.loads(self.snapshot)
        return found

    @property
    def steps(self) -> list[RouteStep]:
        """The decisions this round needs, in order, as the guideline file had them."""
        known = {step.key: step for step in guideline().routes["opening"]}
        return [known[key] for key in self.route if key in known]


class Decision(models.Model):
    """決裁・合議 — one division's answer to one round, on the screen or entered from paper (§6(1)).

    `stands_for` names the concurrence that the head's decision replaces (自課の合議は決裁をもって代える).
    """

    class Outcome(models.TextChoices):
        APPROVE = "approve", "承認"
        RETURN = "return", "差戻し"
        REJECT = "reject", "不可"

    application = models.ForeignKey(Application, models.PROTECT, related_name="decisions", verbose_name="申請")
    digest = models.CharField("見た内容の値", max_length=64)
    step = models.CharField("決裁・合議", max_length=30)
    stands_for = models.CharField("代える合議", max_length=30, blank=True)
    division = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name="決裁した所属")
    outcome = models.CharField("結果", max_length=20, choices=Outcome.choices)
    by = models.ForeignKey(Person, models.PROTECT, related_name="decisions", verbose_name="決裁した職員")
    as_deputy = models.BooleanField("代決", default=False)
    holder = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="本来の決裁者"
    )
    comment = models.CharField("意見", max_length=2000, blank=True)
    at = models.DateTimeField("日時", default=clock.now)
    paper_number = models.CharField("文書番号", max_length=60, blank=True)
    paper_date = models.DateField("文書の日付", null=True, blank=True)
    scan = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="文書の写し"
    )
    entered_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="入力した職員")
    read_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="後閲した職員"
    )
    read_at = models.DateTimeField("後閲日時", null=True, blank=True)

    class Meta:
        verbose_name = "決裁・合議"
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["application", "by"], name="nobody_gives_two_decisions"),
            models.UniqueConstraint(fields=["application", "step"], name="one_decision_for_each_step"),
            models.CheckConstraint(
                condition=Q(paper_number="", paper_date__isnull=True, scan__isnull=True)
                | ~Q(paper_number="") & Q(paper_date__isnull=False, scan__isnull=False),
                name="paper_decision_is_whole",
            ),
            models.CheckConstraint(condition=Q(outcome="approve") | ~Q(comment=""), name="refusal_gives_its_reason"),
            models.CheckConstraint(
                condition=Q(holder__isnull=True) | Q(as_deputy=True) & ~Q(holder=F("by")), name="deputy_is_another"
            ),
            models.CheckConstraint(
                condition=Q(paper_number="") & Q(entered_by=F("by")) | ~Q(paper_number=""),
                name="only_paper_is_entered_for_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.label}"

    @property
    def label(self) -> str:
        """所属長の決裁, 情報政策課の合議, …"""
        return next((s.label for s in guideline().routes["opening"] if s.key == self.step), self.step)

    @property
    def account(self) -> Account:
        return self.application.account

    @property
    def on_paper(self) -> bool:
        return bool(self.paper_number)
