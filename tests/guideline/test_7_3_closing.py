"""§7(3): the head confirms that the entry is gone, then closes the account and records it with evidence."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Person
from koshiki.register import actions
from koshiki.register.models import Account, Closing, ClosingCheck, Connection, Hold
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import closing, opening
from tests.guideline.ways import HomePage, city_that, home_page

__all__ = ["city_that", "home_page"]
pytestmark = pytest.mark.clause("§7(3)")
Door = Callable[[Person], Client]


def capture() -> dict[str, SimpleUploadedFile]:
    return {"evidence": SimpleUploadedFile("画面.png", opening.PICTURE)}


@pytest.fixture
def on_the_web(home_page: HomePage, settings: object) -> HomePage:
    """The public pages lie where the tests can put them and take them away."""
    settings.KOSHIKI_PUBLIC_URL = f"{home_page.base}/official/"  # type: ignore[attr-defined]
    return home_page


def page_of(account: Account, on_the_web: HomePage) -> str:
    return on_the_web.put(f"/official/accounts/{account.pk}/", f"<p>{account.name}</p><a href='{account.url}'>blog</a>")


def test_koshiki_fetches_the_page_and_the_head_sees_that_it_is_gone(
        cast: Cast, signed_in: Door, on_the_web: HomePage) -> None:
    account = closing.delisted(cast)
    [duty] = [duty for duty in waiting(cast.chiba) if duty.clause == "§7(3)"]
    page = signed_in(cast.chiba).post(duty.url, follow=True).text
    assert "ページがありません（404）" in page
    assert "4段階のうち 3段階が完了" in page
    check = ClosingCheck.objects.get()
    assert (check.status, check.result, check.by) == (404, "gone", None)
    assert f"/official/accounts/{account.pk}/" in on_the_web.asked


def test_while_it_is_still_there_nothing_is_confirmed(cast: Cast, signed_in: Door, on_the_web: HomePage) -> None:
    account = closing.live(cast)
    page_of(account, on_the_web)
    closing.delisted(cast, account)
    page = signed_in(cast.chiba).post(f"/accounts/{account.pk}/closing/page/", follow=True).text
    assert "まだアカウントのURLが載っています" in page
    assert Closing.objects.get().state == "delisted"
    with pytest.raises(Refused):
        actions.close_account(account, clock.today(), closing.SEEN, by=cast.chiba)


def test_the_page_of_the_citys_cms_must_be_seen_gone(
        cast: Cast, signed_in: Door, on_the_web: HomePage, city_that: Callable[[str], None]) -> None:
    city_that("fragment")
    account = closing.live(cast)
    entry = f"<p>{account.name} {account.division.name}</p><a href='{account.url}'>blog</a>"
    actions.record_page(account, on_the_web.put("/sns/", entry), by=cast.hata)
    closing.delisted(cast, account)
    assert actions.check_page_gone(account, by=cast.chiba).result == "there"
    [left] = [duty for duty in waiting(cast.hata) if duty.clause == "§7(2)"]
    assert "残っている" in left.title
    on_the_web.put("/sns/", f"<p>{account.name}は、ほかのページで御案内します。</p>")
    assert actions.check_page_gone(account, by=cast.chiba).result == "unclear"
    on_the_web.put("/sns/", "<p>磐田市のほかのアカウント</p>")
    assert actions.check_page_gone(account, by=cast.chiba).result == "gone"
    assert Closing.objects.get().state == "confirmed"


def test_where_koshiki_cannot_reach_it_the_head_looks_and_keeps_a_capture(cast: Cast, signed_in: Door) -> None:
    account, address = closing.delisted(cast), "/accounts/{}/closing/page/"
    head, address = signed_in(cast.chiba), address.format(account.pk)
    head.post(address)
    assert "取りに行っても分からないとき" in head.get(address).text
    assert head.post(address, {"by_eye": "1"}).status_code == 422
    broken = SimpleUploadedFile("画面.png", b"no picture")
    assert head.post(address, {"by_eye": "1", "evidence": broken}).status_code == 422
    assert head.post(address, {"by_eye": "1", **capture()}).status_code == 302
    assert Closing.objects.get().state == "confirmed"
    assert ClosingCheck.objects.get(by=cast.chiba).evidence


@pytest.mark.parametrize("name", ["aoki", "baba", "doi", "goto", "hara", "hata", "kato", "noda", "mori"])
def test_nobody_else_confirms_or_records(cast: Cast, signed_in: Door, name: str) -> None:
    other = signed_in(getattr(cast, name))
    account = closing.delisted(cast)
    assert other.post(f"/accounts/{account.pk}/closing/page/", {"by_eye": "1", **capture()}).status_code == 409
    actions.confirm_page_gone(account, closing.SEEN, by=cast.chiba)
    assert other.post(f"/accounts/{account.pk}/close/", {"closed_on": clock.today(), **capture()}).status_code == 409
    with pytest.raises(Refused) as refused:
        actions.close_account(account, clock.today(), closing.SEEN, by=getattr(cast, name))
    assert refused.value.clause.id == "§7(3)"


def test_the_deputy_does_both_while_the_head_is_absent(cast: Cast) -> None:
    account = closing.delisted(cast)
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    actions.confirm_page_gone(account, closing.SEEN, by=cast.doi)
    assert actions.close_account(account, clock.today(), closing.SEEN, by=cast.doi).state == "closed"


@pytest.mark.parametrize("so_far", [closing.notified, closing.delisted])
def test_nothing_is_recorded_before_it_was_seen_gone(
        cast: Cast, signed_in: Door, so_far: Callable[[Cast], Account]) -> None:
    account = so_far(cast)
    answer = signed_in(cast.chiba).post(f"/accounts/{account.pk}/close/", {"closed_on": clock.today(), **capture()})
    assert answer.status_code == 409
    assert "7(3)" in answer.text
    if so_far is closing.notified:
        with pytest.raises(Refused, match="廃止届出済み"):
            actions.confirm_page_gone(account, closing.SEEN, by=cast.chiba)


def test_it_is_recorded_with_day_and_capture_and_the_connection_ends(cast: Cast, signed_in: Door) -> None:
    account = closing.confirmed(cast)
    connection = Connection.objects.create(account=account, sealed=b"secret", remote_id="1", handle="@a",
                                           connected_by=cast.chiba)
    sent = {"closed_on": clock.today(), **capture()}
    page = signed_in(cast.chiba).post(f"/accounts/{account.pk}/close/", sent, follow=True).text
    assert "4段階のうち 4段階が完了" in page
    account.refresh_from_db()
    connection.refresh_from_db()
    assert (account.state, bytes(connection.sealed)) == ("closed", b"")
    assert connection.ended_at
    assert not Hold.objects.on(account).exists()
    assert ClosingCheck.objects.filter(what="account", evidence__isnull=False).count() == 1


def test_the_fetched_404_of_the_accounts_address_is_evidence_too(cast: Cast, home_page: HomePage) -> None:
    account = closing.confirmed(cast, closing.live(cast, url=home_page.put("/bosai/", "<p>まだあります</p>")))
    with pytest.raises(Refused, match="廃止を確かめられません"):
        actions.close_account(account, clock.today(), by=cast.chiba)
    del home_page.pages["/bosai/"]
    actions.close_account(account, clock.today(), by=cast.chiba)
    assert ClosingCheck.objects.get(what="account").status == 404


def test_an_account_on_the_citys_own_pages_went_with_its_page(cast: Cast, account: Account) -> None:
    closing.confirmed(cast, account)
    assert actions.close_account(account, clock.today(), by=cast.chiba).state == "closed"


@pytest.mark.parametrize("days", [-1, 1])
def test_the_day_lies_between_the_confirmation_and_today(cast: Cast, days: int) -> None:
    with pytest.raises(Refused, match="廃止日"):
        actions.close_account(closing.confirmed(cast), clock.today() + timedelta(days=days), closing.SEEN, by=cast.chiba)


def test_two_clicks_record_it_once(cast: Cast, signed_in: Door) -> None:
    account, head = closing.confirmed(cast), signed_in(cast.chiba)
    answers = [head.post(f"/accounts/{account.pk}/close/", {"closed_on": clock.today(), **capture()}).status_code
               for _ in range(2)]
    assert answers == [302, 409]


def test_what_is_closed_can_be_opened_anew_and_is_then_another(cast: Cast) -> None:
    old = closing.closed(cast, closing.live(cast, url=opening.URL))
    assert opening.acquired(cast).url == old.url


def test_the_steps_stand_in_the_log_and_in_the_history(cast: Cast, signed_in: Door) -> None:
    account = closing.closed(cast)
    page = signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text
    told = ["アカウントの廃止を記録しました", "市ホームページから削除されたことを確認しました", "市ホームページから削除しました",
            "廃止を届け出ました"]
    places = [page.index(words) for words in told]
    assert places == sorted(places)
    log = signed_in(cast.mori).get("/log/").text
    assert re.search(r"アカウントの廃止を記録する", log)


@pytest.mark.parametrize("state", ["confirmed", "closed", "withdrawn", "notified"])
def test_the_database_keeps_the_order(cast: Cast, state: str) -> None:
    closing.delisted(cast)
    now = clock.now()
    more = {"confirmed_at": now} if state == "confirmed" else {}
    more |= {"confirmed_at": now, "closed_at": now, "closed_on": now.date()} if state == "closed" else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Closing.objects.update(state=state, **more)


def test_a_look_never_changes(cast: Cast) -> None:
    closing.confirmed(cast)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        ClosingCheck.objects.update(result="there")
