"""別紙2 and 別紙3 as a Word file, for offices that keep their forms so: the same sheet as the PDF."""

from __future__ import annotations

from datetime import UTC
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from koshiki import store
from koshiki.register.paper import Sheet

_FONT = "游明朝"  # on the machines on which Word runs; Word takes another where it is not there
_LABEL, _VALUE = Mm(55), Mm(105)


def docx(sheet: Sheet) -> bytes:
    """The sheet with its attachments as one .docx."""
    document = _blank(sheet)
    document.add_paragraph(sheet.annex)
    document.add_heading(sheet.title, 1).alignment = ALIGN.CENTER
    document.add_paragraph(sheet.dated).alignment = ALIGN.RIGHT
    document.add_paragraph(sheet.addressee)
    document.add_paragraph(sheet.sender).alignment = ALIGN.RIGHT
    for sentence in sheet.sentences:
        document.add_paragraph(sentence)
    _table(document, sheet)
    for label, value in sheet.footer:
        document.add_paragraph(f"{label}：　{value}")
    if sheet.note:
        document.add_paragraph(sheet.note)
    _attachments(document, sheet)
    out = BytesIO()
    document.save(out)
    return _of_no_hour(out)


def _of_no_hour(file: BytesIO) -> bytes:
    """The parts of the file without the hour at which it was written: the same form is the same file."""
    out = BytesIO()
    with ZipFile(file) as written, ZipFile(out, "w", ZIP_DEFLATED) as kept:
        for name in written.namelist():
            kept.writestr(ZipInfo(name), written.read(name), ZIP_DEFLATED)
    return out.getvalue()


def _blank(sheet: Sheet) -> Any:
    """A4, in Japanese, of the moment at which the form was handed in: the same form is the same file."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(25)
    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        style = document.styles[name]
        style.font.name, style.font.size = _FONT, Pt({"Normal": 10.5, "Heading 1": 15}.get(name, 12))
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), _FONT)
    properties, at = document.core_properties, sheet.at.astimezone(UTC).replace(tzinfo=None)
    properties.title, properties.author, properties.language = sheet.title, sheet.sender[:255], "ja-JP"
    properties.created = properties.modified = at
    return document


def _table(document: Any, sheet: Sheet) -> None:
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    for label, value in sheet.rows:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, value
        cells[0].width, cells[1].width = _LABEL, _VALUE


def _attachments(document: Any, sheet: Sheet) -> None:
    if sheet.items:
        document.add_page_break()
        document.add_heading(sheet.policy, 2)
    for item in sheet.items:
        document.add_heading(item.label, 3)
        if item.text:
            document.add_paragraph(item.text)
        for number, point in enumerate(item.points, start=1):
            document.add_paragraph(f"({number}) {point}")
    if sheet.image and (path := store.path(sheet.image.sha256)).is_file():
        document.add_heading(sheet.image_title, 2)
        document.add_picture(str(path), width=Mm(50))
