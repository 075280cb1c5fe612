"""§6(1): a decision that was given on paper is entered with its number, its date and a scan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.actions.decide import Paper
from koshiki.register.models import Account, Application, Decision
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§6(1)")
Door = Callable[[Person], Client]


def typed(application: Application, person: Person, **more: Any) -> dict[str, Any]:
    return {"digest": application.digest, "decided_by": person.pk, "outcome": "approve", "number": "防災第12号",
            "date": clock.today().isoformat(), "scan": SimpleUploadedFile("決裁.pdf", opening.PDF), **more}


def test_it_is_entered_with_number_date_and_scan_and_its_person_reads_it(cast: Cast, signed_in: Door) -> None:
    application = opening.submitted(cast)
    address = f"/accounts/{application.account_id}/paper/"
    assert signed_in(cast.aoki).post(address, typed(application, cast.chiba)).status_code == 302
    decision = Decision.objects.get()
    assert (decision.by, decision.entered_by, decision.paper_number) == (cast.chiba, cast.aoki, "防災第12号")
    assert [d.title for d in waiting(cast.chiba) if "後閲" in d.title] == ["後閲（所属長の決裁）：Mastodon 磐田市防災"]
    actions.read_decision(decision, by=cast.chiba)
    assert not [d for d in waiting(cast.chiba) if "後閲" in d.title]


@pytest.mark.parametrize(("field", "value", "words"), [
    ("number", "", "入力してください"),
    ("date", (clock.today() + timedelta(days=3)).isoformat(), "先の日付"),
    ("scan", "", "ファイルを選んでください"),
])
def test_each_part_is_asked_for_at_its_field(cast: Cast, signed_in: Door, field: str, value: str, words: str) -> None:
    application = opening.submitted(cast)
    answer = signed_in(cast.aoki).post(f"/accounts/{application.account_id}/paper/",
                                       typed(application, cast.chiba, **{field: value}))
    assert answer.status_code == 422
    assert words in answer.text
    assert not Decision.objects.exists()


@pytest.mark.parametrize("data", [b"%PDF-1.4 cut off", b"GIF89a rubbish", b"<script>alert(1)</script>", b"\0" * 100])
def test_a_scan_that_does_not_open_is_refused_at_its_field(cast: Cast, signed_in: Door, data: bytes) -> None:
    application = opening.submitted(cast)
    answer = signed_in(cast.aoki).post(f"/accounts/{application.account_id}/paper/",
                                       typed(application, cast.chiba, scan=SimpleUploadedFile("決裁.pdf", data)))
    assert answer.status_code == 422
    assert "防災第12号" in answer.text


def test_the_paper_is_the_heads_whose_turn_it_is(cast: Cast) -> None:
    application = opening.submitted(cast)
    paper = Paper("防災第12号", clock.today(), opening.PDF)
    for person in (cast.baba, cast.hara):
        with pytest.raises(Refused, match="所属長の決裁"):
            actions.record_paper_decision(application, Decision.Outcome.APPROVE, paper, decided_by=person,
                                          digest=application.digest, by=cast.aoki)
    opening.approve(application, cast.chiba)
    with pytest.raises(Refused, match="すでに行っています"):
        actions.record_paper_decision(application, Decision.Outcome.APPROVE, paper, decided_by=cast.chiba,
                                      digest=application.digest, by=cast.aoki)


def test_nobody_of_another_division_enters_it(cast: Cast, signed_in: Door) -> None:
    application = opening.submitted(cast)
    address = f"/accounts/{application.account_id}/paper/"
    assert signed_in(cast.kubo).post(address, typed(application, cast.chiba)).status_code == 409
    assert signed_in(cast.endo).post(address, typed(application, cast.chiba)).status_code == 404


def test_the_division_that_decided_on_paper_may_enter_it(cast: Cast) -> None:
    application = opening.submitted(cast)
    opening.approve(application, cast.chiba)
    actions.record_paper_decision(application, Decision.Outcome.RETURN, Paper("情政第3号", clock.today(), opening.PDF),
                                  decided_by=cast.hara, digest=application.digest, comment="頻度を見直す", by=cast.hata)
    assert Account.objects.get().state == "returned"


def test_the_database_knows_no_paper_without_its_scan(cast: Cast) -> None:
    application = opening.submitted(cast)
    with pytest.raises(IntegrityError, match="paper_decision_is_whole"):
        Decision.objects.create(application=application, digest=application.digest, step="head", division=cast.bosai,
                                outcome="approve", by=cast.chiba, entered_by=cast.aoki, paper_number="防災第12号")
