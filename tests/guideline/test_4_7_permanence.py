"""§4(7): nobody approves without having confirmed that what is published can't be taken back whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from koshiki.audit.models import Entry
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.posts.actions import Confirmed
from koshiki.posts.models import Approval
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.writing import approved, submitted

pytestmark = pytest.mark.clause("§4(7)")


def test_an_approval_without_it_is_refused(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    with pytest.raises(Refused) as refused:
        approved(post, by=cast.baba, confirmed=replace(Confirmed.everything(post), permanence=False))
    assert refused.value.clause.id == "§4(7)"


def test_the_page_says_so_last_and_what_was_ticked_stays(
    cast: Cast, account: Account, signed_in: Callable[[Person], Client]
) -> None:
    post = submitted(cast.aoki, account)
    sent = {"do": "approve", "digest": post.latest.digest, "prohibited": [c.id for c in guideline().under("§5")]}
    answer = signed_in(cast.baba).post(f"/posts/{post.pk}/approve/", sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert page.count(" checked") == 9
    assert not Approval.objects.exists()
    words = guideline().fixed["permanence"]
    assert page.index("発信される内容") < page.index(guideline().clauses["§5(9)"].text) < page.index(words)
    assert page.index(words) < page.index("この内容を承認する")
    assert page.count("この内容を承認する") == 1


def test_that_it_was_confirmed_is_kept_with_the_approval(cast: Cast, account: Account) -> None:
    approval = approved(submitted(cast.aoki, account), by=cast.baba)
    assert '"permanence":1' in approval.confirmed
    assert "permanence" in Entry.objects.get(verb="post.approve").canonical
