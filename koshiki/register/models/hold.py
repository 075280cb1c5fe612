from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.networks import service_choices
from koshiki.organization.models import Person
from koshiki.register.models.account import Account


class Holds(models.QuerySet["Hold"]):
    def open(self) -> Holds:
        return self.filter(until__isnull=True)

    def seen_by(self, person: Person) -> Holds:
        """Those on everything, on a service, and on the accounts that this person may see."""
        return self.filter(Q(account__isnull=True) | Q(account__in=Account.objects.visible_to(person)))

    def ever_on(self, account: Account) -> Holds:
        """The holds, open or ended, that concern this account: its own, its service's, and those on everything."""
        return self.filter(
            Q(account=account) | Q(account__isnull=True, service=account.service) | Q(account__isnull=True, service="")
        )

    def on(self, account: Account) -> Holds:
        """The open holds that stop this account."""
        return self.ever_on(account).open()


class Hold(models.Model):
    """停止 — publishing or replies stopped for an account, a service or all; delivery obeys it."""

    class Kind(models.TextChoices):
        STOP = "stop", "停止"
        TOKEN = "token", "接続切れ"
        CLOCK = "clock", "時計の狂い"
        RESTORE = "restore", "復元"
        INCIDENT = "incident", "トラブル対応"
        CLOSING = "closing", "廃止手続"
        TRANSITION = "transition", "経過措置の終了"

    class What(models.TextChoices):
        PUBLISHING = "publishing", "発信"
        REPLIES = "replies", "返信"

    kind = models.CharField("種類", max_length=20, choices=Kind.choices, default=Kind.STOP)
    what = models.CharField("止めるもの", max_length=20, choices=What.choices, default=What.PUBLISHING)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="holds", verbose_name="公式アカウント"
    )
    service = models.CharField("サービス", max_length=30, blank=True, choices=service_choices)
    reason = models.CharField("理由", max_length=300)
    clause = models.CharField("条項", max_length=30)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="停止した職員")
    since = models.DateTimeField("停止日時", default=clock.now)
    until = models.DateTimeField("解除日時", null=True, blank=True)
    lifted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="解除した職員")
    lift_reason = models.CharField("解除の理由", max_length=300, blank=True)

    SAFETY = (Kind.RESTORE, Kind.CLOCK)  # koshiki's own stops of everything: a person confirms, IT or the head

    objects = Holds.as_manager()

    class Meta:
        verbose_name = "停止"
        ordering = ("-since",)
        indexes = [models.Index(fields=["account", "service"], condition=Q(until__isnull=True), name="open_holds")]
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=True) | Q(service=""), name="hold_on_account_or_service"
            ),
        ]

    def __str__(self) -> str:
        if self.account:
            return f"{self.account}の停止"
        return f"{self.get_service_display()}の停止" if self.service else "すべての停止"
