from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account


class Inlet(models.Model):
    """受け口 — the address, which nobody can guess, at which a service tells what people wrote to one account."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="inlets", verbose_name="公式アカウント")
    path = models.CharField("アドレスの末尾", max_length=64, unique=True)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="作った職員")
    made_at = models.DateTimeField("作った日時", default=clock.now)
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "受け口"
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at__isnull=True), name="one_live_inlet"),
        ]

    def __str__(self) -> str:
        return f"{self.account} 受け口"


class Incoming(models.Model):
    """届いたもの — one thing that a service told by itself, as it came (JSON), kept once however often it is told.

    It holds what citizens wrote: no page shows it but to those who may read the account's comments.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="incoming", verbose_name="公式アカウント")
    number = models.CharField("サービス側の番号", max_length=100)
    text = models.TextField("届いた内容", help_text="JSON")
    at = models.DateTimeField("サービスでの日時")
    received_at = models.DateTimeField("受け取った日時", default=clock.now)

    class Meta:
        verbose_name = "届いたもの"
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="incoming_is_kept_once"),
        ]
        indexes = [models.Index(fields=["account", "at"], name="incoming_by_time")]

    def __str__(self) -> str:
        return f"{self.account} {self.number}"
