from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import MD5

from koshiki import clock
from koshiki.organization.models import Division, Person
from koshiki.posts.models.media import Medium
from koshiki.register.models import Account
from koshiki.register.roles import own_accounts


class Way(models.TextChoices):
    """訂正の方法 — how what is wrong on an account is put right there (§8(3))."""

    REPLY = "reply", "訂正の返信"
    EDIT = "edit", "編集"
    NOTICE = "notice", "訂正の新しい投稿"
    REPOST = "repost", "削除して再投稿"
    TAKE_DOWN = "take_down", "削除（取下げ）"


class Posts(models.QuerySet["Post"]):
    def visible_to(self, person: Person) -> Posts:
        """Published posts: all staff. Drafts, returned, scheduled: own division, the two, auditors.

        Where a post goes to accounts of several divisions, it is each of these divisions' own.
        """
        if person.standing.sees_everything:
            return self
        sent, concerned = _sent(), _concerning(person)
        return self.alias(sent=sent, concerned=concerned).filter(
            Q(division__in=person.standing.divisions) | Q(sent__isnull=False) | Q(concerned__isnull=False))

    def visible_one(self, person: Person, pk: int) -> Post:
        """The post, when the person may see it. Raises Post.DoesNotExist.

        Its division's own people see it whatever it is, as who sees everything: only for others is more asked.
        """
        post, standing = self.get(pk=pk), person.standing
        own = standing.sees_everything or post.division_id in standing.divisions
        return post if own else self.visible_to(person).get(pk=pk)


# Values, not EXISTS: for that the planner reads everything there is, where a page has fifty posts to ask about.

def _sent() -> Subquery:
    """A publication of the post."""
    from koshiki.posts.models.delivery import Delivery  # noqa: PLC0415  (a delivery is of a post)

    return Subquery(Delivery.objects.filter(post=OuterRef("pk"), state="sent").order_by().values("pk")[:1])


def _concerning(person: Person) -> Subquery:
    """A target of the post whose drafts the person sees."""
    targets = RevisionTarget.objects.filter(revision__post=OuterRef("pk"))
    return Subquery(targets.filter(account__in=own_accounts(person)).order_by().values("pk")[:1])


class Post(models.Model):
    """投稿 — what a division wants to say; its content lives in revisions."""

    class State(models.TextChoices):
        DRAFT = "draft", "下書き"
        SUBMITTED = "submitted", "承認待ち"
        RETURNED = "returned", "差戻し"
        APPROVED = "approved", "承認済み"
        WITHDRAWN = "withdrawn", "取下げ"

    division = models.ForeignKey(Division, models.PROTECT, related_name="posts", verbose_name="所属")
    key = models.UUIDField("起案の鍵", default=uuid.uuid4, unique=True, editable=False,
                           help_text="同じ画面から二度起案しても、投稿は一つ")
    title = models.CharField("件名", max_length=100, help_text="庁内での呼び名。発信されません")
    state = models.CharField("状態", max_length=20, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="起案者")
    created_at = models.DateTimeField("起案日時", default=clock.now)
    moved_at = models.DateTimeField("今の状態になった日時", default=clock.now)

    objects = Posts.as_manager()

    class Meta:
        verbose_name = "投稿"
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="posts_newest_first"),
            models.Index(fields=["state"], condition=~Q(state="approved"), name="posts_not_approved"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def latest(self) -> Revision:
        """The newest revision. Raises Revision.DoesNotExist before the first was written."""
        return self.revisions.latest("number")


class Revision(models.Model):
    """版 — all that would go out, at one moment: never changed once written; an approval binds its digest.

    `canonical` is the canonical JSON of everything that goes out (per target its content, the media bytes per
    service, alt texts, links, time, expiry); `digest` its SHA-256.
    """

    post = models.ForeignKey(Post, models.PROTECT, related_name="revisions", verbose_name="投稿")
    number = models.PositiveIntegerField("版数")
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="書いた職員")
    at = models.DateTimeField("日時", default=clock.now)
    basis = models.CharField("根拠", max_length=300, help_text="§4(4) 要綱、通知、決裁番号、担当への確認など")
    due_at = models.DateTimeField("発信日時", null=True, blank=True, help_text="空なら、承認されたらすぐ")
    expires_after = models.PositiveIntegerField("配信期限（分）", default=30)
    canonical = models.TextField("発信するもの")
    digest = models.CharField("内容の値", max_length=64, db_index=True)

    class Meta:
        verbose_name = "版"
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="one_revision_number")]
        indexes = [models.Index(fields=["due_at"], include=["post", "number", "id"], name="revisions_by_time")]

    def __str__(self) -> str:
        return f"{self.post} 第{self.number}版"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("a revision is never changed")
        super().save(*args, **kwargs)

    @property
    def patience(self) -> timedelta:
        """How long after its time it may still go out (配信期限)."""
        return timedelta(minutes=self.expires_after)


class RevisionTarget(models.Model):
    """発信先 — one account of a revision, with the content for it as the service's adapter declares it."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="targets", verbose_name="版")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="公式アカウント")
    content = models.TextField("内容", help_text="正準 JSON")
    way = models.CharField("訂正の方法", max_length=10, choices=Way.choices, blank=True, help_text="訂正でなければ空")

    class Meta:
        verbose_name = "発信先"
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["revision", "account"], name="one_target_of_each_account")]
        indexes = [models.Index("account", MD5("content"), name="targets_by_wording")]

    def __str__(self) -> str:
        return str(self.account)


class RevisionMedium(models.Model):
    """添付 — a medium of a revision, in order, with its alt text."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="media", verbose_name="版")
    medium = models.ForeignKey(Medium, models.PROTECT, related_name="+", verbose_name="素材")
    order = models.PositiveSmallIntegerField("順")
    alt = models.CharField("代替テキスト", max_length=1500)

    class Meta:
        verbose_name = "添付"
        ordering = ("order",)
        constraints = [
            models.UniqueConstraint(fields=["revision", "order"], name="one_medium_at_each_place"),
            models.CheckConstraint(condition=~Q(alt=""), name="alt_text_is_there"),
        ]

    def __str__(self) -> str:
        return self.alt


class OutsideLink(models.Model):
    """市以外へのリンク — an address outside the city's domains, with the author's reason (§8(4))."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="outside_links", verbose_name="版")
    url = models.CharField("アドレス", max_length=500)
    host = models.CharField("ホスト", max_length=255)
    reason = models.CharField("理由", max_length=300)

    class Meta:
        verbose_name = "市以外へのリンク"
        ordering = ("pk",)
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="outside_link_has_reason")]

    def __str__(self) -> str:
        return self.host
