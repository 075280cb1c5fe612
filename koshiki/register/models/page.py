from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account
from koshiki.register.models.file import StoredFile


class RegisterPage(models.Model):
    """掲載ページ — the page of the city's CMS into which a person took over the account's entry (§6(3)イ).

    Only where the city lists by its CMS; its address is the one that the profile must hold. A page that moves
    is a new row, the old one is ended.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="register_pages", verbose_name="公式アカウント")
    url = models.URLField("アドレス", max_length=300)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="記録した職員")
    at = models.DateTimeField("記録日時", default=clock.now)
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "掲載ページ"
        ordering = ("-at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="one_open_register_page"
            ),
            models.CheckConstraint(condition=~Q(url=""), name="register_page_has_an_address"),
        ]

    def __str__(self) -> str:
        return self.url


class RegisterPageCheck(models.Model):
    """掲載ページの確認 — what the register's page showed of the account when it was fetched (§6(3)イ).

    By koshiki (`by` empty); where koshiki can't reach it, by a person with evidence.
    """

    class Result(models.TextChoices):
        SHOWN = "shown", "掲載あり"
        LACKING = "lacking", "不足あり"
        UNREACHABLE = "unreachable", "読み取れず"

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="register_page_checks", verbose_name="公式アカウント"
    )
    address = models.URLField("アドレス", max_length=300)
    result = models.CharField("結果", max_length=20, choices=Result.choices)
    found = models.CharField("分かったこと", max_length=400, blank=True)
    by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="確認した職員"
    )
    at = models.DateTimeField("確認日時", default=clock.now)
    evidence = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="証拠"
    )

    class Meta:
        verbose_name = "掲載ページの確認"
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=True) | Q(evidence__isnull=False), name="persons_page_check_has_evidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.get_result_display()}"
