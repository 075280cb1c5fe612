"""§7(1): the head hands in 別紙3 with the reason before anything is closed; a draft changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Alert, Person
from koshiki.register import actions
from koshiki.register.models import Account, Closing, Notification
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import closing, opening

pytestmark = pytest.mark.clause("§7(1)")
Door = Callable[[Person], Client]


def test_the_head_hands_it_in_and_the_account_goes_on(cast: Cast, signed_in: Door) -> None:
    account = closing.live(cast)
    assert signed_in(cast.chiba).post(f"/accounts/{account.pk}/closing/", closing.FORM).status_code == 302
    notification = Notification.objects.get(form="closing")
    assert (notification.submitted_by, notification.content["reason"]) == (cast.chiba, closing.FORM["reason"])
    account.refresh_from_db()
    assert account.state == "official"
    page = signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text
    assert "公式（廃止届出済み）" in page
    assert "情報政策課長 原 春" in page
    assert "4段階のうち 1段階が完了" in page
    assert Alert.objects.filter(person=cast.hara, subject="公式アカウント：市ホームページからの削除").count() == 1


@pytest.mark.parametrize("name", ["aoki", "baba", "doi", "endo", "goto", "hara", "hata", "kato", "noda", "mori"])
def test_nobody_else_hands_it_in(cast: Cast, signed_in: Door, name: str) -> None:
    account = closing.live(cast)
    assert signed_in(getattr(cast, name)).post(f"/accounts/{account.pk}/closing/", closing.FORM).status_code in {404, 409}
    assert not Notification.objects.exists()


def test_the_deputy_hands_it_in_while_the_head_is_absent(cast: Cast, signed_in: Door) -> None:
    account = closing.live(cast)
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    assert "代決として届け出ます" in signed_in(cast.doi).get(f"/accounts/{account.pk}/closing/").text
    assert signed_in(cast.doi).post(f"/accounts/{account.pk}/closing/", closing.FORM).status_code == 302
    assert Notification.objects.get().as_deputy


def test_a_deputy_who_wrote_the_draft_does_not_hand_it_in(cast: Cast) -> None:
    account = closing.live(cast)
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    actions.save_closing_draft(account, closing.FORM, by=cast.doi)
    with pytest.raises(Refused, match="廃止を届け出る"):
        actions.notify_closing(account, closing.FORM, by=cast.doi)


def test_a_draft_changes_nothing_and_waits_for_the_head(cast: Cast, signed_in: Door) -> None:
    account = closing.live(cast)
    typed = {"content": "", "reason": closing.FORM["reason"], "draft": "1"}
    assert signed_in(cast.aoki).post(f"/accounts/{account.pk}/closing/", typed).status_code == 302
    page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/").text
    assert "廃止届出済み" not in page
    assert "開設の手続" in page
    [duty] = [duty for duty in waiting(cast.chiba) if duty.clause == "§7(1)"]
    assert closing.FORM["reason"] in signed_in(cast.chiba).get(duty.url).text
    assert not Notification.objects.exists()


@pytest.mark.parametrize("begun", [closing.live, closing.drafted])
def test_nothing_is_delisted_or_closed_without_it(
        cast: Cast, signed_in: Door, begun: Callable[[Cast], Account]) -> None:
    account = begun(cast)
    answer = signed_in(cast.hara).post(f"/accounts/{account.pk}/delist/")
    assert answer.status_code == 409
    with pytest.raises(Refused) as refused:
        actions.delist(account, by=cast.hara)
    assert refused.value.clause.id == "§7(1)"
    with pytest.raises(Refused):
        actions.close_account(account, clock.today(), closing.SEEN, by=cast.chiba)
    account.refresh_from_db()
    assert account.state == "official"


def test_it_comes_after_the_acquisition(cast: Cast) -> None:
    with pytest.raises(Refused, match="まだ取得していない") as refused:
        actions.notify_closing(opening.approved(cast), closing.FORM, by=cast.chiba)
    assert refused.value.clause.id == "§7(1)"


def test_what_is_acquired_and_not_yet_official_is_closed_the_same_way(cast: Cast) -> None:
    account = closing.closed(cast, opening.acquired(cast))
    assert (account.state, account.listed_at) == ("closed", None)


def test_the_opening_stands_still_meanwhile(cast: Cast, signed_in: Door) -> None:
    account = closing.notified(cast, opening.received(cast))
    assert "掲載する" not in signed_in(cast.hara).get(f"/accounts/{account.pk}/").text
    with pytest.raises(Refused, match="廃止の手続中"):
        actions.list_account(account, by=cast.hara)


def test_the_head_takes_it_back_before_the_delisting(cast: Cast, signed_in: Door) -> None:
    account = closing.notified(cast)
    address = f"/accounts/{account.pk}/closing/withdraw/"
    assert signed_in(cast.aoki).get(address).status_code == 409
    assert signed_in(cast.chiba).post(address, {"reason": ""}).status_code == 422
    assert signed_in(cast.chiba).post(address, {"reason": "続けることになったため。"}).status_code == 302
    assert "続けることになったため。" in signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text
    with pytest.raises(Refused):
        actions.delist(account, by=cast.hara)
    actions.notify_closing(account, closing.FORM, by=cast.chiba)
    assert sorted(Closing.objects.values_list("state", flat=True)) == ["notified", "withdrawn"]


def test_not_after_it(cast: Cast) -> None:
    account = closing.delisted(cast)
    with pytest.raises(Refused) as refused:
        actions.withdraw_closing(account, "やはり続けます。", by=cast.chiba)
    assert refused.value.clause.id == "§7(1)"


def test_information_policy_sends_it_back_and_the_next_is_a_new_version(cast: Cast, signed_in: Door) -> None:
    account = closing.notified(cast)
    address = f"/accounts/{account.pk}/closing/return/"
    assert signed_in(cast.kubo).post(address, {"comment": "x"}).status_code == 409
    assert signed_in(cast.hata).post(address, {"comment": ""}).status_code == 422
    assert signed_in(cast.hata).post(address, {"comment": "理由を詳しく書いてください。"}).status_code == 302
    assert "理由を詳しく書いてください。" in signed_in(cast.chiba).get(f"/accounts/{account.pk}/closing/").text
    with pytest.raises(Refused, match="提出されていません"):
        actions.delist(account, by=cast.hara)
    assert actions.notify_closing(account, closing.FORM, by=cast.chiba).version == 2


def test_two_clicks_hand_it_in_once(cast: Cast, signed_in: Door) -> None:
    account, head = closing.live(cast), signed_in(cast.chiba)
    answers = [head.post(f"/accounts/{account.pk}/closing/", closing.FORM).status_code for _ in range(2)]
    assert answers == [302, 409]
    assert Notification.objects.count() == 1


def test_a_form_that_was_handed_in_never_changes(cast: Cast) -> None:
    account = closing.notified(cast)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        Notification.objects.filter(account=account).update(fields="{}")
    with pytest.raises(IntegrityError, match="what a closing has recorded stays"), transaction.atomic():
        Closing.objects.update(notification=None)
