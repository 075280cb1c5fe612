"""Files that people give as evidence: pictures re-encoded, PDFs checked, both kept under their SHA-256 (K-file)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from koshiki import images, store
from koshiki.organization.models import Person
from koshiki.register.models import Account, StoredFile

MAX_BYTES = 20_000_000
ACCEPT = "application/pdf,image/jpeg,image/png,image/webp"
_FACE = 400  # pixels: as large as the register shows an account's image, and a page for citizens stays small


class BadFile(ValueError):
    """A file that is not taken; `message` says why in Japanese, for the person who gave it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def keep_document(data: bytes, name: str, *, account: Account, kind: StoredFile.Kind, by: Person) -> StoredFile:
    """Keep a scan or a capture: a PDF or a picture. Raises BadFile."""
    if data.startswith(b"%PDF-"):
        return _row(_keep_pdf(data), "application/pdf", len(data), name=name, account=account, kind=kind, uploaded_by=by)
    kept = _fitted(data, 50_000_000, 20_000_000)
    return _row(kept.sha256, kept.mime, kept.size, name=name, account=account, kind=kind, uploaded_by=by)


def keep_image(data: bytes, name: str, *, account: Account, by: Person) -> StoredFile:
    """Keep an account's image, small enough for the register. Raises BadFile."""
    kept = _fitted(data, _FACE * _FACE, 150_000)
    return _row(kept.sha256, kept.mime, kept.size, name=name, account=account, kind=StoredFile.Kind.IMAGE,
                uploaded_by=by)


def path(file: StoredFile) -> Path:
    """Where its bytes lie."""
    return store.path(file.sha256)


def _fitted(data: bytes, max_pixels: int, max_bytes: int) -> store.Kept:
    try:
        return images.fitted(images.keep(data), ("image/jpeg", "image/png"), max_bytes, max_pixels)
    except images.BadImage as bad:
        raise BadFile(bad.message.replace("画像として読み取れません。", "PDFとしても画像としても読み取れません。")) from bad


def _keep_pdf(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise BadFile(f"PDFは{MAX_BYTES // 1_000_000}MBまでです。")
    if b"%%EOF" not in data[-2048:]:
        raise BadFile("PDFが途中で切れています。開けることを確かめて、選び直してください。")
    return _put(data)


def _put(data: bytes) -> str:
    try:
        return store.put(data)
    except OSError as error:
        raise BadFile(store.unwritten("ファイル", error)) from error


def _row(sha256: str, mime: str, size: int, **given: Any) -> StoredFile:
    name = given.pop("name")[-200:] or "無題"
    return StoredFile.objects.create(sha256=sha256, mime=mime, size=size, name=name, **given)
