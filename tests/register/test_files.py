"""K-file: what is given as evidence can be opened afterwards, or is not taken, with the reason at the field."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.register.models import StoredFile
from tests.cast import Cast
from tests.town import opened_to, png

SignedIn = Callable[[Person], Client]
pytestmark = pytest.mark.clause("K-file")
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def given(cast: Cast, browser: Client, data: bytes, name: str) -> str:
    """The page after a paper decision with this scan was entered."""
    account = opened_to("deciding", cast)
    sent = {"digest": account.applications.get().digest, "decided_by": cast.chiba.pk, "outcome": "approve",
            "number": "防災第123号", "date": clock.today(), "scan": SimpleUploadedFile(name, data), "comment": "残る意見"}
    return browser.post(reverse("account_paper", args=[account.pk]), sent, follow=True).content.decode()


@pytest.mark.parametrize(("data", "complaint"), [
    (b"<html><script>alert(1)</script>", "読み取れません"),
    (b"MZ\x90\x00" + b"\x00" * 200, "読み取れません"),
    (b"%PDF-1.7\n" + b"x" * 5000, "途中で切れています"),
    (png()[:60], "読み取れません"),
], ids=["a page", "a program", "a PDF cut short", "a picture cut short"])
def test_what_cannot_be_opened_is_not_taken_and_nothing_typed_is_lost(
        data: bytes, complaint: str, cast: Cast, signed_in: SignedIn) -> None:
    page = given(cast, signed_in(cast.aoki), data, "決裁文書.pdf")
    assert complaint in page
    assert "防災第123号" in page
    assert "残る意見" in page
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(("data", "mime"), [(PDF, "application/pdf"), (png(), "image/png")])
def test_a_document_is_kept_and_read_only_by_those_who_see_the_case(
        data: bytes, mime: str, cast: Cast, signed_in: SignedIn) -> None:
    given(cast, signed_in(cast.aoki), data, "../../決裁\u202e文書.exe")
    kept = StoredFile.objects.get()
    address = reverse("stored_file", args=[kept.pk])
    answer = signed_in(cast.hara).get(address)
    assert b"".join(answer.streaming_content)[:4] == data[:4]  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == mime
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert signed_in(cast.endo).get(address).status_code == 404
