"""Where the static copy stands, in words for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from koshiki import clock
from koshiki.audit.models import Entry, Head
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
    copy = PublicCopy.objects.filter(pk=1)
    seen = Coalesce(Subquery(copy.values("entry")), 0)
    found = Head.objects.annotate(
        written_at=Subquery(copy.values("written_at")), error=Coalesce(Subquery(copy.values("error")), Value("")),
        waiting=Subquery(Entry.objects.filter(number=seen + 1).values("at")[:1]),
    ).values_list("written_at", "error", "waiting").get(pk=1)
    return PublicCopy(written_at=found[0], error=found[1]), found[2]
