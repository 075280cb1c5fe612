from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.posts.models.post import Post


class Correction(models.Model):
    """訂正 — a post that puts right what another said: why, found when and by whom, and when it was done (§8(3)).

    How, stands with each of its targets (`way`); its content is approved and delivered as any other.
    """

    post = models.OneToOneField(Post, models.PROTECT, related_name="correction", verbose_name="訂正の投稿")
    wrong = models.ForeignKey(Post, models.PROTECT, related_name="corrections", verbose_name="誤った投稿")
    reason = models.CharField("誤りの内容", max_length=300)
    found_at = models.DateTimeField("誤りに気付いた日時")
    found_by = models.CharField("気付いた人", max_length=100)
    begun_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="訂正を始めた職員")
    begun_at = models.DateTimeField("訂正を始めた日時", default=clock.now)
    done_at = models.DateTimeField("訂正した日時", null=True, blank=True)

    class Meta:
        verbose_name = "訂正"
        ordering = ("found_at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(reason="") & ~Q(found_by=""), name="correction_says_why_and_who"),
            models.CheckConstraint(condition=~Q(post=F("wrong")), name="nothing_corrects_itself"),
            models.CheckConstraint(condition=Q(found_at__lte=F("begun_at")), name="found_before_corrected"),
        ]

    def __str__(self) -> str:
        return f"{self.wrong}の訂正"

    @property
    def took(self) -> timedelta:
        """From finding to correction; to now while it is not done."""
        return (self.done_at or clock.now()) - self.found_at
