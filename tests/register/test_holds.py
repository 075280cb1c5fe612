"""The stop: by who may, with a reason and two touches; lifted only by who may lift it (K-hold)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.log import about
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.models import Account, Hold
from koshiki.register.stopped import open_holds
from tests.cast import Cast

Door = Callable[[Person], Client]
EVERYBODY = ("abe", "aoki", "baba", "chiba", "endo", "goto", "hara", "hata", "kato", "kubo", "mori", "noda")
REASON = "乗っ取りの疑いがあるため"


def test_two_touches_stop_an_account(cast: Cast, account: Account, signed_in: Door) -> None:
    door, address = signed_in(cast.aoki), f"/accounts/{account.pk}/stop/"
    assert door.post(address, {"reason": ""}).status_code == 422
    asked = door.post(address, {"reason": REASON})
    assert "停止してよいですか" in asked.text
    assert not Hold.objects.exists()
    assert door.post(address, {"reason": REASON, "confirmed": "1"}).status_code == 302
    hold = Hold.objects.get()
    assert (hold.account, hold.by, hold.reason) == (account, cast.aoki, REASON)
    assert about(hold).get().clause == "K-hold"
    assert REASON in door.get(f"/accounts/{account.pk}/").text


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_stops_one_account(cast: Cast, account: Account, name: str) -> None:
    may = name in {"aoki", "baba", "chiba", "hara", "hata", "kato", "kubo"}
    if may:
        assert actions.stop(REASON, account=account, by=getattr(cast, name))
        return
    with pytest.raises(Refused) as refused:
        actions.stop(REASON, account=account, by=getattr(cast, name))
    assert refused.value.clause.id == "K-hold"


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("service", ["", "mastodon"])
def test_who_stops_a_service_or_everything(cast: Cast, name: str, service: str) -> None:
    if name in {"hara", "hata", "kato", "kubo"}:
        assert actions.stop(REASON, service=service, by=getattr(cast, name)).service == service
        return
    with pytest.raises(Refused):
        actions.stop(REASON, service=service, by=getattr(cast, name))


def test_everything_is_stopped_from_its_own_page(cast: Cast, account: Account, signed_in: Door) -> None:
    door = signed_in(cast.hata)
    assert door.post("/accounts/holds/stop/", {"reason": REASON}).status_code == 422
    assert "市のすべてのアカウント" in door.post("/accounts/holds/stop/", {"service": "all", "reason": REASON}).text
    door.post("/accounts/holds/stop/", {"service": "all", "reason": REASON, "confirmed": "1"})
    assert Hold.objects.on(account).count() == 1
    assert signed_in(cast.chiba).get("/accounts/holds/stop/").status_code == 409


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_lifts_an_accounts_stop(cast: Cast, account: Account, signed_in: Door, name: str) -> None:
    hold = actions.stop(REASON, account=account, by=cast.aoki)
    answer = signed_in(getattr(cast, name)).post(f"/accounts/holds/{hold.pk}/lift/", {"reason": "確かめました。"})
    assert (answer.status_code == 302) is (name in {"chiba", "hara", "hata"})


@pytest.mark.parametrize(("name", "may"), [("hata", True), ("hara", True), ("kubo", False), ("kato", False), ("chiba", False)])
def test_who_lifts_a_stop_of_everything(cast: Cast, name: str, may: bool) -> None:
    hold = actions.stop(REASON, by=cast.kubo)
    if may:
        assert actions.lift(hold, "確かめました。", by=getattr(cast, name)).until
        return
    with pytest.raises(Refused, match="解除することはできません"):
        actions.lift(hold, "確かめました。", by=getattr(cast, name))


def test_a_stop_is_lifted_once_and_with_a_reason(cast: Cast, account: Account) -> None:
    hold = actions.stop(REASON, account=account, by=cast.aoki)
    with pytest.raises(Refused, match="理由が要ります"):
        actions.lift(hold, " ", by=cast.chiba)
    actions.lift(hold, "確かめました。", by=cast.chiba)
    with pytest.raises(Refused, match="すでに解除"):
        actions.lift(hold, "もう一度", by=cast.chiba)


@pytest.mark.parametrize("kind", [k for k in Hold.Kind.values if k != "stop"])
def test_what_koshiki_itself_stopped_is_not_lifted_by_the_button(cast: Cast, account: Account, kind: str) -> None:
    hold = Hold.objects.create(kind=kind, account=account, reason="理由", clause="K-hold")
    with pytest.raises(Refused):
        actions.lift(hold, "解除", by=cast.hara)


def test_the_list_shows_what_one_may_see(cast: Cast, account: Account, signed_in: Door) -> None:
    account.state = "preparing"
    account.save()
    actions.stop(REASON, account=account, by=cast.chiba)
    assert REASON in signed_in(cast.abe).get("/accounts/holds/").text
    assert REASON not in signed_in(cast.endo).get("/accounts/holds/").text


def test_who_sees_an_account_sees_that_it_is_stopped(cast: Cast) -> None:
    for state in Account.State:
        account = Account.objects.create(division=cast.suido, service="city_feed", name=f"磐田市{state}", state=state,
                                         created_by=cast.goto, listed_at=clock.now(), official_at=clock.now())
        Hold.objects.create(account=account, reason=REASON, clause="K-hold", by=cast.kato)
    for name in EVERYBODY:
        person = Person.objects.get(pk=getattr(cast, name).pk)
        told = {hold.account.state for hold in open_holds(person) if hold.account}
        assert told == set(Account.objects.visible_to(person).values_list("state", flat=True)), name
