"""What the tests about delivery have in common: an installation, a server that counts, a connected account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.db.models import F
from django.db.models.functions import Now

from koshiki.database import folders
from koshiki.database.models import Installation
from koshiki.disk import keep
from koshiki.networks.base import Link, Secret
from koshiki.networks.credentials import ensure_key_ring
from koshiki.posts import jobs
from koshiki.posts.models import Delivery, Post
from koshiki.register.link import kept
from koshiki.register.models import Account, Connection
from tests.cast import Cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.writing import approved, submitted


def install(home: Path) -> None:
    """Database and data folder name the same installation, and the folders are nobody else's."""
    installed, _ = Installation.objects.get_or_create(pk=1)
    keep(home / "installation", str(installed.identity))
    for _variable, folder in folders.folders().values():
        (folder / folders.MARK).unlink(missing_ok=True)
    (home / "installation.seen").unlink(missing_ok=True)


@pytest.fixture
def installed(db: None, settings: LazySettings) -> None:
    install(settings.KOSHIKI_HOME)
    ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)


@pytest.fixture
def quick(settings: LazySettings) -> Callable[..., None]:
    """Shortens the spans of delivery."""

    def set_to(**seconds: float) -> None:
        settings.KOSHIKI_DELIVERY_TIMES = {name: str(value) for name, value in seconds.items()}

    return set_to


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with MastodonServer().running() as running:
        yield running


def connected(cast: Cast, server: MastodonServer, *, name: str = "磐田市防災", **more: Any) -> Account:
    """An official account on the server."""
    account = official(cast, service="mastodon", name=name, **more)
    remote = server.add_account(f"user{account.pk}")
    connect(account, server.base, remote.token, by=cast.chiba, remote_account_id=remote.id,
            software=server.software)
    return account


def connect(account: Account, base: str, token: str, *, by: Any, **facts: str) -> Connection:
    link = Link(str(account.pk), base, {"access_token": Secret(token)}, facts)
    remote = facts["remote_account_id"]
    return Connection.objects.create(account=account, remote_id=remote, handle=f"@{remote}",
                                     connected_by=by, **kept(link, service=account.service))


def due_delivery(cast: Cast, *accounts: Account, **more: Any) -> Delivery:
    """Approved, due now: the (first) delivery of it."""
    return approved_post(cast, *accounts, **more).deliveries.order_by("pk")[0]


def approved_post(cast: Cast, *accounts: Account, **more: Any) -> Post:
    post = submitted(cast.aoki, *accounts, **more)
    approved(post, by=cast.baba)
    return post


def run(row: Delivery) -> Delivery:
    """What the worker does with the delivery's job."""
    jobs.deliver(delivery=row.pk)
    row.refresh_from_db()
    return row


def sooner(row: Delivery) -> Delivery:
    """Waits for nothing: what the delivery waits for has come."""
    Delivery.objects.filter(pk=row.pk).update(next_at=Now())
    row.refresh_from_db()
    return row


def run_out(row: Delivery) -> Delivery:
    """The lease has run out."""
    Delivery.objects.filter(pk=row.pk).update(lease_until=Now() - (F("expires_at") - F("due_at")))
    row.refresh_from_db()
    return row


def close_connections() -> None:
    connections.close_all()
