"""The real worker process: from the approver's act to the service, two at once, and when the database goes away."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.db import connection

from koshiki.audit.log import verify
from koshiki.networks.credentials import ensure_key_ring
from koshiki.posts.content import Attached
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery
from koshiki.register.actions.holds import stop
from tests.cast import make_cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import approved_post, connected, due_delivery, install, run
from tests.posts.writing import picture

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = "lease=5,settle=2,gap=0.5,early=0.2,read_back=0"


@contextlib.contextmanager
def workers(count: int, urls: dict[str, str]) -> Iterator[None]:
    environment = {**os.environ, **urls, "KOSHIKI_ALLOWED_NETWORKS": "127.0.0.0/8", "KOSHIKI_SECRET_KEY": "for this test",
                   "KOSHIKI_DELIVERY_TIMES": QUICK, "KOSHIKI_WORKER_CONCURRENCY": "4"}
    running = [subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def until(reached: Callable[[], bool], seconds: float = 45) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if reached():
            return True
        time.sleep(0.1)
    return reached()


@pytest.fixture
def ready(committed_db: None) -> None:
    install(settings.KOSHIKI_HOME)
    ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))


@pytest.mark.usefixtures("ready")
def test_two_workers_publish_everything_once_and_read_it_back(
    server: MastodonServer, database_urls: dict[str, str],
) -> None:
    cast = make_cast()
    accounts = [connected(cast, server, name=f"防災{n}") for n in range(3)]
    with workers(2, database_urls):
        posts = [approved_post(cast, *accounts, text=f"お知らせ{n}") for n in range(4)]
        assert until(lambda: not Delivery.objects.exclude(state="sent").exists())
        assert until(lambda: not Delivery.objects.filter(read_back_at=None).exists())
    assert sorted(s.text for s in server.statuses) == sorted(f"お知らせ{n}" for n in range(4) for _ in accounts)
    for account in accounts:
        order = [row.post_id for row in Delivery.objects.filter(account=account).order_by("sent_at")]
        assert order == [post.pk for post in posts]
    assert not Delivery.objects.filter(differs=True).exists()
    assert verify().holds


def cut_all_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND usename = current_user AND pid <> pg_backend_pid()")


@pytest.mark.usefixtures("ready")
def test_a_database_that_goes_away_in_the_call_makes_no_second_post(
    server: MastodonServer, database_urls: dict[str, str],
) -> None:
    server.honours_keys, server.software, server.delay = False, "other", 1.5
    cast = make_cast()
    account = connected(cast, server)
    with workers(1, database_urls):
        approved_post(cast, account)
        assert until(lambda: bool(server.statuses))
        cut_all_connections()
        assert until(lambda: not Delivery.objects.exclude(state="sent").exists())
    assert len(server.statuses) == 1
    assert verify().holds


@pytest.mark.clause("K-hold")
@pytest.mark.usefixtures("ready")
def test_a_stop_in_a_storm_lets_nothing_begin_afterwards(server: MastodonServer, database_urls: dict[str, str]) -> None:
    server.delay = 0.3
    cast = make_cast()
    accounts = [connected(cast, server, name=f"防災{n}") for n in range(4)]
    for n in range(10):
        approved_post(cast, *accounts, text=f"お知らせ{n}")
    with workers(2, database_urls):
        assert until(lambda: len(server.statuses) >= 4)
        stop("誤った内容のおそれ", by=cast.hata)
        stopped = datetime.now(UTC)
        assert until(lambda: not Delivery.objects.exclude(state__in=["sent", "held"]).exists())
    assert max(s.at for s in server.statuses) <= stopped + timedelta(seconds=1)
    assert Delivery.objects.filter(state="sent").count() == len(server.statuses) < 40


@pytest.mark.usefixtures("ready")
def test_a_long_upload_keeps_its_lease(server: MastodonServer, settings: LazySettings) -> None:
    """Twice as long as the lease; nobody else takes it meanwhile."""
    settings.KOSHIKI_DELIVERY_TIMES = {"lease": "1"}
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    server.processing = 2
    cast = make_cast()
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    row = due_delivery(cast, connected(cast, server), media=[Attached(image, "訓練のようす")])
    assert (run(row).state, row.epoch, len(server.media)) == ("sent", 1, 1)
