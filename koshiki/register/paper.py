"""別紙2, 別紙3 and the policy on paper: one sheet for the page, the PDF and the Word file.

A form never changes once it was handed in (the database refuses), so that every drawing of it says the same.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import typst
from django.utils import timezone

from koshiki import store
from koshiki.calendar import era_year
from koshiki.guideline import guideline
from koshiki.register.models import Notification, Policy, StoredFile
from koshiki.register.policy import ShownItem, shown_items
from koshiki.register.turn import head_title

_TEMPLATE, _POLICY = (Path(__file__).with_name(name) for name in ("form.typ", "policy.typ"))
Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sheet:
    """用紙 — a form as the guideline prints it, filled in, with what is attached to it."""

    annex: str
    title: str
    dated: str
    addressee: str
    sender: str
    sentences: tuple[str, ...]
    rows: Rows
    footer: Rows
    note: str
    policy: str
    items: tuple[ShownItem, ...]
    image_title: str
    image: StoredFile | None
    at: datetime


def sheet_of(form: Notification) -> Sheet:
    """What was handed in, in the guideline's words."""
    paper, filled = guideline().forms[form.form], form.content
    deputy = "（代決）" if form.as_deputy else ""
    return Sheet(
        annex=paper.clause.removeprefix("§"), title=paper.title, dated=on_paper(form.submitted_at),
        addressee=paper.addressee,
        sender=f"{paper.sender_label}　{head_title(form.account.division)}　{form.submitted_by}{deputy}",
        sentences=paper.sentences, rows=tuple((row.label, str(filled.get(row.key, ""))) for row in paper.field),
        footer=tuple((row.label, str(filled.get(row.key, ""))) for row in paper.footer), note=paper.attachments_note,
        policy=f"添付1　運用ポリシー（第{form.policy.version}版）" if form.policy else "",
        items=tuple(shown_items(form.policy)) if form.policy else (),
        image_title="添付2　アカウント画像" if form.image else "", image=form.image, at=form.submitted_at)


def on_paper(moment: datetime) -> str:
    """令和8年11月23日: a date as forms have it, without the weekday."""
    return day_on_paper(timezone.localdate(moment))


def day_on_paper(day: date) -> str:
    """The same of a day."""
    return f"{era_year(day)}{day.month}月{day.day}日"


def pdf(sheet: Sheet) -> bytes:
    """The sheet with its attachments as one PDF."""
    root, picture = _picture(sheet)
    return typeset(_TEMPLATE, _as_data(sheet) | picture, at=sheet.at, root=root)


@dataclass(frozen=True)
class PolicySheet:
    """運用ポリシーの用紙 — one version as citizens read it, with its day and what it changed."""

    title: str
    version: str
    since: str
    what: str
    items: tuple[ShownItem, ...]


def policy_sheet(policy: Policy) -> PolicySheet:
    """A version of a policy, in the words of the guideline file."""
    change = getattr(policy, "change", None)
    return PolicySheet(
        title=guideline().fixed["policy_title"].replace("{account}", policy.account.name), version=f"第{policy.version}版",
        since=f"適用開始日　{day_on_paper(policy.in_force_from)}" if policy.in_force_from else "",
        what=change.what if change else "", items=tuple(shown_items(policy)))


def policy_pdf(policy: Policy) -> bytes:
    """The version as a PDF, the same whenever it is asked for."""
    return typeset(_POLICY, asdict(policy_sheet(policy)), at=policy.completed_at or policy.saved_at, root=str(_POLICY.parent))


def typeset(template: Path, data: dict[str, Any], *, at: datetime, root: str) -> bytes:
    """A PDF after PDF/UA-1: tagged, titled, readable by machines in its language.

    With a letter that the font lacks, as an emoji, it is tagged all the same, and does not call itself PDF/UA.
    """
    try:
        return _drawn(template, data, at, root, "ua-1")
    except typst.TypstError:
        return _drawn(template, data, at, root)


def _drawn(template: Path, data: dict[str, Any], at: datetime, root: str, *standards: Literal["ua-1"]) -> bytes:
    made: bytes = typst.compile(  # type: ignore[call-overload]  # its types want root and source to be of one kind
        template.read_bytes(), root=root, font_paths=_fonts(), ignore_system_fonts=True, format="pdf",
        pdf_standards=list(standards), timestamp=int(at.timestamp()),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)})
    return made


def _as_data(sheet: Sheet) -> dict[str, Any]:
    known = {key: getattr(sheet, key) for key in (
        "annex", "title", "dated", "addressee", "sender", "sentences", "rows", "footer", "note", "policy", "image_title")}
    return {**known, "items": [asdict(item) for item in sheet.items]}


def _picture(sheet: Sheet) -> tuple[str, dict[str, str]]:
    """The folder in which Typst may read, and the name and format of the one file that it shall."""
    path = store.path(sheet.image.sha256) if sheet.image else None
    if path is None or sheet.image is None or not path.is_file():
        return str(_TEMPLATE.parent), {"image": "", "format": ""}
    return str(path.parent), {"image": path.name, "format": "jpg" if sheet.image.mime == "image/jpeg" else "png"}


@cache
def _fonts() -> typst.Fonts:
    """Noto Sans CJK JP, which holds the 異体字 of people's names; never what the machine happens to have."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False,
                       font_paths=[str(files("noto_cjk_sans_jp_regular"))])
