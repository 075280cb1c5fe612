"""§4(3): a service's terms are read again every year, and when somebody says that the service has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.models import Account, ServiceChange
from tests.cast import Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§4(3)")
Door = Callable[[Person], Client]
DUTY = "規約などの確認："


@pytest.fixture
def account(cast: Cast) -> Account:
    """Listed, with aoki as author; reviewed today."""
    made = opening.listed(cast)
    actions.name_author(made, cast.aoki, start=clock.today(), by=cast.chiba)
    return made


def test_it_is_asked_for_again_before_a_year_is_over_and_answered_with_date_and_person(
        account: Account, cast: Cast, signed_in: Door) -> None:
    door, head = signed_in(cast.aoki), signed_in(cast.chiba)
    assert DUTY not in door.get("/").text
    days = guideline().deadlines
    with clock.at(clock.now() + timedelta(days=days["review_valid_days"] - days["review_remind_days"] + 1)):
        assert DUTY in door.get("/").text
        assert DUTY in head.get("/").text
        assert account.name in signed_in(cast.hata).get("/accounts/findings/").text
        form = door.get(f"/accounts/{account.pk}/terms/").text
        assert opening.ANSWERS["terms"] in form
        answer = door.post(f"/accounts/{account.pk}/terms/", {**opening.ANSWERS, "reviewed_on": clock.today().isoformat()})
        assert answer.status_code == 302
        assert DUTY not in door.get("/").text
        assert "青木 葵" in door.get(f"/accounts/{account.pk}/").text.split("規約などの確認")[1]
    assert Entry.objects.filter(verb="account.review_terms", clause="§4(3)", actor=cast.aoki).count() == 1


def test_nothing_of_it_is_left_out(account: Account, cast: Cast, signed_in: Door) -> None:
    typed = {**opening.ANSWERS, "terms": "　", "mechanism": "返信の働きが変わりました。", "reviewed_on": ""}
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/terms/", typed)
    assert answer.status_code == 422
    assert "返信の働きが変わりました。" in answer.text
    with pytest.raises(Refused, match="利用規約") as refused:
        actions.review_terms(account, {**opening.ANSWERS, "terms": ""}, clock.today(), by=cast.aoki)
    assert refused.value.clause.id == "§4(3)"
    with pytest.raises(Refused, match="先の日付"):
        actions.review_terms(account, opening.ANSWERS, clock.today() + timedelta(days=1), by=cast.aoki)
    assert account.reviews.count() == 1


def test_a_service_that_changed_is_read_anew_by_all_who_use_it(account: Account, cast: Cast, signed_in: Door) -> None:
    other = opening.listed(cast, service="x", url="https://x.com/iwata_bosai")
    door = signed_in(cast.hata)
    assert door.post(f"/accounts/{account.pk}/changed/", {"what": " "}).status_code == 422
    assert door.post(f"/accounts/{account.pk}/changed/", {"what": "規約の第5条（広告）が変わりました。"}).status_code == 302
    home = signed_in(cast.chiba).get("/").text
    assert f"{DUTY}{account}" in home
    assert f"{DUTY}{other}" not in home
    assert "規約の第5条" in signed_in(cast.aoki).get(f"/accounts/{account.pk}/").text
    actions.review_terms(account, opening.ANSWERS, clock.today(), by=cast.aoki)
    assert DUTY not in signed_in(cast.chiba).get("/").text
    assert "規約の第5条" not in signed_in(cast.aoki).get(f"/accounts/{account.pk}/").text


def test_a_mark_made_by_mistake_is_taken_back_with_its_reason(account: Account, cast: Cast, signed_in: Door) -> None:
    change = actions.mark_changed(account, "規約が変わりました。", by=cast.aoki)
    page = f"/accounts/{account.pk}/changed/{change.pk}/"
    assert signed_in(cast.abe).post(page, {"reason": "違うので"}).status_code == 409
    with pytest.raises(Refused, match="取り消すことはできません"):
        actions.take_back_change(change, "違うので", by=cast.abe)
    assert signed_in(cast.aoki).post(page, {"reason": ""}).status_code == 422
    assert signed_in(cast.aoki).post(page, {"reason": "別のサービスのことでした。"}).status_code == 302
    assert DUTY not in signed_in(cast.chiba).get("/").text
    with pytest.raises(Refused, match="すでに取り消されています"):
        actions.take_back_change(change, "もう一度", by=cast.hata)
    assert ServiceChange.objects.get().taken_back_by == cast.aoki


def test_who_does_not_use_it_neither_answers_nor_marks(account: Account, cast: Cast) -> None:
    with pytest.raises(Refused):
        actions.review_terms(account, opening.ANSWERS, clock.today(), by=cast.endo)
    with pytest.raises(Refused):
        actions.mark_changed(account, "変わりました。", by=cast.endo)
