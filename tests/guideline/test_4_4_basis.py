"""§4(4): whoever writes says what the content rests on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.models import Post
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.typing import typed
from tests.posts.writing import draft

pytestmark = pytest.mark.clause("§4(4)")


def test_a_post_without_its_basis_is_not_submitted(cast: Cast, account: Account) -> None:
    post = actions.write(draft(account, basis="　"), by=cast.aoki)
    with pytest.raises(Refused) as refused:
        actions.submit(post, by=cast.aoki)
    assert refused.value.clause.id == "§4(4)"


def test_the_form_asks_for_it_at_the_field_and_keeps_what_was_typed(
    cast: Cast, account: Account, signed_in: Callable[[Person], Client]
) -> None:
    answer = signed_in(cast.aoki).post("/posts/write/", typed(account, basis=""))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "根拠（要綱" in page
    assert "§4(4)" in page
    assert "総合防災訓練を行います" in page
    assert not Post.objects.exists()


def test_the_approver_reads_it(cast: Cast, account: Account, signed_in: Callable[[Person], Client]) -> None:
    post = actions.submit(actions.write(draft(account, basis="要綱第3条"), by=cast.aoki), by=cast.aoki)
    assert "要綱第3条" in signed_in(cast.baba).get(f"/posts/{post.pk}/approve/").content.decode()
