from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from koshiki import clock

if TYPE_CHECKING:
    from koshiki.organization.standing import Standing


class Dated(models.QuerySet[Any]):
    """Rows that hold from a day to a day (inclusive; no end: until further notice)."""

    def current(self, day: date | None = None) -> Dated:
        day = day or clock.today()
        return self.filter(Q(end__isnull=True) | Q(end__gte=day), start__lte=day)


class Division(models.Model):
    """所属 — the unit that owns accounts."""

    class Service(models.TextChoices):
        INFORMATION_POLICY = "information_policy", "情報政策（届出・掲載・合議）"
        PUBLIC_RELATIONS = "public_relations", "広報（合議）"

    code = models.CharField("所属コード", max_length=20, unique=True)
    name = models.CharField("所属名", max_length=60, unique=True)
    name_en = models.CharField("英語名", max_length=100, blank=True)
    telephone = models.CharField("電話番号", max_length=30)
    service = models.CharField(
        "役割", max_length=30, choices=Service.choices, blank=True,
        help_text="ガイドラインで合議・届出を受けると定められた所属",
    )
    end = models.DateField("廃止日", null=True, blank=True)

    class Meta:
        verbose_name = "所属"
        ordering = ("code",)
        constraints = [
            models.UniqueConstraint(
                fields=["service"], condition=~Q(service=""), name="one_division_of_each_service"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class People(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(staff_number=username)


class Person(AbstractBaseUser):
    """職員 — somebody with a 職員番号; who two people are is told by it. Deactivated, never deleted."""

    staff_number = models.CharField("職員番号", max_length=20, unique=True)
    name = models.CharField("氏名", max_length=60)
    kana = models.CharField("氏名（かな）", max_length=80, blank=True)
    email = models.EmailField("メール", blank=True)
    extension = models.CharField("内線", max_length=20, blank=True)
    is_active = models.BooleanField("有効", default=True)
    must_change_password = models.BooleanField("初回にパスワードを変更", default=False)

    USERNAME_FIELD = "staff_number"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = People()

    class Meta:
        verbose_name = "職員"
        ordering = ("staff_number",)

    def __str__(self) -> str:
        return self.name

    @cached_property
    def standing(self) -> Standing:
        """Where this person stands today: postings, roles, deputyships. Kept for one request."""
        from koshiki.organization.standing import standing_of  # noqa: PLC0415  (it reads the tables below)

        return standing_of(self)

    def afresh(self) -> Person:
        """The same person with the standing of this moment: roles take effect and end at once."""
        for kept in ("standing", "read_with_the_person", "known_accounts", "public_copy", "deputy_services", "open_holds"):
            self.__dict__.pop(kept, None)
        return self


class Posting(models.Model):
    """配属 — a person in a division with a position, from–to; several at once (兼務)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="postings", verbose_name="職員")
    division = models.ForeignKey(Division, models.PROTECT, related_name="postings", verbose_name="所属")
    position = models.CharField("職", max_length=30)
    start = models.DateField("開始日")
    end = models.DateField("終了日", null=True, blank=True)

    objects = Dated.as_manager()

    class Meta:
        verbose_name = "配属"
        ordering = ("start",)
        constraints = [
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="posting_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.position} {self.person}"


class RoleGrant(models.Model):
    """役割の付与 — auditor or IT, from–to, given by another person."""

    class Role(models.TextChoices):
        AUDITOR = "auditor", "監査"
        IT = "it", "システム管理"

    person = models.ForeignKey(Person, models.PROTECT, related_name="role_grants", verbose_name="職員")
    role = models.CharField("役割", max_length=20, choices=Role.choices)
    start = models.DateField("開始日")
    end = models.DateField("終了日", null=True, blank=True)
    granted_by = models.ForeignKey(
        Person, models.PROTECT, related_name="+", null=True, verbose_name="付与した職員",
        help_text="最初の設定で、まだ職員がいないときだけ空になります",
    )

    objects = Dated.as_manager()

    class Meta:
        verbose_name = "役割の付与"
        ordering = ("start",)
        constraints = [
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("person")), name="no_role_for_oneself"
            ),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="grant_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_role_display()}"


class Absence(models.Model):
    """不在 — a head's dated absence; while it is open the deputy decides (代決)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="absences", verbose_name="職員")
    start = models.DateField("開始日")
    end = models.DateField("終了日", null=True, blank=True)
    reason = models.CharField("事由", max_length=100)

    objects = Dated.as_manager()

    class Meta:
        verbose_name = "不在"
        ordering = ("-start",)
        constraints = [
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="absence_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.start}"


class Deputy(models.Model):
    """代決者 — who decides for the head of a division, named in order by the head."""

    division = models.ForeignKey(Division, models.PROTECT, related_name="deputies", verbose_name="所属")
    person = models.ForeignKey(Person, models.PROTECT, related_name="deputyships", verbose_name="職員")
    order = models.PositiveSmallIntegerField("順位", default=1)
    start = models.DateField("開始日")
    end = models.DateField("終了日", null=True, blank=True)
    named_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="指定した職員")

    objects = Dated.as_manager()

    class Meta:
        verbose_name = "代決者"
        ordering = ("division", "order")
        constraints = [
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="deputy_dates"),
            models.CheckConstraint(condition=~Q(named_by=F("person")), name="no_deputyship_for_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.order} {self.person}"


class Confirmation(models.Model):
    """確認 — a person confirmed the guideline in one edition; it holds for a year (§4(1))."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="confirmations", verbose_name="職員")
    edition = models.CharField("版", max_length=40)
    at = models.DateTimeField("確認日時")

    class Meta:
        verbose_name = "確認"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.person} {self.edition}"


class Alert(models.Model):
    """通知 — a mail to the person whose turn it is: the page's address and none of the content."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="alerts", verbose_name="職員")
    subject = models.CharField("件名", max_length=120)
    path = models.CharField("ページ", max_length=200)
    made_at = models.DateTimeField("作成日時", default=clock.now)
    sent_at = models.DateTimeField("送信日時", null=True)
    error = models.CharField("送信できなかった理由", max_length=200, blank=True)

    class Meta:
        verbose_name = "通知"
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return self.subject


class Import(models.Model):
    """取込み — a file of divisions, people or postings as it was handed in, until it is carried out or a day old.

    It never changes: what is carried out is what was shown. What was done stands in the log.
    """

    kind = models.CharField("種類", max_length=20)
    name = models.CharField("ファイル名", max_length=100)
    content = models.BinaryField("内容")
    by = models.ForeignKey(Person, models.PROTECT, related_name="imports", verbose_name="選んだ職員")
    at = models.DateTimeField("日時", default=clock.now)

    class Meta:
        verbose_name = "取込み"

    def __str__(self) -> str:
        return self.name
