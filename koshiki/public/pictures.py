"""The pictures that citizens see: of what was published, and of the accounts on the register.

On a page stands a small copy, so that an old phone can show it; the published one is a touch away. Of a film it is
the picture that stands for it: the film itself is seen at the service.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet
from PIL import Image

from koshiki import store
from koshiki.posts.models import Delivery, Rendition, RevisionMedium
from koshiki.register.models import Account

SMALL, FACE = 480, 160  # the longest side, in pixels
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
POSTER = "image/jpeg"
_NAME = re.compile(rf"([0-9a-f]{{64}})(?:-({SMALL}|{FACE}))?\.(jpg|png|webp)")


@dataclass(frozen=True)
class Picture:
    """画像 — one published picture, as it was approved."""

    sha256: str
    mime: str
    alt: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"{self.sha256}.{ENDINGS[self.mime]}"

    @property
    def small(self) -> str:
        return small_name(self.sha256, SMALL)

    @property
    def small_size(self) -> tuple[int, int]:
        """Width and height of the small copy."""
        share = min(1.0, SMALL / max(self.width, self.height, 1))
        return max(1, round(self.width * share)), max(1, round(self.height * share))


def small_name(sha256: str, side: int) -> str:
    return f"{sha256}-{side}.jpg"


def names() -> Iterator[str]:
    """Every picture's file name."""
    for sha256, mime, poster in _renditions().order_by("sha256").values_list("sha256", "mime", "poster").distinct():
        yield f"{poster}.{ENDINGS[POSTER]}" if poster else f"{sha256}.{ENDINGS[mime]}"
        yield small_name(poster or sha256, SMALL)
    for sha256 in _faces():
        yield small_name(sha256, FACE)


def find(name: str) -> Path | None:
    """The file of a picture that citizens may see; None if there is none of this name, or its bytes are gone."""
    match = _NAME.fullmatch(name)
    if match is None or not _public(match[1], match[2]):
        return None
    try:
        return _small(match[1], int(match[2])) if match[2] else _whole(match[1])
    except FileNotFoundError:
        return None


def _public(sha256: str, side: str | None) -> bool:
    if side == str(FACE):
        return sha256 in _faces()
    return _renditions().filter(Q(sha256=sha256, poster="") | Q(poster=sha256)).exists()


def _renditions() -> QuerySet[Rendition]:
    """Of what is out; not of what was deleted everywhere."""
    gone = Delivery.objects.filter(verb=Delivery.Verb.DELETE, state=Delivery.State.SENT)
    out = Delivery.objects.filter(state=Delivery.State.SENT, account__in=Account.objects.public()).exclude(
        verb=Delivery.Verb.DELETE).exclude(pk__in=gone.values("wrong"))
    seen = RevisionMedium.objects.filter(revision__approvals__deliveries__in=out)
    return Rendition.objects.filter(medium__in=seen.values("medium"))


def _faces() -> list[str]:
    return list(Account.objects.public().exclude(image="").order_by("image").values_list("image", flat=True).distinct())


def _whole(sha256: str) -> Path:
    path = store.path(sha256)
    if not path.is_file():
        raise FileNotFoundError(path)
    return path


def _small(sha256: str, side: int) -> Path:
    """The small copy, made when it is first asked for."""
    target = Path(settings.KOSHIKI_PUBLIC_DIR) / "pictures" / small_name(sha256, side)
    if not target.is_file():
        _make(_whole(sha256), target, side)
    return target


def _make(source: Path, target: Path, side: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as opened:
        picture = opened.convert("RGBA")
    picture.thumbnail((side, side))
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        white.save(file, "JPEG", quality=75, optimize=True, progressive=True)
    Path(beside).replace(target)
