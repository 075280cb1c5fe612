from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.posts.models.post import Post, Revision
from koshiki.register.models import Account


class Approval(models.Model):
    """承認 — an approver approved exactly one digest for some of its targets (§8(1)).

    Where no one person is approver of every target there is one approval for each group of accounts.
    A trigger refuses one by somebody who wrote the post since it was last returned.
    """

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="approvals", verbose_name="版")
    approver = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="承認者")
    at = models.DateTimeField("承認日時", default=clock.now)
    digest = models.CharField("承認した内容の値", max_length=64)
    confirmed = models.TextField("確かめたこと", help_text="§5 の9項目、§8(4) の各リンク、§4(7)（正準 JSON）")
    withdrawn_at = models.DateTimeField("取消日時", null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="取り消した職員")
    withdrawn_for = models.CharField("取消しの理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "承認"
        ordering = ("at",)

    def __str__(self) -> str:
        return f"{self.revision} {self.approver}"


class ApprovalTarget(models.Model):
    """承認した発信先 — an account for which an approval stands; one standing approval for each."""

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="targets", verbose_name="承認")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name="版")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="公式アカウント")
    standing = models.BooleanField("有効", default=True)

    class Meta:
        verbose_name = "承認した発信先"
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "account"], condition=Q(standing=True), name="one_standing_approval"
            ),
        ]

    def __str__(self) -> str:
        return str(self.account)


class Remark(models.Model):
    """差戻し・意見 — what an approver wrote back, with a suggested wording if there is one."""

    class Kind(models.TextChoices):
        RETURN = "return", "差戻し"
        SUGGESTION = "suggestion", "文案の提案"

    post = models.ForeignKey(Post, models.PROTECT, related_name="remarks", verbose_name="投稿")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="remarks", verbose_name="版")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="書いた職員")
    at = models.DateTimeField("日時", default=clock.now)
    kind = models.CharField("種類", max_length=20, choices=Kind.choices)
    text = models.TextField("意見")
    suggestion = models.TextField("提案する文", blank=True, help_text="発信先ごとの内容（正準 JSON）")
    taken_at = models.DateTimeField("取り入れた日時", null=True, blank=True)

    class Meta:
        verbose_name = "差戻し・意見"
        ordering = ("at",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.by}"
