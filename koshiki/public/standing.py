"""Where the static copy stands, in words for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.calendar import wareki
from koshiki.public import static_copy

LATE = timedelta(seconds=30)


@dataclass(frozen=True)
class Standing:
    """写しの状況 — when the copy was last written, and whether citizens see something older than the last change."""

    text: str
    alarm: bool


def standing() -> Standing:
    """As it is now. An alarm if writing failed, or an act of more than half a minute ago was not looked at yet."""
    copy = static_copy.last()
    at = copy.written_at
    written = f"公開用の写しは、{wareki(at)}に書き出しました。" if at else "公開用の写しは、まだありません。"
    if copy.error:
        return Standing(f"{written}いまは書き出せません: {copy.error}", alarm=True)
    waiting = Entry.objects.filter(number=copy.entry + 1, at__lt=clock.now() - LATE).first()
    if waiting:
        return Standing(f"{written}その後の変更（{wareki(waiting.at)}から）が、まだ公開ページに出ていません。"
                        "worker が動いているか、確かめてください。", alarm=True)
    return Standing(written, alarm=False)
