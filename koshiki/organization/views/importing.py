"""取込みと書出し — the pages on which IT takes in divisions, people and postings from files, and takes them along."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki import sheet
from koshiki.organization.importing.acts import KINDS, carry_out, export, hand_in, planned
from koshiki.organization.importing.plan import Kind, Plan, What
from koshiki.organization.importing.table import MOST_BYTES, BadFile, Fault
from koshiki.organization.models import Import, Person
from koshiki.organization.views.pages import keeper

_SHOWN = 100  # lines of a preview or of faults: who has more mends these first
WORDS = {What.NEW: ("新規", "done"), What.CHANGED: ("変更", "waiting"), What.ENDED: ("終了", "ended"),
         What.UNCHANGED: ("変更なし", "draft")}


class ImportForm(forms.Form):
    """取込み — one file; what it holds is told by its headings."""

    file = forms.FileField(
        label="CSVファイル", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="所属、職員、配属のどれかは、見出しの行で見分けます。",
        error_messages={"required": "ファイルを選んでください。", "empty": "中身のないファイルです。",
                        "max_length": "ファイル名が長すぎます。"})

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(f"ファイルは{MOST_BYTES // 1_000_000}MBまでです。分けて取り込んでください。")
        return file


@require_http_methods(["GET", "POST"])
def organization_import(request: HttpRequest) -> HttpResponse:
    """Choose a file. One with faults is shown with all of them; a good one goes on to its preview."""
    by = keeper(request)
    form = ImportForm(request.POST or None, request.FILES or None) if request.method == "POST" else ImportForm()
    faults: list[Fault] = []
    if request.method == "POST" and form.is_valid():
        made, faults = _handed_in(form.cleaned_data["file"], by)
        if made:
            return redirect("import_preview", pk=made.pk)
    context = {"form": form, "kinds": KINDS.values(), **_faults(faults)}
    return render(request, "organization/import.html", context, status=422 if faults or form.errors else 200)


@require_http_methods(["GET", "POST"])
def import_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file would do; carried out by the one who chose it, as it is shown here."""
    by = keeper(request)
    handed_in = get_object_or_404(Import, pk=pk, by=by)
    if request.method == "POST":
        return _done(request, carry_out(handed_in, request.POST.get("digest", ""), by=by))
    return render(request, "organization/import_preview.html", _preview(handed_in, planned(handed_in, by)))


@require_safe
def import_example(request: HttpRequest, kind: str) -> HttpResponseBase:
    """A file to begin with: the headings and two lines."""
    keeper(request)
    chosen = _kind(kind)
    return sheet.download(f"{kind}-example", [chosen.headings, *chosen.example])


@require_POST
def organization_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All that is registered, as a file that can be taken in again."""
    return sheet.download(kind, export(_kind(kind), by=keeper(request)))


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise Http404
    return KINDS[name]


def _handed_in(file: UploadedFile[bytes], by: Person) -> tuple[Import | None, list[Fault]]:
    name = "".join(c for c in file.name or "" if c.isprintable())[-100:] or "ファイル"
    try:
        made, plan = hand_in(name, file.read(), by=by)
    except BadFile as bad:
        return None, [bad.fault]
    return made, plan.faults


def _faults(faults: list[Fault]) -> dict[str, Any]:
    return {"faults": faults[:_SHOWN], "wrong": len(faults), "rest": max(0, len(faults) - _SHOWN)}


def _preview(handed_in: Import, plan: Plan) -> dict[str, Any]:
    moving = plan.moving
    counts = [(*WORDS[what], number) for what, number in plan.counts.items()]
    rows = [(row, *WORDS[row.what]) for row in moving[:_SHOWN]]
    return {"import": handed_in, "kind": KINDS[plan.kind], "plan": plan, "counts": counts, "rows": rows,
            "moving": len(moving), "hidden": max(0, len(moving) - _SHOWN), **_faults(plan.faults)}


def _done(request: HttpRequest, plan: Plan) -> HttpResponse:
    words = "、".join(f"{WORDS[what][0]}{number}件" for what, number in plan.counts.items())
    messages.success(request, f"{KINDS[plan.kind].word}を取り込みました（{words}）。")
    if plan.kind == "person" and plan.counts[What.NEW]:
        return redirect("first_passwords")
    return redirect("divisions" if plan.kind == "division" else "people")
