"""別紙3: the form as the guideline prints it, with the reason, without attachments."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import unquote

import pytest
from django.test import Client
from docx import Document

from koshiki import clock
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.models import Notification
from koshiki.register.paper import pdf, sheet_of
from koshiki.register.word import docx
from tests.cast import Cast
from tests.guideline import closing, opening

pytestmark = pytest.mark.clause("§別紙3")
Door = Callable[[Person], Client]
FORM = guideline().forms["closing"]


def test_it_is_printed_as_in_the_guideline(cast: Cast, signed_in: Door) -> None:
    with clock.at(datetime(2026, 11, 24, 1, 0, tzinfo=UTC)):
        closing.notified(cast)
    page = signed_in(cast.hata).get(f"/accounts/notifications/{Notification.objects.get().pk}/").text
    paper = page[page.index('<article class="paper">'):page.index("</article>")]
    expected = ["別紙3", "ソーシャルメディア廃止届出書", "令和8年11月24日<", "情報政策課長 様", "所属長名", "防災課長　千葉 千",
                "次のとおり、ソーシャルメディアの利用を廃止するので報告します。",
                "つきましては、市ホームページから削除されるようお願いします。",
                "所属名", "ソーシャルメディアのサービス名", "アカウント名 (ページ名)", "URL", "情報発信の内容", "廃止の理由",
                closing.FORM["reason"], "担当者名", "連絡先"]
    order = [paper.index(words) for words in expected]
    assert order == sorted(order)
    assert "添付" not in page


@pytest.mark.parametrize("row", [row for row in (*FORM.field, *FORM.footer) if row.key in closing.FORM],
                         ids=lambda row: row.key)
def test_no_field_stays_empty(cast: Cast, signed_in: Door, row: object) -> None:
    account = closing.live(cast)
    typed = {**closing.FORM, row.key: " "}  # type: ignore[attr-defined]
    assert signed_in(cast.chiba).post(f"/accounts/{account.pk}/closing/", typed).status_code == 422
    with pytest.raises(Refused, match="空欄") as refused:
        actions.notify_closing(account, typed, by=cast.chiba)
    assert refused.value.clause.id == "§別紙3"
    assert row.label in refused.value.message  # type: ignore[attr-defined]


def test_the_reason_is_no_longer_than_the_form(cast: Cast) -> None:
    with pytest.raises(Refused, match="400字を超えています"):
        actions.notify_closing(closing.live(cast), {**closing.FORM, "reason": "長" * 401}, by=cast.chiba)


@pytest.mark.parametrize("ending", ["pdf", "docx"])
def test_it_is_saved_as_a_document_that_is_the_same_every_time(cast: Cast, signed_in: Door, ending: str) -> None:
    closing.notified(cast)
    address = f"/accounts/notifications/{Notification.objects.get().pk}/{ending}/"
    first = signed_in(cast.hata).get(address)
    time.sleep(2.1 if ending == "docx" else 0)  # its parts would bear the hour at which each was written, by two seconds
    second = signed_in(cast.hata).get(address)
    assert unquote(first["Content-Disposition"]).endswith(f"別紙3_磐田市防災_第1回.{ending}")
    assert first.content == second.content
    assert signed_in(cast.endo).get(address).status_code == 404


def test_the_pdf_is_tagged_and_names_its_standard(cast: Cast) -> None:
    closing.notified(cast)
    drawn = pdf(sheet_of(Notification.objects.get()))
    assert drawn.startswith(b"%PDF-")
    assert b"<pdfuaid:part>1" in drawn
    assert b"/StructTreeRoot" in drawn


def test_what_the_font_lacks_does_not_keep_it_from_paper(cast: Cast) -> None:
    actions.notify_closing(closing.live(cast), {**closing.FORM, "reason": "終わります🙂 葛󠄀城"}, by=cast.chiba)
    drawn = pdf(sheet_of(Notification.objects.get()))
    assert b"/StructTreeRoot" in drawn
    assert b"pdfuaid" not in drawn


def test_the_word_file_holds_every_word_in_order(cast: Cast) -> None:
    closing.notified(cast)
    sheet = sheet_of(Notification.objects.get())
    document = Document(BytesIO(docx(sheet)))
    cells = [(row.cells[0].text, row.cells[1].text) for row in document.tables[0].rows]
    assert cells == list(sheet.rows)
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said == [sheet.annex, sheet.title, sheet.dated, sheet.addressee, sheet.sender, *sheet.sentences,
                    *(f"{label}：　{value}" for label, value in sheet.footer)]


def test_another_forms_attachments_go_with_it(cast: Cast) -> None:
    sheet = sheet_of(opening.notified(cast))
    document = Document(BytesIO(docx(sheet)))
    said = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "御遠慮ください" in said
    assert len(document.inline_shapes) == 1
    assert len(pdf(sheet)) > len(pdf(replace(sheet, items=(), image=None)))
