"""設定: 控え — when a backup was taken last, what to do for one, and what is in none; for IT, to read."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.backup.notes import MADE, RESTORED, UPGRADED, kept_apart, newest
from koshiki.look import Tone, WhereItStands
from koshiki.organization.roles import is_it
from koshiki.organization.sign_in import signed_in

OLD = timedelta(days=2)  # a daily backup that failed twice
IT = "システム管理の担当"


@require_safe
def backups(request: HttpRequest) -> HttpResponse:
    """The last backup, upgrade and restore, as the log knows them."""
    if not is_it(signed_in(request)):
        raise Http404
    made = newest(MADE)
    return render(request, "backup/backups.html", {
        "made": made, "stands": _stands(made), "upgraded": newest(UPGRADED), "restored": newest(RESTORED),
        "apart": kept_apart(), "home": settings.KOSHIKI_HOME, "facts": _facts(made) if made else []})


def _stands(made: Entry | None) -> WhereItStands:
    if made is None:
        return WhereItStands("まだありません", Tone.UNKNOWN, IT, clause="K-backup")
    late = clock.now() - made.at > OLD
    return WhereItStands("古くなっています" if late else "取れています", Tone.UNKNOWN if late else Tone.DONE, IT,
                         due=made.at + OLD, clause="K-backup")


def _facts(made: Entry) -> list[tuple[str, object]]:
    data = made.data
    return [("ファイル", data["file"]), ("大きさ", f"{data['bytes'] / 1e6:.1f} MB"),
            ("画像と発信一覧", f"{data['files']}件"), ("監査記録", f"{data['entries']}番まで")]
