"""Where the static copy stands, in words for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.calendar import wareki
from koshiki.guideline import guideline
from koshiki.public.models import PublicCopy

_WORKER = "この変更を書き出す worker が動いているか、システム管理の担当が確かめてください。"


@dataclass(frozen=True)
class Standing:
    """写しの状況 — when the copy was last written, and whether citizens may see something older than the last change."""

    text: str
    alarm: bool


def standing() -> Standing:
    """As it is now, by one query.

    An alarm if writing failed, or an act that is older than the guideline file allows was not looked at yet.
    """
    copy, waiting = _last_and_waiting()
    at = copy.written_at
    written = f"公開用の写しは、{wareki(at)}に書き出しました。" if at else "公開用の写しは、まだありません。"
    if copy.error:
        return Standing(f"{written}いまは書き出せません: {copy.error}", alarm=True)
    if waiting and waiting < clock.now() - timedelta(seconds=guideline().deadlines["public_copy_seconds"]):
        return Standing(f"{written}その後の変更（{wareki(waiting)}から）が、まだ公開ページに出ていません。{_WORKER}", alarm=True)
    return Standing(written, alarm=False)


def _last_and_waiting() -> tuple[PublicCopy, datetime | None]:
    """How far the copy has come, and when the first act happened that it has not looked at."""
    following = Entry.objects.filter(number=OuterRef("next")).values("at")
    found = PublicCopy.objects.annotate(next=F("entry") + 1).annotate(waiting=Subquery(following)).first()
    if found is None:
        first = Entry.objects.filter(number=1).first()
        return PublicCopy(pk=1), first.at if first else None
    return found, found.waiting
