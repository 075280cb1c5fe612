"""§7(2): the information policy head delists; page and entry are gone, and what was to go out is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Deputy, Person
from koshiki.posts import actions as posts
from koshiki.public import static_copy
from koshiki.public.facts import facts
from koshiki.register import actions
from koshiki.register.models import Account, Hold
from koshiki.register.waiting import waiting
from tests.cast import SINCE, Cast
from tests.guideline import closing, opening
from tests.posts.delivering import installed, run, sooner
from tests.posts.writing import approved, draft, submitted

__all__ = ["installed"]
pytestmark = pytest.mark.clause("§7(2)")


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"
    return tmp_path / "public"


Door = Callable[[Person], Client]


def test_the_head_of_information_policy_reads_it_and_delists(cast: Cast, signed_in: Door) -> None:
    account = closing.notified(cast)
    [duty] = [duty for duty in waiting(cast.hara) if duty.clause == "§7(2)"]
    assert closing.FORM["reason"] in signed_in(cast.hara).get(duty.url).text
    assert signed_in(cast.hara).post(duty.url).status_code == 302
    account.refresh_from_db()
    assert account.state == "delisted"
    page = signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text
    assert "掲載削除済み・確認待ち" in page
    assert "4段階のうち 2段階が完了" in page


@pytest.mark.parametrize("name", ["aoki", "baba", "chiba", "doi", "goto", "hata", "kato", "kubo", "noda", "mori"])
def test_nobody_else_does(cast: Cast, signed_in: Door, name: str) -> None:
    account = closing.notified(cast)
    assert signed_in(getattr(cast, name)).post(f"/accounts/{account.pk}/delist/").status_code == 409
    with pytest.raises(Refused) as refused:
        actions.delist(account, by=getattr(cast, name))
    assert refused.value.clause.id == "§7(2)"


def test_the_deputy_does_while_the_head_is_absent(cast: Cast) -> None:
    account = closing.notified(cast)
    Deputy.objects.create(division=cast.joho, person=cast.hata, order=1, start=SINCE, named_by=cast.hara)
    Absence.objects.create(person=cast.hara, start=clock.today(), reason="出張")
    assert actions.delist(account, by=cast.hata).state == "delisted"


def test_two_clicks_delist_once(cast: Cast, signed_in: Door) -> None:
    account, head = closing.notified(cast), signed_in(cast.hara)
    assert [head.post(f"/accounts/{account.pk}/delist/").status_code for _ in range(2)] == [302, 409]
    assert Hold.objects.filter(kind="closing").count() == 1


def test_page_and_entry_are_gone_at_once(cast: Cast, client: Client) -> None:
    account = closing.live(cast)
    assert client.get(f"/official/accounts/{account.pk}/").status_code == 200
    closing.delisted(cast, account)
    for path in ("", "policy.html", "feed-1.html"):
        assert client.get(f"/official/accounts/{account.pk}/{path}").status_code == 410
    assert client.get(f"/official/en/accounts/{account.pk}/").status_code == 410
    assert client.get(f"/official/accounts/{account.pk}").status_code == 410
    assert client.get("/official/accounts/99999/").status_code == 404
    assert account.name not in client.get("/official/").text
    assert [row["id"] for row in client.get("/official/accounts.json").json()["accounts"]] == []


def test_what_was_never_listed_has_no_page_that_could_be_gone(cast: Cast, client: Client) -> None:
    account = closing.delisted(cast, opening.acquired(cast))
    assert client.get(f"/official/accounts/{account.pk}/").status_code == 404
    assert client.get("/official/accounts.json").json()["closed"] == []


def test_the_static_copy_has_it_no_more_in_any_release(cast: Cast, place: Path) -> None:
    account = closing.live(cast)
    static_copy.write(place, facts())
    assert list(place.glob(f"releases/*/accounts/{account.pk}/index.html"))
    closing.delisted(cast, account)
    static_copy.write(place, facts())
    assert list(place.glob(f"releases/*/accounts/{account.pk}")) == []
    assert "closed" in (place / "current/accounts.json").read_text("utf-8")


def test_the_image_goes_with_it(cast: Cast, client: Client) -> None:
    account = opening.listed(cast)
    face = client.get("/official/accounts.json").json()["accounts"][0]["image"].rsplit("/", 1)[1]
    assert b"".join(client.get(f"/official/media/{face}").streaming_content)  # type: ignore[attr-defined]
    closing.delisted(cast, account)
    assert client.get(f"/official/media/{face}").status_code == 404


def test_a_scheduled_post_is_held_and_not_sent(
        cast: Cast, account: Account, signed_in: Door, installed: None) -> None:
    post = submitted(cast.aoki, account, due_at=clock.now() + timedelta(hours=1))
    approved(post, by=cast.baba)
    delivery = post.deliveries.get()
    closing.notified(cast, account)
    page = signed_in(cast.hara).get(f"/accounts/{account.pk}/delist/").text
    assert "発信待ち：1件" in page
    actions.delist(account, by=cast.hara)
    hold = Hold.objects.on(account).get()
    assert (hold.clause, hold.kind) == ("§7(2)", "closing")
    assert hold.reason in signed_in(cast.aoki).get(f"/accounts/{account.pk}/").text
    delivery = run(sooner(delivery))
    assert (delivery.state, delivery.clause) == ("held", "§7(2)")
    assert "廃止の手続" in signed_in(cast.aoki).get(f"/posts/{post.pk}/deliveries/").text


def test_a_notice_alone_holds_nothing(cast: Cast, account: Account, installed: None) -> None:
    post = submitted(cast.aoki, account)
    closing.notified(cast, account)
    approved(post, by=cast.baba)
    assert run(post.deliveries.get()).state == "sent"


def test_nobody_lifts_what_the_closing_holds(cast: Cast, account: Account, signed_in: Door) -> None:
    closing.delisted(cast, account)
    hold = Hold.objects.on(account).get()
    for person in (cast.chiba, cast.hara, cast.noda):
        with pytest.raises(Refused):
            actions.lift(hold, "解除", by=person)
    assert "廃止の手続による停止" in signed_in(cast.chiba).get("/accounts/holds/").text


def test_nothing_new_is_submitted_or_approved(cast: Cast, account: Account) -> None:
    asked = submitted(cast.aoki, account)
    written = posts.write(draft(account), by=cast.aoki)
    closing.delisted(cast, account)
    for act in (lambda: posts.submit(written, by=cast.aoki), lambda: approved(asked, by=cast.baba)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.clause.id == "§7(2)"


@pytest.mark.parametrize("state", ["official", "listed", "acquired"])
def test_the_database_lets_no_delisted_account_come_back(cast: Cast, state: str) -> None:
    account = closing.delisted(cast)
    with pytest.raises(IntegrityError, match="stays closed"), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(state=state)


def test_the_database_delists_nothing_without_its_form(cast: Cast) -> None:
    account = closing.live(cast)
    with pytest.raises(IntegrityError, match="by its closing only"), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(state="delisted")
