from __future__ import annotations

import uuid

from django.db import models


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
