"""Connecting: only the registered account, only by who began it, once, within ten minutes; no token is ever seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.networks import SERVICES, Service
from koshiki.networks.credentials import ensure_key_ring, key_ring_path
from koshiki.networks.hand_over import services as by_hand
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.link import NotConnected, link_of
from koshiki.register.models import Account, Connection, ConnectionAttempt, Hold
from koshiki.register.waiting import waiting
from tests.cast import Cast, official
from tests.networks.mastodon_server import MastodonServer

Door = Callable[[Person], Client]


@pytest.fixture
def server(settings: Any) -> Iterator[MastodonServer]:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    ensure_key_ring(key_ring_path())
    with MastodonServer().running() as running:
        yield running


@pytest.fixture
def account(cast: Cast, server: MastodonServer) -> Account:
    """An official account that lives at the tests' own server, not yet connected."""
    return official(cast, service="mastodon", url=f"{server.base}/@city", handle="@city")


def begun(door: Client, account: Account, server: MastodonServer) -> str:
    """The service's address that the page leads to."""
    page = door.post(f"/accounts/{account.pk}/connect/", {"server": server.base})
    assert page.status_code == 200
    return str(page.context["address"])


def allowed(address: str, login: str = "city") -> str:
    """The person allows it at the service; where the service sends the browser."""
    answer = httpx.get(f"{address}&login={login}", trust_env=False)
    return str(answer.headers["Location"])


def came_back(door: Client, onward: str) -> Any:
    return door.get("/accounts/connect/callback/", {k: v[0] for k, v in parse_qs(urlsplit(onward).query).items()})


def test_the_registered_account_is_connected_at_its_service(account: Account, server: MastodonServer, cast: Cast,
                                                            signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    address = begun(door, account, server)
    assert "code_challenge" in address
    assert came_back(door, allowed(address)).status_code == 302
    connection = Connection.objects.get()
    assert connection.remote_id == server.city.id
    assert link_of(account).secrets["access_token"].reveal() == server.city.token
    assert "接続中" in door.get(f"/accounts/{account.pk}/").text


def test_another_account_keeps_nothing(account: Account, server: MastodonServer, cast: Cast, signed_in: Door) -> None:
    server.add_account("mayor_private")
    door = signed_in(cast.aoki)
    answer = came_back(door, allowed(begun(door, account, server), login="mayor_private"))
    assert answer.status_code == 409
    assert "K-identity" in answer.text
    assert "mayor_private" in answer.text
    assert not Connection.objects.exists()


def test_a_reconnection_is_to_the_same_account_even_under_its_address(account: Account, server: MastodonServer,
                                                                      cast: Cast, signed_in: Door) -> None:
    account.remote_id = "999"
    account.save()
    door = signed_in(cast.aoki)
    assert came_back(door, allowed(begun(door, account, server))).status_code == 409
    assert not Connection.objects.exists()


def test_what_came_back_is_used_once(account: Account, server: MastodonServer, cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    onward = allowed(begun(door, account, server))
    assert came_back(door, onward).status_code == 302
    again = came_back(door, onward)
    assert again.status_code == 409
    assert "K-connection" in again.text


def test_only_in_the_session_that_began_it_and_by_its_person(account: Account, server: MastodonServer, cast: Cast,
                                                             signed_in: Door) -> None:
    onward = allowed(begun(signed_in(cast.aoki), account, server))
    assert came_back(signed_in(cast.aoki), onward).status_code == 409
    assert came_back(signed_in(cast.baba), onward).status_code == 409
    assert not Connection.objects.exists()


def test_within_ten_minutes(account: Account, server: MastodonServer, cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    onward = allowed(begun(door, account, server))
    ConnectionAttempt.objects.update(begun_at=clock.now() - timedelta(minutes=10, seconds=1))
    assert came_back(door, onward).status_code == 409


def test_a_state_of_ones_own_making_is_nothing(account: Account, cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    assert door.get("/accounts/connect/callback/", {"state": "x", "code": "y"}).status_code == 409
    assert door.get("/accounts/connect/callback/", {"error": "access_denied"}).status_code == 422


def test_a_token_is_pasted_and_never_seen_again(account: Account, server: MastodonServer, cast: Cast,
                                                signed_in: Door, caplog: pytest.LogCaptureFixture) -> None:
    door, token = signed_in(cast.chiba), server.city.token
    typed = {"server": server.base, "access_token": token}
    assert door.post(f"/accounts/{account.pk}/connect/token/", typed).status_code == 302
    pages = [door.get(f"/accounts/{account.pk}/").text, door.get(f"/accounts/{account.pk}/connect/").text]
    connection = Connection.objects.get()
    kept = [*pages, caplog.text, connection.server, str(bytes(connection.sealed)),
            *Entry.objects.values_list("canonical", flat=True)]
    assert not [place for place in kept if token in place]


@pytest.mark.parametrize("token", ["wrong-token", "あ", "a\u202eb", " "])
def test_a_token_that_does_not_open_is_refused_at_its_field(account: Account, server: MastodonServer, cast: Cast,
                                                            signed_in: Door, token: str) -> None:
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/connect/token/", {"server": server.base, "access_token": token})
    assert answer.status_code == 422
    assert not Connection.objects.exists()


@pytest.mark.parametrize("address", ["http://10.0.0.1", "file:///etc/passwd", "169.254.169.254", "http://127.0.0.1:1", "x y"])
def test_an_address_that_may_not_or_cannot_be_reached_is_said_at_its_field(account: Account, cast: Cast,
                                                                           signed_in: Door, address: str) -> None:
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/connect/", {"server": address})
    assert answer.status_code == 422
    assert address in answer.text


@pytest.mark.parametrize(("name", "status"), [("aoki", 200), ("baba", 200), ("chiba", 200), ("noda", 200), ("abe", 409),
                                              ("hata", 409), ("mori", 409), ("endo", 409)])
def test_who_may_connect(account: Account, cast: Cast, signed_in: Door, name: str, status: int) -> None:
    assert signed_in(getattr(cast, name)).get(f"/accounts/{account.pk}/connect/").status_code == status


def test_the_end_destroys_what_was_sealed(account: Account, server: MastodonServer, cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    came_back(door, allowed(begun(door, account, server)))
    assert door.post(f"/accounts/{account.pk}/disconnect/").status_code == 302
    assert bytes(Connection.objects.get().sealed) == b""
    with pytest.raises(NotConnected):
        link_of(account)
    assert door.post(f"/accounts/{account.pk}/disconnect/").status_code == 409


def test_a_dead_connection_is_a_duty_and_reconnecting_ends_its_stop(account: Account, server: MastodonServer,
                                                                    cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    came_back(door, allowed(begun(door, account, server)))
    Connection.objects.update(dead_at=clock.now())
    hold = Hold.objects.create(kind=Hold.Kind.TOKEN, account=account, reason="鍵が受け付けられません。", clause="K-hold")
    assert [d.action for d in waiting(cast.aoki)] == ["接続し直す"]
    assert signed_in(cast.chiba).post(f"/accounts/holds/{hold.pk}/lift/", {"reason": "再開"}).status_code == 409
    came_back(door, allowed(begun(door, account, server)))
    hold.refresh_from_db()
    assert (hold.until is not None, hold.lifted_by) == (True, cast.aoki)
    assert not waiting(cast.aoki)


def test_a_service_without_an_adapter_is_not_connected(
    cast: Cast, signed_in: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SERVICES, "x", Service("x", "X", by_hand=by_hand.X))
    account = official(cast, service="x", url="https://x.com/iwata")
    page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/connect/")
    assert "職員がサービスの画面で発信します" in page.text
    assert signed_in(cast.aoki).post(f"/accounts/{account.pk}/connect/", {"server": "x.com"}).status_code == 409
    assert actions.check_profile(account, by=cast.aoki).result == "unreadable"
