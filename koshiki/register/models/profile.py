from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account
from koshiki.register.models.file import StoredFile


class ProfileCheck(models.Model):
    """プロフィール確認 — whether the account's profile holds the register page's address, whole (§6(3)ウ).

    By koshiki (`by` empty) where the service shows the profile; else by a person with evidence.
    """

    class Result(models.TextChoices):
        HOLDS = "holds", "記載あり"
        SHORTENED = "shortened", "短縮URLで記載"
        MISSING = "missing", "記載なし"
        UNREADABLE = "unreadable", "読み取れず"

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="profile_checks", verbose_name="公式アカウント"
    )
    address = models.URLField("記載すべきURL", max_length=300)
    result = models.CharField("結果", max_length=20, choices=Result.choices)
    found = models.TextField("プロフィール欄の文", blank=True)
    picture = models.TextField("画像のアドレス", blank=True, help_text="サービスが示したもの。同じうちは、もう比べない")
    compared_with = models.CharField("比べた画像", max_length=64, blank=True, help_text="台帳の画像の SHA-256")
    by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="確認した職員"
    )
    at = models.DateTimeField("確認日時", default=clock.now)
    evidence = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="証拠"
    )

    class Meta:
        verbose_name = "プロフィール確認"
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=True) | Q(evidence__isnull=False), name="persons_check_has_evidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.get_result_display()}"


class ProfileFinding(models.Model):
    """プロフィールの不備 — one thing in an account's profile that is not as registered (K-profile, §6(3)ウ, §8(2)ア).

    From the reading that found it until a reading finds it right (`right_in`), or a person says why it stays (`by`).
    """

    class Kind(models.TextChoices):
        ADDRESS = "address", "掲載ページのURL"
        NO_ANSWERS = "no_answers", "個別に対応しない旨"
        CONTACT = "contact", "問合せ先"
        NAME = "name", "アカウント名"
        IMAGE = "image", "アカウント画像"
        VERIFICATION = "verification", "認証"

    CLAUSES = {Kind.ADDRESS: "§6(3)ウ", Kind.NO_ANSWERS: "§8(2)ア", Kind.CONTACT: "§8(2)ア", Kind.NAME: "K-profile",
               Kind.IMAGE: "K-profile", Kind.VERIFICATION: "§6(3)エ"}
    SAID = (Kind.NO_ANSWERS, Kind.CONTACT)  # what §8(2)ア wants said

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="profile_findings", verbose_name="公式アカウント"
    )
    kind = models.CharField("項目", max_length=20, choices=Kind.choices)
    seen = models.CharField("見つかったもの", max_length=400)
    reading = models.ForeignKey(ProfileCheck, models.PROTECT, related_name="findings", verbose_name="見つけた確認")
    since = models.DateTimeField("見つかった日時", default=clock.now)
    due_at = models.DateTimeField("期限")
    ended_at = models.DateTimeField("解消日時", null=True, blank=True)
    right_in = models.ForeignKey(
        ProfileCheck, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="直っていた確認"
    )
    by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="理由を記録した職員"
    )
    reason = models.CharField("理由", max_length=400, blank=True)

    class Meta:
        verbose_name = "プロフィールの不備"
        ordering = ("-since", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"], condition=Q(ended_at__isnull=True), name="one_open_finding_of_each_kind"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, right_in__isnull=True, by__isnull=True, reason="")
                | Q(ended_at__isnull=False, right_in__isnull=False, by__isnull=True, reason="")
                | Q(ended_at__isnull=False, right_in__isnull=True, by__isnull=False) & ~Q(reason=""),
                name="finding_ends_by_a_reading_or_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.get_kind_display()}"

    @property
    def clause(self) -> str:
        """What asks for it."""
        return self.CLAUSES[self.Kind(self.kind)]


class ProfileException(models.Model):
    """記載の例外 — why the profile holds the address shortened or not at all (原則として, §6(3)ウ)."""

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="profile_exceptions", verbose_name="公式アカウント"
    )
    reason = models.CharField("理由", max_length=400)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="記録した職員")
    at = models.DateTimeField("記録日時", default=clock.now)
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "記載の例外"
        ordering = ("-at",)
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="one_open_profile_exception"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="profile_exception_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.account} 記載の例外"


class Verification(models.Model):
    """認証 — is there a verified account at this service, was it asked for, was it granted (§6(3)エ).

    Each finding is a row; the newest holds.
    """

    class Available(models.TextChoices):
        YES = "yes", "ある"
        NO = "no", "ない"

    account = models.ForeignKey(Account, models.PROTECT, related_name="verifications", verbose_name="公式アカウント")
    available = models.CharField("認証アカウントの発行", max_length=10, choices=Available.choices)
    looked_on = models.DateField("確かめた日")
    applied_on = models.DateField("申請した日", null=True, blank=True)
    granted_on = models.DateField("認証された日", null=True, blank=True)
    note = models.CharField("備考", max_length=300, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="記録した職員")
    at = models.DateTimeField("記録日時", default=clock.now)

    class Meta:
        verbose_name = "認証"
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(available="yes") | Q(applied_on__isnull=True, granted_on__isnull=True),
                name="verified_where_available",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} 認証"
