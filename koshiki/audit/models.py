from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """監査記録 — one act, chained to the one before it; never changed (database triggers refuse it).

    `canonical` holds the exact text that was hashed; the other columns repeat parts of it so that the log can
    be filtered, and verification compares them.
    """

    number = models.BigIntegerField("番号", primary_key=True)
    at = models.DateTimeField("日時", db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="entries", verbose_name="職員"
    )
    verb = models.CharField("行為", max_length=60, db_index=True)
    thing = models.CharField("対象", max_length=80, db_index=True)
    clause = models.CharField("条項", max_length=30, blank=True, db_index=True)
    canonical = models.TextField("記録")
    digest = models.CharField("連鎖値", max_length=64, unique=True)

    class Meta:
        verbose_name = "監査記録"
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.number} {self.verb} {self.thing}"

    @property
    def data(self) -> dict[str, Any]:
        """What was noted with the act, read from the text that was hashed."""
        found: dict[str, Any] = json.loads(self.canonical)["data"]
        return found

    @property
    def label(self) -> str:
        """What the thing was called when it happened."""
        return str(json.loads(self.canonical)["label"])


class Head(models.Model):
    """監査記録の末尾 — number and digest of the newest entry; locking its one row keeps the chain single."""

    number = models.BigIntegerField("番号", default=0)
    digest = models.CharField("連鎖値", max_length=64, blank=True)

    class Meta:
        verbose_name = "監査記録の末尾"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_head")]

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:8]}"
