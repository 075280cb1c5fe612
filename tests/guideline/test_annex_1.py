"""別紙1: every policy holds the prohibitions with their eleven items, the three disclaimers, the notice of change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki.audit.log import about
from koshiki.guideline import guideline
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.policy import shown_items
from tests.cast import Cast
from tests.guideline import opening

Door = Callable[[Person], Client]
WORDS = ["§別紙1-1", "§別紙1-2(1)", "§別紙1-2(2)", "§別紙1-2(3)", "§別紙1-3"]


@pytest.mark.clause("§別紙1-1", "§別紙1-2(1)", "§別紙1-2(2)", "§別紙1-2(3)", "§別紙1-3")
@pytest.mark.parametrize("clause", WORDS)
def test_no_policy_leaves_it_out(cast: Cast, signed_in: Door, clause: str) -> None:
    account = opening.drafted(cast)
    door = signed_in(cast.aoki)
    taken = [words for words in opening.TAKEN if words != clause]
    door.post(f"/accounts/{account.pk}/apply/policy/", {**opening.POLICY, "taken": taken})
    answer = door.post(f"/accounts/{account.pk}/apply/submit/")
    assert answer.status_code == 409
    assert clause in answer.text
    assert guideline().clauses[clause].cite in answer.text


@pytest.mark.clause("§別紙1-1")
def test_the_policy_holds_the_guidelines_own_words_and_the_log_says_so(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    policy = account.policies.get()
    page = signed_in(cast.mori).get(f"/accounts/{account.pk}/policy/").text
    for clause in (*guideline().under("§別紙1-1"), *guideline().under("§別紙1-2"), guideline().clauses["§別紙1-3"]):
        assert clause.text.strip() in page
    assert "御遠慮ください" in page
    prohibited = next(item for item in shown_items(policy) if item.points)
    assert len(prohibited.points) == 11
    entry = about(policy).get(verb="policy.complete")
    assert "§別紙1-1(11)" in entry.data["clauses"]


@pytest.mark.clause("§別紙1-3")
def test_other_words_in_their_place_do_not_count(cast: Cast) -> None:
    account = opening.drafted(cast)
    policy = account.policies.get()
    policy.items = policy.items.replace("予告なく変更する場合があります", "変更しません")
    policy.save()
    with pytest.raises(Exception, match="運用ポリシーの変更について"):
        actions.submit(account, by=cast.aoki)
