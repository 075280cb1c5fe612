from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.networks import service_choices
from koshiki.organization.models import Division, Person, RoleGrant


class Accounts(models.QuerySet["Account"]):
    def visible_to(self, person: Person) -> Accounts:
        """What is on the register or was closed: all staff; what is being opened: its division, the two, and auditors.

        A deputy sees the division deputised for; IT, which keeps the connections, what can be connected.
        """
        standing = person.standing
        if standing.sees_everything:
            return self
        seen = Q(state__in=(*Account.PUBLIC, *Account.GONE)) | Q(division__in=standing.divisions | standing.deputy_of)
        if RoleGrant.Role.IT in standing.roles:
            seen |= Q(state__in=Account.ACQUIRED_ON)
        return self.filter(seen)

    def public(self) -> Accounts:
        """What citizens see: the accounts that the information policy head has listed (§6(3)イ)."""
        return self.filter(state__in=Account.PUBLIC)

    def once_public(self) -> Accounts:
        """What citizens no longer see: the accounts that were listed, and delisted for their closing (§7(2))."""
        return self.filter(state__in=Account.GONE, listed_at__isnull=False)


class Account(models.Model):
    """公式アカウント — an account on a service, from its application (§6(1)) to its closing (§7)."""

    class State(models.TextChoices):
        PREPARING = "preparing", "申請準備中"
        DECIDING = "deciding", "決裁・合議中"
        RETURNED = "returned", "差戻し"
        WITHDRAWN = "withdrawn", "取下げ"
        REJECTED = "rejected", "不可"
        APPROVED = "approved", "取得待ち"
        ACQUIRED = "acquired", "届出準備中"
        NOTIFIED = "notified", "届出済み"
        NOTIFICATION_RETURNED = "notification_returned", "届出差戻し"
        RECEIVED = "received", "掲載待ち"
        LISTED = "listed", "掲載済み・確認中"
        OFFICIAL = "official", "公式"
        DELISTED = "delisted", "廃止手続中（掲載削除済み）"
        CLOSED = "closed", "廃止"

    PUBLIC = (State.LISTED, State.OFFICIAL)
    GONE = (State.DELISTED, State.CLOSED)  # off the register by §7(2)
    ENDED = (State.WITHDRAWN, State.REJECTED, State.CLOSED)
    EDITABLE = (State.PREPARING, State.RETURNED, State.WITHDRAWN, State.REJECTED)
    ACQUIRED_ON = (State.ACQUIRED, State.NOTIFIED, State.NOTIFICATION_RETURNED, State.RECEIVED, *PUBLIC)

    division = models.ForeignKey(Division, models.PROTECT, related_name="accounts", verbose_name="担当所属")
    service = models.CharField("サービス", max_length=30, choices=service_choices)
    state = models.CharField("状態", max_length=30, choices=State.choices, default=State.PREPARING, db_index=True)
    name = models.CharField("アカウント名", max_length=100)
    handle = models.CharField("ユーザー名", max_length=200, blank=True)
    url = models.URLField("URL", max_length=300, blank=True)
    remote_id = models.CharField("サービス側の識別子", max_length=200, blank=True)
    introduction = models.CharField("紹介文", max_length=400, blank=True)
    image = models.CharField("アカウント画像", max_length=64, blank=True, help_text="保存した画像の SHA-256")
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="申請者")
    created_at = models.DateTimeField("作成日時", default=clock.now)
    moved_at = models.DateTimeField("今の状態になった日時", default=clock.now)
    due_at = models.DateTimeField("期限", null=True, blank=True)
    acquired_on = models.DateField("取得日", null=True, blank=True)
    listed_at = models.DateTimeField("掲載日時", null=True, blank=True)
    official_at = models.DateTimeField("公式となった日時", null=True, blank=True)

    objects = Accounts.as_manager()

    class Meta:
        verbose_name = "公式アカウント"
        ordering = ("division__code", "service", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["url"], condition=~Q(url="") & ~Q(state__in=["withdrawn", "rejected", "closed"]),
                name="one_account_of_each_address",
            ),
            models.CheckConstraint(
                condition=~Q(state="official") | Q(listed_at__isnull=False, official_at__isnull=False),
                name="official_is_listed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} {self.name}"
