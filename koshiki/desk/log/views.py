"""記録 — the chained log, to read, filter, verify and take along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from koshiki import sheet
from koshiki.audit.log import record, verify
from koshiki.audit.models import Entry, Head
from koshiki.desk.log.forms import LogFilter
from koshiki.desk.log.words import kind, words
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import in_service, is_auditor
from koshiki.organization.sign_in import signed_in

_PAGE = 50
_HEADINGS = ("番号", "日時", "職員番号", "氏名", "行為", "行為の名", "対象", "対象の名前", "条項", "内容", "連鎖値")


@dataclass(frozen=True)
class Line:
    """記録の一行 — an entry as people read it."""

    entry: Entry
    words: str
    kind: str
    label: str
    data: list[tuple[str, str]]


def reads_all(person: Person) -> bool:
    """Auditors and the information policy division read the whole log; everybody their own acts."""
    return is_auditor(person) or in_service(person, Division.Service.INFORMATION_POLICY)


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """One page of the log, newest first, by the number to go on from: it stays right while entries are added."""
    person = signed_in(request)
    form = LogFilter(request.GET or None)
    entries, older, newer = _page(form.narrow(_readable(person)), request)
    chosen = request.GET.copy()
    for key in ("before", "after"):
        chosen.pop(key, None)
    context = {"form": form, "lines": [_line(e) for e in entries], "older": older, "newer": newer,
               "query": chosen.urlencode(), "all": reads_all(person)}
    return render(request, "desk/log.html", context)


@require_POST
def log_verify(request: HttpRequest) -> HttpResponse:
    """Recompute the chain now and say whether it holds."""
    _auditor(request)
    verdict = verify()
    if verdict.holds:
        head = Head.objects.get(pk=1)
        messages.success(request, f"{verdict.count}件の記録は、正しくつながっています"
                                  f"（末尾 {head.number}番 {head.digest[:16]}…）。")
    else:
        messages.error(request, f"{verdict.broken_at}番: {verdict.reason}（{verdict.count}件までは正しくつながっています）")
    return redirect("log")


@require_POST
def log_export(request: HttpRequest) -> HttpResponseBase:
    """The filtered entries as CSV, oldest first; that somebody took them along is recorded."""
    person = _auditor(request)
    entries = LogFilter(request.POST or None).narrow(_readable(person)).order_by("number")
    with transaction.atomic():
        record("log.export", person, by=person, clause="K-log", count=entries.count())
    return sheet.download("log", _rows(entries))


def _readable(person: Person) -> QuerySet[Entry]:
    entries = Entry.objects.select_related("actor")
    return entries if reads_all(person) else entries.filter(actor=person)


def _auditor(request: HttpRequest) -> Person:
    person = signed_in(request)
    if not reads_all(person):
        raise Http404
    return person


def _page(entries: QuerySet[Entry], request: HttpRequest) -> tuple[list[Entry], int, int]:
    """The entries of this page, and the numbers from which older and newer ones follow (0: none)."""
    before, after = _number(request, "before"), _number(request, "after")
    if after:
        found = list(entries.filter(number__gt=after).order_by("number")[:_PAGE + 1])
        shown, more = found[:_PAGE][::-1], len(found) > _PAGE
        return shown, after + 1, shown[0].number if more else 0
    found = list((entries.filter(number__lt=before) if before else entries).order_by("-number")[:_PAGE + 1])
    shown = found[:_PAGE]
    return shown, shown[-1].number if len(found) > _PAGE else 0, shown[0].number if before and shown else 0


def _number(request: HttpRequest, key: str) -> int:
    given = request.GET.get(key, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0


def _line(entry: Entry) -> Line:
    content = json.loads(entry.canonical)
    data = [(key, _text(value)) for key, value in content["data"].items()]
    return Line(entry, words(entry), kind(entry), content["label"], data)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(entries: QuerySet[Entry]) -> Iterator[tuple[object, ...]]:
    yield _HEADINGS
    for entry in entries.iterator(chunk_size=2000):
        content = json.loads(entry.canonical)
        actor = entry.actor
        yield (entry.number, timezone.localtime(entry.at).isoformat(timespec="seconds"),
               actor.staff_number if actor else "", actor.name if actor else "koshiki", words(entry), entry.verb,
               entry.thing, content["label"], entry.clause, json.dumps(content["data"], ensure_ascii=False),
               entry.digest)
