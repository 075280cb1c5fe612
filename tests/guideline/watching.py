"""An account on the register whose profile stands on a server of the tests' own, and the morning's readings of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from koshiki.desk.jobs import watch_profile
from koshiki.networks.credentials import ensure_key_ring, key_ring_path
from koshiki.register import actions
from koshiki.register.address import register_address
from koshiki.register.models import Account, ProfileFinding
from tests.cast import Cast
from tests.guideline import opening
from tests.networks.mastodon_server import MastodonServer, pasted
from tests.networks.peer import no_names, resolver

SAID = "<p>個別には回答しません。お問い合わせは0538-00-0110へ。</p>"


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[MastodonServer]:
    """The service on which the profile stands."""
    resolver(monkeypatch, no_names)
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    ensure_key_ring(key_ring_path())
    with MastodonServer().running() as running:
        yield running


def watched(cast: Cast, server: MastodonServer, **policy: str) -> Account:
    """Listed, connected, with aoki as author; its profile says all that it must."""
    account = opening.listed(cast, url=f"{server.base}/@city", **policy)
    actions.connect_with_key(account, pasted(server.base, server.city.token), by=cast.chiba)
    opening.shown(account, cast.aoki)
    actions.name_author(account, cast.aoki, start=opening.clock.today(), by=cast.chiba)
    server.city.display_name, server.city.picture = "磐田市防災", opening.PICTURE
    server.city.note = whole(account)
    return Account.objects.get(pk=account.pk)


def whole(account: Account) -> str:
    address = register_address(account)
    return f'<p>防災の情報 <a href="{address}">{address}</a></p>{SAID}'


def morning(account: Account) -> list[str]:
    """A morning's reading, and what is found and not yet right after it."""
    watch_profile(account=account.pk)
    return open_kinds(account)


def open_kinds(account: Account) -> list[str]:
    return list(ProfileFinding.objects.filter(account=account, ended_at=None).order_by("pk").values_list("kind", flat=True))


