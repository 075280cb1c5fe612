"""The keys that seal connections are changed while koshiki works: nothing is lost, wherever it is ended."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from koshiki.audit.models import Entry
from koshiki.networks.credentials import load_key_ring, sealed_with
from koshiki.register import link, rotation
from koshiki.register.link import link_of, refuse_foreign_ring
from koshiki.register.models import Connection
from tests.cast import Cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected

pytestmark = pytest.mark.usefixtures("installed")


def said(command: str = "rotate_keys", **options: Any) -> str:
    out = io.StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def keys() -> set[str]:
    return {sealed_with(row.sealed) for row in Connection.objects.all()}


@pytest.fixture(autouse=True)
def a_ring_of_ones_own(settings: Any, tmp_path: Path) -> Path:
    from koshiki.networks.credentials import ensure_key_ring

    settings.KOSHIKI_KEY_RING = tmp_path / "keys.json"
    ensure_key_ring(tmp_path / "keys.json")
    return tmp_path / "keys.json"


@pytest.mark.clause("K-connection")
def test_every_connection_is_sealed_anew_and_still_opens(cast: Cast, server: MastodonServer) -> None:
    accounts = [connected(cast, server, name=f"防災{number}") for number in range(3)]
    before = {account.pk: link_of(account).secrets["access_token"] for account in accounts}
    said(add=True)
    assert keys() == {next(iter(load_key_ring().keys))}
    assert "3件を封じ直しました" in said()
    assert keys() == {load_key_ring().newest}
    assert {account.pk: link_of(account).secrets["access_token"] for account in accounts} == before
    assert Entry.objects.filter(verb="keys.reseal").count() == 1


def test_ended_halfway_it_goes_on_where_it_was(
    cast: Cast, server: MastodonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        connected(cast, server, name=f"防災{number}")
    said(add=True)
    sealed_anew, reseal = [], rotation.reseal

    def killed_at_the_second(*args: Any, **kwargs: Any) -> bytes:
        if sealed_anew:
            raise KeyboardInterrupt
        sealed_anew.append(1)
        return reseal(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "reseal", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            said()
    assert len(keys()) == 2
    refuse_foreign_ring()
    assert "2件を封じ直しました（1件は" in said()


def test_what_its_worker_sealed_meanwhile_is_not_overwritten(
    cast: Cast, server: MastodonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connected(cast, server)
    said(add=True)
    everything = link.everything_sealed

    def refreshed_meanwhile() -> Any:
        for kept in list(everything()):
            renewed = link.Link(str(account.pk), secrets={"access_token": link.Secret("renewed-token")})
            columns = link.kept(renewed, service=account.service)
            Connection.objects.filter(pk=kept.row.pk).update(sealed=columns["sealed"])
            yield kept

    monkeypatch.setattr(rotation, "everything_sealed", refreshed_meanwhile)
    rotation.rotate()
    assert link_of(account).secrets["access_token"].reveal() == "renewed-token"


def test_a_key_is_taken_away_only_when_nothing_needs_it(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    old = load_key_ring().newest
    said(add=True)
    assert old in load_key_ring().keys
    assert old in said(drop=True)
    assert set(load_key_ring().keys) == {load_key_ring().newest} != {old}
    assert link_of(account).secrets
    assert "どれも使われています" in said(drop=True)
