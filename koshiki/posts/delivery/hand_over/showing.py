"""What the page of a hand-over shows: the approved text and pictures to take along, where to post them, whose turn it is."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass

from django.urls import reverse

from koshiki.calendar import wareki
from koshiki.guideline import Refused
from koshiki.look import Picture, Tone, WhereItStands
from koshiki.networks.base import Compose, HandsOver, Media, Outgoing
from koshiki.organization.models import Person
from koshiki.posts.content import handed_over
from koshiki.posts.delivery.check import check
from koshiki.posts.delivery.hand_over.taking import may_give_back
from koshiki.posts.models import Delivery

S = Delivery.State


@dataclass(frozen=True)
class Copy:
    """写すもの — a text to be copied as it stands; `rows` lines high."""

    id: str
    label: str
    text: str

    @property
    def rows(self) -> int:
        return min(18, sum(1 + len(line) // 20 for line in self.text.split("\n")))  # as a phone breaks them


@dataclass(frozen=True)
class Attachment:
    """添付 — a picture to be saved and attached, with its alt text to be copied."""

    picture: Picture
    name: str
    download: str
    alt: Copy


@dataclass(frozen=True)
class Page:
    """手渡しの画面 — of one delivery, for one person."""

    where: WhereItStands
    service: HandsOver
    obstacle: Refused | None
    mine: bool
    copies: list[Copy]
    attachments: list[Attachment]
    compose: Compose | None


def page_of(row: Delivery, outgoing: Outgoing, person: Person) -> Page:
    """For an account whose service is served by hand."""
    service = handed_over(row)
    assert service is not None  # noqa: S101  (the view asks)
    content = outgoing.content
    copies = [Copy(f"copy-{f.key}", f.label, content[f.key]) for f in service.fields if content.get(f.key)]
    attachments = [_attachment(row, place, media) for place, media in enumerate(outgoing.media, start=1)]
    return Page(_where(row), service, obstacle(row), may_give_back(row, person), copies, attachments,
                service.compose(row.account.url, content))


def obstacle(row: Delivery) -> Refused | None:
    """Why it may not go out now, if so."""
    try:
        check(row)
    except Refused as refused:
        return refused
    return None


def file_name(row: Delivery, place: int, media: Media) -> str:
    """The name under which a picture or film is saved."""
    return f"koshiki-{row.post_id}-{place}{mimetypes.guess_extension(media.mime) or ''}"


def _attachment(row: Delivery, place: int, media: Media) -> Attachment:
    shown = reverse("post_image", args=[row.post_id, media.path.stem])
    return Attachment(Picture(shown, media.alt, film=media.is_video), file_name(row, place, media),
                      reverse("delivery_media", args=[row.pk, place]),
                      Copy(f"copy-alt-{place}", f"{'動画' if media.is_video else '画像'}{place}の代替テキスト", media.alt))


def _where(row: Delivery) -> WhereItStands:
    if row.taken_by and row.intent_at and row.state != S.OFFERED:
        who, note = f"{row.taken_by.name}さん", f"{wareki(row.intent_at)}に引き受けました。"
    else:
        who, note = "情報発信担当者又は情報発信責任者のうち一人", ""
    tone = Tone.UNKNOWN if row.state == S.PERSON else Tone.WAITING
    return WhereItStands(state=row.get_state_display(), tone=tone, who=who, due=row.expires_at, clause="K-handover", note=note)
