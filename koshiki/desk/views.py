"""Pages over several chapters: home, and the map of the guideline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.desk.bars import copy_for
from koshiki.desk.duties import gather
from koshiki.desk.sent import sent_by, today_for
from koshiki.desk.trace.report import Row, trace
from koshiki.look import Tone
from koshiki.organization.alerts import mail_is_set_up, unsent
from koshiki.organization.reading import Chapter, chapters, house_rules
from koshiki.organization.roles import confirmed_until, is_it
from koshiki.organization.sign_in import signed_in

_MOST = 30  # duties on one page: who has more begins with the most urgent


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me, what I sent and where it is, what goes out today."""
    person = signed_in(request)
    duties = gather(person)
    context = {"duties": duties[:_MOST], "waiting": len(duties), "most": _MOST, "sent": sent_by(person),
               "today": clock.today(), "deliveries": today_for(person), "mail": mail_is_set_up(),
               "unsent": list(unsent()[:5]) if is_it(person) else [], "copy": copy_for(person)}
    return render(request, "desk/home.html", context)


@require_safe
def guideline_map(request: HttpRequest) -> HttpResponse:
    """Each clause: its words, what koshiki does about it, by which rule, shown by which test, its last refusal."""
    rows = {row.clause.id: row for row in trace()}
    refusals = {e["clause"]: e["newest"] for e in
                Entry.objects.filter(verb="refused").values("clause").annotate(newest=Max("at"))}
    shown = {id_: Shown(row, refusals.get(id_)) for id_, row in rows.items()}
    context = {"parts": [_part(chapter, shown) for chapter in chapters()],
               "house": [shown[clause.id] for clause in house_rules()], "until": confirmed_until(signed_in(request)),
               "counts": Counter(row.word for row in rows.values()).most_common()}
    return render(request, "desk/guideline_map.html", context)


@dataclass(frozen=True)
class Shown:
    """対照の一行 with the time when koshiki last refused by this clause."""

    row: Row
    refused_at: datetime | None

    @property
    def tone(self) -> Tone:
        return {"carried": Tone.DONE, "planned": Tone.PLANNED, "open": Tone.UNKNOWN}.get(self.row.status, Tone.DRAFT)


@dataclass(frozen=True)
class Part:
    """章 with its clauses as shown, and its sections."""

    chapter: Chapter
    clauses: list[Shown]
    sections: list[Part]


def _part(chapter: Chapter, shown: dict[str, Shown]) -> Part:
    return Part(chapter, [shown[c.id] for c in chapter.clauses], [_part(s, shown) for s in chapter.sections])
