from __future__ import annotations

from django.db import models
from django.db.models import Q


class PublicCopy(models.Model):
    """公開用の写し — how far the static copy of the public pages has come; one row.

    `entry` is the log's entry up to which it was looked, `digest` stands for all that it shows.
    """

    entry = models.BigIntegerField("見終えた記録の番号", default=0)
    digest = models.CharField("内容の値", max_length=64, blank=True)
    release = models.PositiveIntegerField("版", default=0)
    written_at = models.DateTimeField("書き出した日時", null=True, blank=True)
    error = models.CharField("書き出せなかった理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "公開用の写し"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_public_copy")]

    def __str__(self) -> str:
        return f"第{self.release}版"
