from __future__ import annotations

import json

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from koshiki.organization.models import Person
from koshiki.posts.models.delivery import Delivery
from koshiki.posts.models.post import Post, RevisionTarget
from koshiki.register.models import Account
from koshiki.register.roles import own_accounts


class Slots(models.QuerySet["Slot"]):
    def visible_to(self, person: Person) -> Slots:
        """Those of the posts that the person may see (`Posts.visible_to`), told so that few posts have to be read.

        What is out is told from the slot itself. What is the person's own are lists that are made once; of what
        others have under way it is asked whether the post is out elsewhere.
        """
        if person.standing.sees_everything:
            return self
        mine = own_accounts(person)
        own = Post.objects.filter(division__in=person.standing.divisions).order_by().values("pk")
        concerned = RevisionTarget.objects.filter(account__in=mine).order_by().values("revision__post")
        elsewhere = Delivery.objects.filter(post=OuterRef("post"), state="sent").order_by().values("pk")[:1]
        return self.alias(elsewhere=Subquery(elsewhere)).filter(
            Q(delivery="sent") | Q(account__in=mine) | Q(post__in=own) | Q(post__in=concerned)
            | ~Q(delivery="") & Q(elsewhere__isnull=False))


class Slot(models.Model):
    """予定 — one post on one account, at its time: what the calendar and the lists of posts are made of.

    A view over what is there, never written. An approved post has the times of its live deliveries (when it went
    out, else when it will); any other post those of its latest revision, which may have none.
    """

    key = models.CharField("番号", max_length=30, primary_key=True)
    post = models.ForeignKey(Post, models.PROTECT, related_name="slots", verbose_name="投稿")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="公式アカウント")
    at = models.DateTimeField("日時", null=True, help_text="空なら、承認されたらすぐ")
    delivery = models.CharField("配信の状態", max_length=20, help_text="承認されていなければ空")
    state = models.CharField("投稿の状態", max_length=20)
    url = models.CharField("投稿のアドレス", max_length=500)
    content = models.TextField("内容", help_text="正準 JSON")
    wording = models.CharField("内容の値", max_length=32, help_text="同じ内容なら同じ値")

    objects = Slots.as_manager()

    class Meta:
        verbose_name = "予定"
        managed = False
        db_table = "koshiki_slot"

    def __str__(self) -> str:
        return f"{self.post} {self.account}"

    @property
    def text(self) -> str:
        """What is said there, as one text."""
        return "\n".join(value for value in json.loads(self.content or "{}").values() if value)
