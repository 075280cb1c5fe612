from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q, prefetch_related_objects

from koshiki.posts.models.post import Revision


class Finding(models.Model):
    """指摘 — what a check saw in a revision, and the author's answer: changed, or why it may stay (§4, §5, §8(4))."""

    class Answer(models.TextChoices):
        OPEN = "open", "未回答"
        JUSTIFIED = "justified", "そのままでよい"
        CHANGED = "changed", "直した"

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="findings", verbose_name="版")
    key = models.CharField("指摘の値", max_length=16, help_text="点検と言葉から決まり、版が変わっても同じ")
    name = models.CharField("点検", max_length=40)
    clause = models.CharField("条項", max_length=30)
    quote = models.CharField("言葉", max_length=500)
    before = models.CharField("前の言葉", max_length=40, blank=True)
    after = models.CharField("後の言葉", max_length=40, blank=True)
    reason = models.CharField("指摘の理由", max_length=300)
    advice = models.CharField("すること", max_length=300, blank=True)
    place = models.CharField("場所", max_length=500, blank=True)
    answer = models.CharField("答え", max_length=10, choices=Answer.choices, default=Answer.OPEN)
    said = models.CharField("そのままでよい理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "指摘"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["revision", "key"], name="one_finding_of_each_kind"),
            models.CheckConstraint(condition=(Q(answer="justified") & ~Q(said="")) | (~Q(answer="justified") & Q(said="")),
                                   name="what_may_stay_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.clause} {self.name}"

    @property
    def places(self) -> tuple[str, ...]:
        return (self.place,) if self.place else ()


def has_findings() -> Exists:
    """Of a revision: was anything found? As `noted` it spares most posts the question what."""
    return Exists(Finding.objects.filter(revision=OuterRef("pk")))


def findings_of(revision: Revision) -> list[Finding]:
    """The findings of a revision, asked for once, and not at all where it is known that there are none."""
    if not getattr(revision, "noted", True):
        return []
    prefetch_related_objects([revision], "findings")
    return list(revision.findings.all())
