"""公開の置き場 — approved pictures lie where a service fetches them, under a name nobody can guess, while it needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from koshiki import clock, store
from koshiki.guideline import Refused
from koshiki.networks.line import Line
from koshiki.posts import actions, jobs
from koshiki.posts.content import Attached
from koshiki.posts.delivery import staging
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery
from koshiki.register.link import kept
from koshiki.register.models import Account, Connection
from tests.cast import Cast, official
from tests.networks.line_server import LineServer, connected
from tests.posts.delivering import due_delivery, run
from tests.posts.writing import draft, picture

pytestmark = pytest.mark.usefixtures("installed")
ADDRESS = "https://line.me/R/ti/p/@012abcde"


@pytest.fixture
def line(installed: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[LineServer]:
    settings.KOSHIKI_PUBLIC_URL = "https://www.city.example.jp/official/"
    with LineServer().running() as running:
        monkeypatch.setattr(Line, "api", running.base)
        yield running


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    for path in staging.folder().glob("*"):
        path.unlink()


def on_line(cast: Cast, line: LineServer) -> Account:
    account = official(cast, service="line", name="磐田市（LINE）", url=ADDRESS)
    link = connected(line, account=str(account.pk))
    Connection.objects.create(account=account, remote_id="U1", handle="@012abcde", connected_by=cast.chiba,
                              **kept(link, service="line"))
    return account


def pictured(cast: Cast, account: Account) -> Delivery:
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    return due_delivery(cast, account, media=[Attached(image, "訓練のようす")])


def addresses(line: LineServer) -> list[str]:
    """Of the pictures that were sent along."""
    sent: list[dict[str, Any]] = [message for broadcast, _ in line.accepted.values() for message in broadcast.messages]
    return [message["originalContentUrl"] for message in sent if message["type"] == "image"]


def fetched(address: str) -> bytes:
    """What whoever has the address gets, without signing in."""
    answer = Client().get(urlsplit(address).path)
    return b"".join(answer.streaming_content) if answer.status_code == 200 else b""  # type: ignore[attr-defined]


@pytest.mark.clause("§8(1)")
def test_nothing_lies_there_before_it_is_carried_and_then_the_approved_bytes(cast: Cast, line: LineServer) -> None:
    row = pictured(cast, on_line(cast, line))
    assert list(staging.folder().glob("*")) == []
    assert run(row).state == "sent"
    [address] = addresses(line)
    approved = row.approval.revision.canonical
    [sent] = [path for path in store.path("0" * 64).parent.parent.glob("*/*") if path.name in approved]
    assert fetched(address) == sent.read_bytes()
    assert sent.name not in address


def test_what_readers_fetch_later_too_stays_after_the_read_back(cast: Cast, line: LineServer) -> None:
    row = run(pictured(cast, on_line(cast, line)))
    jobs.read_back(delivery=row.pk)
    assert fetched(addresses(line)[0])


def test_what_the_service_fetches_once_goes_then(
    cast: Cast, line: LineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line, "keeps_fetching", False)
    row = run(pictured(cast, on_line(cast, line)))
    jobs.read_back(delivery=row.pk)
    assert not fetched(addresses(line)[0])


def test_what_is_old_goes_whatever_became_of_it(cast: Cast, line: LineServer) -> None:
    run(pictured(cast, on_line(cast, line)))
    [laid] = staging.folder().glob("*")
    jobs.clear_staging(timestamp=0)
    assert laid.exists()
    before = (clock.now() - staging.LONGEST - timedelta(days=1)).timestamp()
    os.utime(laid, (before, before))
    jobs.clear_staging(timestamp=0)
    assert not laid.exists()


@pytest.mark.parametrize("name", ["..%2Fkeys.json", "0" * 40 + ".jpg", ".new-abc", "a.jpg"])
def test_no_other_name_is_answered(line: LineServer, name: str) -> None:
    assert Client().get(f"/official/m/{name}").status_code == 404


@pytest.mark.clause("K-limit")
def test_without_a_public_address_by_https_pictures_are_refused_while_writing(
    cast: Cast, line: LineServer, settings: LazySettings
) -> None:
    account = on_line(cast, line)
    settings.KOSHIKI_PUBLIC_URL = "http://127.0.0.1:8000/official/"
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    written = actions.write(draft(account, media=[Attached(image, "訓練のようす")]), by=cast.aoki)
    with pytest.raises(Refused, match="https"):
        actions.submit(written, by=cast.aoki)
    actions.submit(actions.write(draft(account), by=cast.aoki), by=cast.aoki)
