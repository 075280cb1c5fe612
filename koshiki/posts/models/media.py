from __future__ import annotations

from django.db import models
from django.db.models import Q

from koshiki import clock
from koshiki.networks import service_choices
from koshiki.organization.models import Division, Person
from koshiki.store import Kept


class InStore(models.Model):
    """Bytes that lie under their SHA-256 in the store and never change; `milliseconds` and `poster` are a film's."""

    sha256 = models.CharField("内容の値", max_length=64)
    mime = models.CharField("形式", max_length=30)
    width = models.PositiveIntegerField("幅")
    height = models.PositiveIntegerField("高さ")
    size = models.PositiveIntegerField("バイト数")
    milliseconds = models.PositiveIntegerField("長さ（ミリ秒）", default=0)
    poster = models.CharField("動画の一こまの内容の値", max_length=64, blank=True)

    class Meta:
        abstract = True

    @property
    def kept(self) -> Kept:
        return Kept(self.sha256, self.mime, self.width, self.height, self.size, self.milliseconds, self.poster)


class Medium(InStore):
    """素材 — an image or film as it was cleaned on upload, with whose it is and who is to be seen (§4(2)).

    Nothing of the file's metadata is kept.
    """

    class Rights(models.TextChoices):
        OWN = "own", "市の職員が撮影・作成したもの"
        LICENSED = "licensed", "利用許諾の条件により使えるもの"
        PERMITTED = "permitted", "権利者の許可を得たもの"

    class People(models.TextChoices):
        NONE = "none", "だれかと分かる人は写っていない"
        CONSENTED = "consented", "写っている人の同意を得ている"

    division = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name="所属")
    uploaded_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="登録した職員")
    uploaded_at = models.DateTimeField("登録日時", default=clock.now)
    name = models.CharField("元のファイル名", max_length=200)
    rights = models.CharField("権利", max_length=20, choices=Rights.choices)
    rights_evidence = models.CharField("権利の根拠", max_length=300, blank=True)
    people = models.CharField("写っている人", max_length=20, choices=People.choices)
    consent_who = models.CharField("同意した人", max_length=200, blank=True)
    consent_purpose = models.CharField("同意の目的", max_length=200, blank=True)
    consent_until = models.DateField("同意の期限", null=True, blank=True)

    class Meta:
        verbose_name = "素材"
        constraints = [
            models.CheckConstraint(
                condition=~Q(people="consented") | (~Q(consent_who="") & ~Q(consent_purpose="")),
                name="consent_says_who_and_what_for",
            ),
            models.CheckConstraint(
                condition=Q(rights="own") | ~Q(rights_evidence=""), name="rights_of_others_have_evidence"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rendition(InStore):
    """変換画像 — the very bytes that go to one service, made before submission and approved as such."""

    medium = models.ForeignKey(Medium, models.PROTECT, related_name="renditions", verbose_name="素材")
    service = models.CharField("サービス", max_length=30, choices=service_choices)
    rules = models.CharField("変換の条件", max_length=200)

    class Meta:
        verbose_name = "変換画像"
        constraints = [
            models.UniqueConstraint(fields=["medium", "service", "rules"], name="one_rendition_of_each_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.medium} {self.get_service_display()}"
