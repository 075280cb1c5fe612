from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.networks import service_choices
from koshiki.organization.models import Person
from koshiki.register.models.account import Account


class Connection(models.Model):
    """接続 — koshiki's access to an account; its token is sealed with account and service bound in."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="connections", verbose_name="公式アカウント")
    sealed = models.BinaryField("封印した鍵")
    remote_id = models.CharField("サービス側の識別子", max_length=200)
    handle = models.CharField("接続したユーザー名", max_length=200)
    server = models.TextField("サービスの事実", default="{}", help_text="上限や仕様（JSON）。秘密は入らない")
    connected_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="接続した職員")
    connected_at = models.DateTimeField("接続日時", default=clock.now)
    dead_at = models.DateTimeField("使えなくなった日時", null=True, blank=True)
    expires_at = models.DateTimeField("鍵の期限", null=True, blank=True, help_text="空なら、期限がない")
    refresh_at = models.DateTimeField("次に更新する日時", null=True, blank=True)
    refresh_until = models.DateTimeField("更新の占有の期限", null=True, blank=True)
    epoch = models.PositiveIntegerField("世代", default=0, help_text="鍵を書き換えるたびに進む")
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "接続"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="one_live_connection"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.handle}"


class ServiceApp(models.Model):
    """アプリの登録 — koshiki as a service knows it: what IT registered there once for all accounts; sealed."""

    service = models.CharField("サービス", max_length=30, choices=service_choices)
    sealed = models.BinaryField("封印した鍵")
    registered_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="登録した職員")
    registered_at = models.DateTimeField("登録日時", default=clock.now)
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)

    class Meta:
        verbose_name = "アプリの登録"
        constraints = [
            models.UniqueConstraint(fields=["service"], condition=Q(ended_at__isnull=True), name="one_live_service_app"),
        ]

    def __str__(self) -> str:
        return self.get_service_display()


class ConnectionAttempt(models.Model):
    """接続の手続 — a connection that was begun: for one person, one session, once, for ten minutes (K-connection).

    `sealed` holds what must come back to be exchanged; only digests of state and session are kept.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="公式アカウント")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="始めた職員")
    state_digest = models.CharField("照合値", max_length=64, unique=True)
    session_digest = models.CharField("画面の値", max_length=64)
    sealed = models.BinaryField("封印した途中の値")
    begun_at = models.DateTimeField("開始日時", default=clock.now)
    used_at = models.DateTimeField("使用日時", null=True, blank=True)

    class Meta:
        verbose_name = "接続の手続"

    def __str__(self) -> str:
        return f"{self.account} 接続の手続"
