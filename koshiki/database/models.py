from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class Installation(models.Model):
    """設置 — this installation's one row: its identity, and whether it is the sample.

    The data folder holds the same identity; where the two differ (a restored backup, a clone), nothing is
    sent until a person confirms.
    """

    identity = models.UUIDField("識別子", default=uuid.uuid4)
    sample = models.BooleanField("見本", default=False)
    made_at = models.DateTimeField("設置日時", auto_now_add=True)

    class Meta:
        verbose_name = "設置"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_installation"),
        ]

    def __str__(self) -> str:
        return str(self.identity)


class SharedFolder(models.Model):
    """共有フォルダー — a folder that all hosts share; its token stands in a file there too (database/folders.py)."""

    class Name(models.TextChoices):
        MEDIA = "media", "画像"
        FEED = "feed", "市の発信"
        PUBLIC = "public", "公開用の写し"

    name = models.CharField("フォルダー", max_length=10, choices=Name.choices, primary_key=True)
    token = models.CharField("印", max_length=80)

    class Meta:
        verbose_name = "共有フォルダー"

    def __str__(self) -> str:
        return self.get_name_display()


class Worker(models.Model):
    """ワーカー — a process that does the prepared work, on whatever host; its number changes every few seconds."""

    id = models.UUIDField("識別子", primary_key=True, default=uuid.uuid4)
    host = models.CharField("機械", max_length=200)
    started_at = models.DateTimeField("開始日時", db_default=Now())
    beat = models.CharField("番号", max_length=16)
    before = models.CharField("前の番号", max_length=16, blank=True)
    beat_at = models.DateTimeField("番号を変えた日時", db_default=Now())

    class Meta:
        verbose_name = "ワーカー"

    def __str__(self) -> str:
        return self.host
