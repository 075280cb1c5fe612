"""§4(3): who applies has read the service's terms, mechanism, privacy and security settings, and says when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.register import actions
from tests.cast import Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§4(3)")
Door = Callable[[Person], Client]


def test_nobody_applies_without_the_review(cast: Cast, signed_in: Door) -> None:
    account = actions.begin(cast.bosai, "mastodon", "磐田市防災", by=cast.aoki)
    actions.save_policy(account, opening.POLICY, opening.TAKEN, by=cast.aoki)
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/apply/submit/")
    assert answer.status_code == 409
    assert "§4(3)" in answer.text
    assert all(item.label in answer.text for item in guideline().review_items)


@pytest.mark.parametrize("item", guideline().review_items, ids=lambda item: item.key)
def test_each_item_is_asked_for(cast: Cast, item: object) -> None:
    account = opening.drafted(cast)
    answers = {**opening.ANSWERS, item.key: "  "}  # type: ignore[attr-defined]
    actions.save_review(account, answers, clock.today(), by=cast.aoki)
    with pytest.raises(Refused, match=item.label.replace("(", r"\(")) as refused:  # type: ignore[attr-defined]
        actions.submit(account, by=cast.aoki)
    assert refused.value.clause.id == "§4(3)"


def test_the_review_is_dated_and_not_in_the_future(cast: Cast) -> None:
    account = opening.drafted(cast)
    actions.save_review(account, opening.ANSWERS, None, by=cast.aoki)
    with pytest.raises(Refused, match="確認日"):
        actions.submit(account, by=cast.aoki)
    actions.save_review(account, opening.ANSWERS, clock.today() + timedelta(days=1), by=cast.aoki)
    with pytest.raises(Refused, match="先の日付"):
        actions.submit(account, by=cast.aoki)


def test_the_form_keeps_what_was_typed_and_names_the_day_that_is_to_come(cast: Cast, signed_in: Door) -> None:
    account = opening.drafted(cast)
    tomorrow = clock.today() + timedelta(days=1)
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/apply/review/",
                                       {"terms": "規約を読みました。", "reviewed_on": tomorrow.isoformat()})
    assert answer.status_code == 422
    assert "先の日付は入れられません" in answer.text
    assert "規約を読みました。" in answer.text


def test_the_deciders_read_the_review_as_it_was_submitted(cast: Cast, signed_in: Door) -> None:
    application = opening.submitted(cast)
    page = signed_in(cast.chiba).get(f"/accounts/{application.account_id}/decide/")
    assert all(words in page.text for words in opening.ANSWERS.values())
