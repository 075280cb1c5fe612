from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models.account import Account


class StoredFile(models.Model):
    """保存ファイル — a scan, a picture or a capture kept as evidence; its bytes lie under their SHA-256.

    Pictures are re-encoded, so that nothing of their metadata is kept; PDFs are kept as they came.
    """

    class Kind(models.TextChoices):
        SCAN = "scan", "決裁文書の写し"
        IMAGE = "image", "アカウント画像"
        EVIDENCE = "evidence", "確認の証拠"

    account = models.ForeignKey(Account, models.PROTECT, related_name="files", verbose_name="公式アカウント")
    kind = models.CharField("種類", max_length=20, choices=Kind.choices)
    name = models.CharField("元のファイル名", max_length=200)
    sha256 = models.CharField("内容の値", max_length=64, db_index=True)
    mime = models.CharField("形式", max_length=30)
    size = models.PositiveIntegerField("バイト数")
    uploaded_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="登録した職員")
    uploaded_at = models.DateTimeField("登録日時", default=clock.now)

    class Meta:
        verbose_name = "保存ファイル"
        constraints = [
            models.CheckConstraint(
                condition=Q(mime__in=["image/jpeg", "image/png", "application/pdf"]), name="stored_file_formats"
            ),
        ]

    def __str__(self) -> str:
        return self.name
