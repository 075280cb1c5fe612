"""§5(1)–(9): the approver confirms each of the nine; without one of them there is no approval."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.posts.actions import Confirmed
from koshiki.posts.models import Approval
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.writing import approved, submitted

NINE = [f"§5({n})" for n in range(1, 10)]


@pytest.mark.parametrize("clause", [pytest.param(c, marks=pytest.mark.clause(c)) for c in NINE])
def test_without_this_one_confirmed_nothing_is_approved(cast: Cast, account: Account, clause: str) -> None:
    post = submitted(cast.aoki, account)
    with pytest.raises(Refused) as refused:
        approved(post, by=cast.baba, confirmed=Confirmed(frozenset(NINE) - {clause}, permanence=True))
    assert refused.value.clause.id == clause
    assert not Approval.objects.exists()


@pytest.mark.clause(*NINE)
def test_the_page_shows_the_nine_in_the_guidelines_words_each_to_be_ticked(
    cast: Cast, account: Account, signed_in: Callable[[Person], Client]
) -> None:
    post = submitted(cast.aoki, account)
    page = signed_in(cast.baba).get(f"/posts/{post.pk}/approve/").content.decode()
    for clause in guideline().under("§5"):
        assert clause.text in page
        assert f'value="{clause.id}"' in page
    assert " checked" not in page


@pytest.mark.clause("§5(3)")
def test_the_page_of_the_refusal_names_the_clause_and_keeps_the_ticks(
    cast: Cast, account: Account, signed_in: Callable[[Person], Client]
) -> None:
    post = submitted(cast.aoki, account)
    sent = {"do": "approve", "digest": post.latest.digest, "prohibited": ["§5(1)", "§5(2)"], "permanence": "on"}
    answer = signed_in(cast.baba).post(f"/posts/{post.pk}/approve/", sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "<strong>§5(3)</strong>" in page
    assert page.count(" checked") == 3


@pytest.mark.clause("§5(4)")
def test_all_nine_stand_in_what_was_confirmed(cast: Cast, account: Account) -> None:
    approval = approved(submitted(cast.aoki, account), by=cast.baba)
    assert all(clause in approval.confirmed for clause in NINE)
