from __future__ import annotations

import json

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account
from koshiki.register.models.file import StoredFile
from koshiki.register.models.notification import Notification


class Closings(models.QuerySet["Closing"]):
    def standing(self) -> Closings:
        """Those that were not withdrawn: of each account at most one."""
        return self.exclude(state=Closing.State.WITHDRAWN)


class Closing(models.Model):
    """廃止 — the closing of an account (§7), from the first draft of 別紙3 to the evidence that the account is gone.

    A draft changes nothing. Until the delisting the account stays what it is; the closing can be withdrawn.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "届出書の下書き"
        NOTIFIED = "notified", "廃止届出済み"
        RETURNED = "returned", "廃止届出の差戻し"
        WITHDRAWN = "withdrawn", "廃止の取下げ"
        DELISTED = "delisted", "掲載削除済み・確認待ち"
        CONFIRMED = "confirmed", "削除確認済み・廃止作業待ち"
        CLOSED = "closed", "廃止済み"

    UNDER_WAY = (State.NOTIFIED, State.RETURNED, State.DELISTED, State.CONFIRMED)

    account = models.ForeignKey(Account, models.PROTECT, related_name="closings", verbose_name="公式アカウント")
    state = models.CharField("状態", max_length=20, choices=State.choices, default=State.DRAFT)
    begun_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="書き始めた職員")
    begun_at = models.DateTimeField("開始日時", default=clock.now)
    draft = models.TextField("届出書の下書き", default="{}", help_text="記入中の欄（JSON）。届け出ると空になる")
    due_at = models.DateTimeField("期限", null=True, blank=True)
    notification = models.OneToOneField(
        Notification, models.PROTECT, null=True, blank=True, related_name="closing", verbose_name="届出"
    )
    delisted_at = models.DateTimeField("掲載を削除した日時", null=True, blank=True)
    delisted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="掲載を削除した職員")
    confirmed_at = models.DateTimeField("削除を確認した日時", null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="削除を確認した職員")
    closed_on = models.DateField("廃止日", null=True, blank=True, help_text="サービスの画面でアカウントを廃止した日")
    closed_at = models.DateTimeField("廃止を記録した日時", null=True, blank=True)
    closed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="廃止を記録した職員")

    objects = Closings.as_manager()

    class Meta:
        verbose_name = "廃止"
        ordering = ("-begun_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=~Q(state="withdrawn"), name="one_standing_closing"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(notification__isnull=False), name="closing_is_notified"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["delisted", "confirmed", "closed"], delisted_at__isnull=False)
                | ~Q(state__in=["delisted", "confirmed", "closed"]) & Q(delisted_at__isnull=True),
                name="closing_is_delisted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["confirmed", "closed"], confirmed_at__isnull=False)
                | ~Q(state__in=["confirmed", "closed"]) & Q(confirmed_at__isnull=True),
                name="closing_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False, closed_on__isnull=False)
                | ~Q(state="closed") & Q(closed_at__isnull=True, closed_on__isnull=True),
                name="closing_is_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}の廃止"

    @property
    def typed(self) -> dict[str, str]:
        """What the draft holds so far, by the keys of the form."""
        found: dict[str, str] = json.loads(self.draft)
        return found


class ClosingCheck(models.Model):
    """廃止の確認 — whether the register's page, and then the account itself, is really gone (§7(3)); never changed.

    By koshiki, which fetched the address (`by` empty), else by a person with evidence.
    """

    class What(models.TextChoices):
        PAGE = "page", "掲載ページ"
        ACCOUNT = "account", "アカウント"

    class Result(models.TextChoices):
        GONE = "gone", "なくなっている"
        THERE = "there", "まだある"
        UNCLEAR = "unclear", "分からない"

    closing = models.ForeignKey(Closing, models.PROTECT, related_name="checks", verbose_name="廃止")
    what = models.CharField("見たもの", max_length=20, choices=What.choices)
    address = models.URLField("アドレス", max_length=300, blank=True)
    status = models.PositiveSmallIntegerField("サーバーの答え", null=True, blank=True, help_text="HTTPの番号")
    result = models.CharField("結果", max_length=20, choices=Result.choices)
    found = models.CharField("分かったこと", max_length=400, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="確認した職員")
    at = models.DateTimeField("確認日時", default=clock.now)
    evidence = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="証拠"
    )

    class Meta:
        verbose_name = "廃止の確認"
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=True) | Q(evidence__isnull=False), name="persons_closing_check_has_evidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.get_result_display()}"
