"""§6(3)イ: 情報政策課長 puts the account on the register; nobody else, and not before the notification."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Deputy, Person
from koshiki.register import actions
from koshiki.register.models import Account
from koshiki.register.waiting import waiting
from tests.cast import SINCE, Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§6(3)イ")
Door = Callable[[Person], Client]


def test_the_head_of_information_policy_lists_it(cast: Cast, signed_in: Door) -> None:
    account = opening.received(cast)
    page = signed_in(cast.hara).get(f"/accounts/{account.pk}/list/").text
    for words in ("Mastodon", "磐田市防災", opening.FORM["introduction"], "0538-00-0110", f"/official/accounts/{account.pk}/"):
        assert words in page
    assert not Account.objects.public().exists()
    assert signed_in(cast.hara).post(f"/accounts/{account.pk}/list/").status_code == 302
    listed = Account.objects.public().get()
    assert listed.introduction == opening.FORM["introduction"]
    assert listed.image == listed.notifications.get().image.sha256


@pytest.mark.parametrize("name", ["hata", "chiba", "aoki", "kato", "noda", "mori", "goto"])
def test_nobody_else_lists_it(cast: Cast, signed_in: Door, name: str) -> None:
    account = opening.received(cast)
    assert signed_in(getattr(cast, name)).post(f"/accounts/{account.pk}/list/").status_code in {404, 409}
    assert not Account.objects.public().exists()


def test_the_deputy_lists_it_while_the_head_is_absent(cast: Cast) -> None:
    account = opening.received(cast)
    Deputy.objects.create(division=cast.joho, person=cast.hata, start=SINCE, named_by=cast.hara)
    with pytest.raises(Refused):
        actions.list_account(account, by=cast.hata)
    Absence.objects.create(person=cast.hara, start=clock.today(), reason="出張")
    assert actions.list_account(account, by=cast.hata.afresh()).state == "listed"


def test_not_before_the_notification_is_received(cast: Cast) -> None:
    with pytest.raises(Refused, match="届出済み") as refused:
        actions.list_account(opening.notified(cast).account, by=cast.hara)
    assert refused.value.clause.id == "§6(3)イ"


def test_what_is_listed_is_seen_by_all_staff_without_its_papers(cast: Cast, signed_in: Door) -> None:
    account = opening.received(cast)
    door = signed_in(cast.endo)
    assert door.get(f"/accounts/{account.pk}/").status_code == 404
    actions.list_account(account, by=cast.hara)
    page = door.get(f"/accounts/{account.pk}/")
    assert page.status_code == 200
    assert "履歴" not in page.text
    assert door.get(f"/accounts/{account.pk}/policy/").status_code == 200
    for inner in ("application", "notification", "people"):
        assert door.get(f"/accounts/{account.pk}/{inner}/").status_code == 404


def test_the_register_is_managed_by_information_policy(cast: Cast, signed_in: Door) -> None:
    opening.notified(cast)
    assert "磐田市防災" in signed_in(cast.hata).get("/accounts/register/").text
    assert [d.action for d in waiting(cast.hata)] == ["届出を読む"]
    assert signed_in(cast.chiba).get("/accounts/register/").status_code == 404
