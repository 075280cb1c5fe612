from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from koshiki.networks import service_choices
from koshiki.organization.models import Person
from koshiki.posts.models.approval import Approval
from koshiki.posts.models.post import Post
from koshiki.register.models import Account

LIVE = ~Q(state="cancelled")
STANDS = ~Q(state__in=["cancelled", "failed"])  # neither given up nor refused for good
CHANGING = ("edit", "delete")
OPEN = ("waiting", "claimed", "sending", "retry", "unknown", "person", "held", "failed",
        "offered", "taken")  # neither out nor ended


class Delivery(models.Model):
    """配信 — one approval's content on its way to one account: once, or say so.

    `epoch` fences every write; `lease_until` is by the database's clock; `key` is the same over all tries.
    What may become of a row stands in posts/delivery/states.py.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "配信待ち"
        CLAIMED = "claimed", "準備中"
        SENDING = "sending", "配信中"
        RETRY = "retry", "再送待ち"
        SENT = "sent", "配信済み"
        FAILED = "failed", "失敗"
        UNKNOWN = "unknown", "結果を確認中"
        PERSON = "person", "職員の確認待ち"
        HELD = "held", "停止中"
        CANCELLED = "cancelled", "取消し"
        OFFERED = "offered", "手渡し待ち"
        TAKEN = "taken", "職員が投稿中"

    class Verb(models.TextChoices):
        PUBLISH = "publish", "投稿"
        REPLY = "reply", "訂正の返信"
        EDIT = "edit", "編集"
        DELETE = "delete", "削除"

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="deliveries", verbose_name="承認")
    post = models.ForeignKey(Post, models.PROTECT, related_name="deliveries", verbose_name="投稿")
    account = models.ForeignKey(Account, models.PROTECT, related_name="deliveries", verbose_name="公式アカウント")
    segment = models.PositiveSmallIntegerField("番目", default=0, help_text="続きの投稿では、いくつ目か（0から）")
    verb = models.CharField("すること", max_length=10, choices=Verb.choices, default=Verb.PUBLISH)
    wrong = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections", verbose_name="訂正される配信",
                              help_text="§8(3) 返信し、編集し、削除し、又は代わりに出す相手")
    by_hand = models.BooleanField("手渡し", default=False, help_text="職員が投稿すると承認されたもの")
    state = models.CharField("状態", max_length=20, choices=State.choices, default=State.WAITING)
    key = models.UUIDField("送信の鍵", default=uuid.uuid4, unique=True)
    due_at = models.DateTimeField("発信日時")
    expires_at = models.DateTimeField("配信期限")
    next_at = models.DateTimeField("次に試みる日時")
    epoch = models.PositiveIntegerField("世代", default=0)
    lease_until = models.DateTimeField("占有の期限", null=True)
    tries = models.PositiveSmallIntegerField("試行回数", default=0)
    intent_at = models.DateTimeField("送信を始めた日時", null=True, help_text="まだ結果の出ていない最初の送信")
    taken_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="投稿を引き受けた職員")
    stage = models.TextField("済んだこと", default="{}", help_text="サービス側で済んだこと（JSON）")
    unknown_at = models.DateTimeField("結果が分からなくなった日時", null=True)
    negatives = models.PositiveSmallIntegerField("見つからなかった回数", default=0)
    looked_at = models.DateTimeField("最後に探した日時", null=True)
    remote_id = models.CharField("サービス側の番号", max_length=300, blank=True)
    url = models.CharField("投稿のアドレス", max_length=500, blank=True)
    sent_at = models.DateTimeField("配信日時", null=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    clause = models.CharField("理由の条項", max_length=30, blank=True)
    released_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name="停止の後に進めた職員"
    )
    released_at = models.DateTimeField("停止の後に進めた日時", null=True)
    judged_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="判断した職員")
    evidence = models.CharField("判断の根拠", max_length=500, blank=True)
    read_back = models.TextField("読み返した内容", blank=True)
    read_back_at = models.DateTimeField("読み返した日時", null=True)
    differs = models.BooleanField("承認した内容と違う", default=False)

    class Meta:
        verbose_name = "配信"
        ordering = ("due_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["approval", "account", "segment", "verb"],
                                    name="one_delivery_per_approval"),
            models.UniqueConstraint(
                fields=["post", "account", "segment", "verb"], condition=~Q(state="cancelled"),
                name="one_live_delivery_per_post",
            ),
            models.UniqueConstraint(
                fields=["wrong"], condition=Q(verb__in=list(CHANGING)) & STANDS,
                name="one_change_of_each",
            ),
            models.CheckConstraint(condition=Q(verb="publish") | Q(wrong__isnull=False), name="correction_says_of_what"),
            models.UniqueConstraint(
                fields=["account", "remote_id"], condition=~Q(remote_id=""), name="remote_id_is_bound_once"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["claimed", "sending"]), name="one_under_way_per_account"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["claimed", "sending"]) | Q(lease_until__isnull=False),
                name="under_way_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "unknown", "taken"]) | Q(intent_at__isnull=False),
                name="sending_has_intent",
            ),
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(taken_by__isnull=False), name="taken_says_by_whom"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_says_when"
            ),
            models.CheckConstraint(
                condition=Q(judged_by__isnull=True) | ~Q(evidence=""), name="judgement_has_evidence"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state__in=["waiting", "retry", "unknown", "offered", "taken"]),
                         name="deliveries_to_wake"),
            models.Index(fields=["lease_until"], condition=Q(state__in=["claimed", "sending"]),
                         name="deliveries_under_way"),
            models.Index(fields=["post"], condition=Q(state__in=list(OPEN)), name="deliveries_open"),
            models.Index(Coalesce("sent_at", "due_at"), condition=LIVE, name="deliveries_by_time"),
            models.Index("account", Coalesce("sent_at", "due_at"), condition=LIVE, name="deliveries_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.post} → {self.account}"

    @property
    def published_id(self) -> str:
        """Under which number the service has it; what was edited mostly keeps the one that it had."""
        before = self.wrong if self.verb == self.Verb.EDIT else None
        return self.remote_id or (before.published_id if before else "")

    @property
    def told_at(self) -> datetime:
        """Of what is sent: since when its address is known; `next_at` where a person gave or mended it."""
        return max(self.sent_at or self.next_at, self.next_at)


class Breaker(models.Model):
    """遮断 — how often in a row a service did not take anything, and until when it is left alone.

    One service's trouble must not slow another's: while `until` lies ahead nothing is begun there.
    """

    service = models.CharField("サービス", max_length=30, choices=service_choices, primary_key=True)
    failures = models.PositiveIntegerField("続けて失敗した回数", default=0)
    until = models.DateTimeField("休む期限", null=True)

    class Meta:
        verbose_name = "遮断"

    def __str__(self) -> str:
        return self.get_service_display()
