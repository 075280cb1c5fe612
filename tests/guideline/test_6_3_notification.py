"""§6(3)ア: the head submits 別紙2 to 情報政策課長, with the policy and the account's image; received or returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from koshiki import clock
from koshiki.calendar import business_days_after
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Person
from koshiki.register import actions
from koshiki.register.models import Account, Notification
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§6(3)ア")
Door = Callable[[Person], Client]


def form(**more: Any) -> dict[str, Any]:
    return {**opening.FORM, "image": SimpleUploadedFile("印.png", opening.PICTURE), **more}


def test_the_head_submits_it_and_it_is_received(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    assert signed_in(cast.chiba).post(f"/accounts/{account.pk}/notify/", form()).status_code == 302
    notification = Notification.objects.get()
    assert (notification.policy, notification.submitted_by) == (account.policies.get(), cast.chiba)
    assert signed_in(cast.hata).post(f"/accounts/notifications/{notification.pk}/receive/").status_code == 302
    assert Account.objects.get().state == "received"


@pytest.mark.parametrize("name", ["aoki", "baba", "doi", "goto", "hara", "hata", "noda", "mori"])
def test_nobody_else_submits_it(cast: Cast, signed_in: Door, name: str) -> None:
    account = opening.acquired(cast)
    assert signed_in(getattr(cast, name)).post(f"/accounts/{account.pk}/notify/", form()).status_code in {404, 409}
    assert not Notification.objects.exists()


def test_the_deputy_submits_it_while_the_head_is_absent(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    assert "代決として届け出ます" in signed_in(cast.doi).get(f"/accounts/{account.pk}/notify/").text
    assert signed_in(cast.doi).post(f"/accounts/{account.pk}/notify/", form()).status_code == 302
    assert Notification.objects.get().as_deputy


def test_it_comes_after_the_acquisition(cast: Cast) -> None:
    with pytest.raises(Refused, match="取得待ち") as refused:
        actions.notify(opening.approved(cast), opening.FORM, opening.CAPTURE, by=cast.chiba)
    assert refused.value.clause.id == "§6(3)ア"


def test_it_is_due_three_business_days_after_the_acquisition(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    (duty,) = [d for d in waiting(cast.chiba) if d.clause == "§6(3)ア"]
    assert account.due_at == duty.due
    day = business_days_after(clock.today(), 3)
    assert f"{day.month}月{day.day}日" in signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text


def test_not_without_its_attachments(cast: Cast) -> None:
    account = opening.acquired(cast)
    with pytest.raises(Refused, match="アカウント画像"):
        actions.notify(account, opening.FORM, by=cast.chiba)
    unfinished = opening.approved(cast)
    actions.record_acquisition(unfinished, name="水", url="https://social.example/@mizu", acquired_on=clock.today(), by=cast.aoki)
    with pytest.raises(Refused, match="運用ポリシー"):
        actions.notify(unfinished, opening.FORM, opening.CAPTURE, by=cast.chiba)


def test_the_database_knows_none_without_them(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="opening_notification_has_attachments"):
        Notification.objects.create(account=opening.acquired(cast), form="opening", version=1, fields="{}", digest="0",
                                    submitted_by=cast.chiba)


def test_a_returned_one_says_what_to_correct_and_the_next_keeps_its_image(cast: Cast, signed_in: Door) -> None:
    notification = opening.notified(cast)
    address = f"/accounts/notifications/{notification.pk}/return/"
    assert signed_in(cast.hata).post(address, {"comment": ""}).status_code == 422
    assert signed_in(cast.hata).post(address, {"comment": "連絡先に内線も書いてください。"}).status_code == 302
    head = signed_in(cast.chiba)
    assert "連絡先に内線も書いてください。" in head.get(f"/accounts/{notification.account_id}/notify/").text
    typed = {**opening.FORM, "contact": "0538-00-0110（内線 12）"}
    assert head.post(f"/accounts/{notification.account_id}/notify/", typed).status_code == 302
    again = Notification.objects.get(version=2)
    assert again.image == notification.image


@pytest.mark.parametrize("name", ["chiba", "aoki", "kato", "kubo", "noda", "mori"])
def test_only_information_policy_receives_or_returns_it(cast: Cast, name: str) -> None:
    notification = opening.notified(cast)
    with pytest.raises(Refused):
        actions.receive(notification, by=getattr(cast, name))
    with pytest.raises(Refused):
        actions.return_notification(notification, "直してください。", by=getattr(cast, name))


def test_what_was_received_is_not_returned_after_all(cast: Cast) -> None:
    notification = opening.notified(cast)
    actions.receive(notification, by=cast.hata)
    with pytest.raises(Refused, match="掲載待ち"):
        actions.return_notification(notification, "直してください。", by=cast.hara)


def test_a_submitted_form_never_changes(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="does not change"):
        Notification.objects.filter(pk=opening.notified(cast).pk).update(fields="{}")
