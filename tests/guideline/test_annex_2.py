"""別紙2: the form as the guideline prints it, whole, with an introduction of at most a hundred characters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.register import actions
from tests.cast import Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§別紙2")
Door = Callable[[Person], Client]


def test_it_is_printed_as_in_the_guideline(cast: Cast, signed_in: Door) -> None:
    with clock.at(datetime(2026, 11, 24, 1, 0, tzinfo=UTC)):
        notification = opening.notified(cast)
    page = signed_in(cast.hata).get(f"/accounts/notifications/{notification.pk}/").text
    expected = ["ソーシャルメディア利用届出書", "令和8年11月24日<", "情報政策課長 様", "所属長名", "防災課長　千葉 千",
                "次のとおり、ソーシャルメディアを利用するので報告します。",
                "つきましては、市ホームページに掲載されるようお願いします。",
                "所属名", "ソーシャルメディアのサービス名", "アカウント名（ページ名）", "URL", "情報発信の内容",
                "市公式ホームページでの紹介文（100字以内）", "担当者名", "連絡先",
                "※運用ポリシー及びアカウント画像を添付してください。"]
    places = [page.find(words) for words in expected]
    assert -1 not in places, expected[places.index(-1)]
    paper = page[page.index('<article class="paper">'):]
    order = [paper.index(words) for words in expected]
    assert order == sorted(order)
    assert "防災の情報をお知らせします。" in paper
    assert "御遠慮ください" in paper


@pytest.mark.parametrize("row", [r for r in (*guideline().forms["opening"].field, *guideline().forms["opening"].footer)
                                 if r.key in opening.FORM], ids=lambda row: row.key)
def test_no_field_stays_empty(cast: Cast, row: object) -> None:
    account = opening.acquired(cast)
    with pytest.raises(Refused, match="空欄") as refused:
        actions.notify(account, {**opening.FORM, row.key: " "}, opening.CAPTURE, by=cast.chiba)  # type: ignore[attr-defined]
    assert refused.value.clause.id == "§別紙2"
    assert row.label in refused.value.message  # type: ignore[attr-defined]


@pytest.mark.parametrize(("introduction", "taken"), [
    ("葛󠄀" * 100, True), ("👨‍👩‍👧‍👦" * 100, True), ("あ" * 101, False), ("葛󠄀" * 101, False),
])
def test_the_introduction_is_counted_as_people_count(cast: Cast, introduction: str, taken: bool) -> None:
    account = opening.acquired(cast)
    typed = {**opening.FORM, "introduction": introduction}
    if taken:
        assert actions.notify(account, typed, opening.CAPTURE, by=cast.chiba)
        return
    with pytest.raises(Refused, match="100字を超えています") as refused:
        actions.notify(account, typed, opening.CAPTURE, by=cast.chiba)
    assert refused.value.clause.id == "§別紙2"


def test_the_page_says_so_at_the_field_and_keeps_what_was_typed(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    image = SimpleUploadedFile("印.png", opening.PICTURE)
    answer = signed_in(cast.chiba).post(f"/accounts/{account.pk}/notify/",
                                        {**opening.FORM, "introduction": "長" * 101, "image": image})
    assert answer.status_code == 422
    assert "100字以内で書いてください（いま101字です）" in answer.text
    assert "長" * 101 in answer.text


@pytest.mark.parametrize("data", [b"not a picture", b"\x89PNG\r\n\x1a\n broken", opening.PDF])
def test_a_broken_image_is_refused_at_its_field(cast: Cast, signed_in: Door, data: bytes) -> None:
    account = opening.acquired(cast)
    answer = signed_in(cast.chiba).post(f"/accounts/{account.pk}/notify/",
                                        {**opening.FORM, "image": SimpleUploadedFile("印.png", data)})
    assert answer.status_code == 422
    assert "読み取れません" in answer.text
    assert opening.FORM["introduction"] in answer.text
