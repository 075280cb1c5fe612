from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account
from koshiki.register.models.file import StoredFile
from koshiki.register.models.policy import Policy


class Notification(models.Model):
    """届出 — a form of the guideline as the head submitted it (別紙2), with its attachments; never changed.

    `fields` is canonical JSON; a corrected form is a new version.
    """

    class Form(models.TextChoices):
        OPENING = "opening", "ソーシャルメディア利用届出書"
        CLOSING = "closing", "ソーシャルメディア廃止届出書"

    account = models.ForeignKey(Account, models.PROTECT, related_name="notifications", verbose_name="公式アカウント")
    form = models.CharField("様式", max_length=20, choices=Form.choices)
    version = models.PositiveSmallIntegerField("回")
    fields = models.TextField("記入事項")
    digest = models.CharField("内容の値", max_length=64)
    policy = models.ForeignKey(
        Policy, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="添付した運用ポリシー"
    )
    image = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="添付したアカウント画像"
    )
    submitted_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="提出した職員")
    as_deputy = models.BooleanField("代決", default=False)
    submitted_at = models.DateTimeField("提出日時", default=clock.now)
    received_at = models.DateTimeField("受理日時", null=True, blank=True)
    received_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="受理した職員"
    )
    returned_at = models.DateTimeField("差戻し日時", null=True, blank=True)
    returned_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="差し戻した職員"
    )
    comment = models.CharField("意見", max_length=2000, blank=True)

    class Meta:
        verbose_name = "届出"
        ordering = ("form", "version")
        constraints = [
            models.UniqueConstraint(fields=["account", "form", "version"], name="notification_versions"),
            models.UniqueConstraint(
                fields=["account", "form"], condition=Q(received_at__isnull=True, returned_at__isnull=True),
                name="one_open_notification",
            ),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(returned_at__isnull=True), name="received_or_returned"
            ),
            models.CheckConstraint(
                condition=~Q(form="opening") | Q(policy__isnull=False, image__isnull=False),
                name="opening_notification_has_attachments",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.get_form_display()}"

    @property
    def content(self) -> dict[str, Any]:
        """The rows of the form by their keys, read from the text that was hashed."""
        found: dict[str, Any] = json.loads(self.fields)
        return found
