"""設定: サービス — IT records once what koshiki is at a service; then accounts are connected by the service's own page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from django.utils.html import escape

from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from koshiki.register.link import app_of, link_of
from koshiki.register.models import Account, Connection, ServiceApp
from tests.cast import Cast
from tests.networks.x_server import XServer
from tests.posts.on_x import on_x, x

__all__ = ["x"]
pytestmark = [pytest.mark.usefixtures("installed"), pytest.mark.clause("K-connection")]
Door = Callable[[Person], Client]
APP = "/settings/services/x/app/"


def typed(x: XServer) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in x.app.items()}


def registered(cast: Cast, x: XServer, signed_in: Door) -> None:
    assert signed_in(cast.noda).post(APP, typed(x)).status_code == 302


def allowed(page: str) -> dict[str, str]:
    """What comes back from X's page, after the person there allowed it."""
    address = next(word for word in page.split('"') if "/i/oauth2/authorize?" in word)
    onward = httpx.get(address.replace("&amp;", "&")).headers["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(onward).query).items()}


def test_what_is_recorded_is_sealed_and_shown_to_nobody(
    cast: Cast, x: XServer, signed_in: Door, caplog: pytest.LogCaptureFixture
) -> None:
    registered(cast, x, signed_in)
    secret = x.app["client_secret"].reveal()
    assert app_of("x")["client_secret"].reveal() == secret
    pages = [signed_in(cast.noda).get(address).text for address in ("/settings/services/", APP)]
    kept = [*pages, caplog.text, str(bytes(ServiceApp.objects.get().sealed)), *Entry.objects.values_list("canonical", flat=True)]
    assert not [place for place in kept if secret in place]
    assert "記録済み" in pages[0]


def test_a_new_record_destroys_the_earlier_one(cast: Cast, x: XServer, signed_in: Door) -> None:
    registered(cast, x, signed_in)
    registered(cast, x, signed_in)
    ended, live = ServiceApp.objects.order_by("pk")
    assert (bytes(ended.sealed), live.ended_at) == (b"", None)
    assert signed_in(cast.noda).post(f"{APP}end/").status_code == 302
    assert app_of("x") == {}
    assert signed_in(cast.noda).post(f"{APP}end/").status_code == 409


def test_what_is_missing_is_said_at_its_field(cast: Cast, x: XServer, signed_in: Door) -> None:
    answer = signed_in(cast.noda).post(APP, typed(x) | {"client_secret": ""})
    assert answer.status_code == 422
    assert "「クライアントシークレット」を入れてください。" in answer.text
    assert x.app["client_id"].reveal() in answer.text
    assert not ServiceApp.objects.exists()


@pytest.mark.parametrize("key", ["mastodon", "city_feed", "nothing"])
def test_a_service_that_needs_no_app_has_no_such_page(cast: Cast, signed_in: Door, key: str) -> None:
    for answer in (signed_in(cast.noda).get(f"/settings/services/{key}/app/"),
                   signed_in(cast.noda).post(f"/settings/services/{key}/app/end/")):
        assert answer.status_code == 404


@pytest.mark.parametrize("who", ["aoki", "chiba", "hara", "mori"])
def test_nobody_but_it_sees_or_records_it(cast: Cast, x: XServer, signed_in: Door, who: str) -> None:
    door = signed_in(getattr(cast, who))
    assert door.get("/settings/services/").status_code == 404
    assert door.post(APP, typed(x)).status_code == 404
    assert not ServiceApp.objects.exists()


def test_an_account_is_connected_by_the_services_own_page_with_pkce(cast: Cast, x: XServer, signed_in: Door) -> None:
    registered(cast, x, signed_in)
    account, door = on_x(cast, x), signed_in(cast.aoki)
    page = door.post(f"/accounts/{account.pk}/connect/").text
    assert "code_challenge_method=S256" in page
    assert door.get("/accounts/connect/callback/", allowed(page)).status_code == 302
    account = Account.objects.get(pk=account.pk)
    assert account.remote_id == x.city.id
    assert link_of(account).secrets["access_token"].reveal() in x.tokens
    assert Connection.objects.get().expires_at is not None


@pytest.mark.clause("K-identity")
def test_another_account_than_the_registered_one_is_not_kept(cast: Cast, x: XServer, signed_in: Door) -> None:
    registered(cast, x, signed_in)
    account, door = on_x(cast, x), signed_in(cast.aoki)
    Account.objects.filter(pk=account.pk).update(url="https://x.com/iwata_other")
    answer = door.get("/accounts/connect/callback/", allowed(door.post(f"/accounts/{account.pk}/connect/").text))
    assert answer.status_code == 409
    assert not Connection.objects.exists()


def test_without_the_app_it_is_said_who_is_to_register_it(cast: Cast, x: XServer, signed_in: Door) -> None:
    account = on_x(cast, x)
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/connect/")
    assert answer.status_code == 409
    assert escape("システム管理の担当") in answer.text
