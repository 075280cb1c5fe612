"""健康: what a machine that watches is told, by whom it may be asked, and that it is told soon."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Head
from koshiki.database.models import Worker
from koshiki.posts.models import Delivery
from koshiki.public import static_copy
from koshiki.register.actions.holds import stop
from koshiki.register.models import Account
from tests.cast import Cast, make_cast, official
from tests.databases import _pointing_to
from tests.posts.delivering import due_delivery

SECRETS = ("防災", "お知らせ", "koshiki_app", "password", "host=/", "socket")


@pytest.fixture
def city(committed_db: None, settings: LazySettings, tmp_path: Path) -> Cast:
    """An installation in which all is well: a worker beats, the copy is written, nothing is due."""
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"
    cast = make_cast()
    official(cast, service="city_feed", name="市の発信一覧")
    static_copy.refresh()
    heartbeat(seconds_ago=1)
    return cast


def heartbeat(seconds_ago: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
                       [seconds_ago])


def told(client: Client, query: str = "") -> tuple[int, dict[str, Any]]:
    answer = client.get(f"/healthz{query}")
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert not [word for word in SECRETS if word in answer.content.decode()]
    return answer.status_code, json.loads(answer.content)


def test_all_is_well(city: Cast, client: Client) -> None:
    status, found = told(client)
    assert (status, found["ok"]) == (200, True)
    assert found["worker"] == {"ok": True, "alive": 1, "heartbeat_seconds": pytest.approx(1, abs=3)}
    assert found["delivery"] == {"ok": True, "oldest_overdue_seconds": 0}
    assert found["public_copy"] == {"ok": True, "written_seconds": pytest.approx(1, abs=5), "behind_seconds": 0}


def test_a_worker_that_fell_silent_is_seen(city: Cast, client: Client) -> None:
    heartbeat(seconds_ago=60)
    status, found = told(client)
    assert (status, found["worker"]["ok"], found["worker"]["alive"]) == (503, False, 0)
    assert found["worker"]["heartbeat_seconds"] >= 60
    assert told(client, "?of=web")[0] == 200, "the pages stay up"


def test_a_delivery_that_nobody_begins_is_seen_once_it_is_late(city: Cast, client: Client) -> None:
    row = due_delivery(city, Account.objects.get(), text="お知らせ")
    Delivery.objects.filter(pk=row.pk).update(due_at=clock.now() - timedelta(seconds=100))
    assert told(client)[1]["delivery"] == {"ok": True, "oldest_overdue_seconds": pytest.approx(100, abs=9)}
    Delivery.objects.filter(pk=row.pk).update(due_at=clock.now() - timedelta(seconds=400))
    status, found = told(client)
    assert (status, found["delivery"]["ok"]) == (503, False)
    Delivery.objects.filter(pk=row.pk).update(state="held")  # it waits for a person, who is told
    assert told(client)[1]["delivery"] == {"ok": True, "oldest_overdue_seconds": 0}


def test_a_public_copy_that_falls_behind_is_seen(city: Cast, client: Client) -> None:
    with clock.at(clock.now() - timedelta(seconds=300)):
        stop("誤った内容のおそれ", by=city.hata)
    status, found = told(client)
    assert (status, found["public_copy"]["ok"]) == (503, False)
    assert found["public_copy"]["behind_seconds"] >= 300
    static_copy.refresh()
    assert told(client)[0] == 200


# ---------------------------------------------------------------- the database away

@pytest.fixture
def hanging() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("away", ["gone", "hanging"])
def test_it_tells_within_seconds_that_the_database_is_away(
    db: None, client: Client, hanging: int, away: str,
) -> None:
    port = hanging if away == "hanging" else 9
    with _pointing_to(f"postgres://koshiki_app@127.0.0.1:{port}/koshiki", "koshiki"):
        began = time.monotonic()
        status, found = told(client)
        assert time.monotonic() - began < 4
        measured = client.get("/metrics")
    assert (status, found) == (503, {"ok": False, "database": {"ok": False}})
    assert "koshiki_database_up 0\n" in measured.content.decode()


# ---------------------------------------------------------------- metrics

LINE = re.compile(r"(?:# (?:HELP|TYPE) .+|[a-z_]+(?:\{[a-z]+=\"[^\"]*\"(?:,[a-z]+=\"[^\"]*\")*\})? [0-9.e+-]+)\n")


def test_the_figures_are_told_in_the_format_of_prometheus(city: Cast, client: Client) -> None:
    due_delivery(city, Account.objects.get(), text="お知らせ")
    stop("誤った内容のおそれ", by=city.hata)
    Worker.objects.create(host='庁舎"1\\2', beat="x")
    answer = client.get("/metrics")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "".join(LINE.findall(text.replace('\\"1\\\\', "1"))) == text.replace('\\"1\\\\', "1")
    assert 'koshiki_deliveries{service="city_feed",state="waiting"} 1\n' in text
    assert 'koshiki_holds_open{kind="stop"} 1\n' in text
    assert 'koshiki_worker_beat_age_seconds{host="庁舎\\"1\\\\2"} ' in text
    assert f"koshiki_log_head_number {Head.objects.get(pk=1).number}\n" in text
    assert "koshiki_workers_alive 1\n" in text
    assert "koshiki_database_up 1\n" in text
    assert not [word for word in SECRETS if word in text]


def test_without_a_worker_there_is_no_heartbeat_to_tell(city: Cast, client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
    text = client.get("/metrics").content.decode()
    assert "koshiki_workers_alive 0\n" in text
    assert "\nkoshiki_worker_heartbeat_age_seconds " not in text


@pytest.mark.parametrize(("asked", "status"), [
    ({"REMOTE_ADDR": "127.0.0.1"}, 200),
    ({"REMOTE_ADDR": "::1"}, 200),
    ({"REMOTE_ADDR": "192.0.2.7"}, 404),
    ({"REMOTE_ADDR": ""}, 404),
    ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
    ({"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer right"}, 200),
    ({"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer wrong"}, 404),
    ({"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "}, 404),
])
def test_only_whom_the_settings_name_may_read_them(
    committed_db: None, client: Client, settings: LazySettings, asked: dict[str, str], status: int,
) -> None:
    settings.KOSHIKI_METRICS_TOKEN = "right"
    assert client.get("/metrics", **asked).status_code == status  # type: ignore[arg-type]


def test_without_a_token_in_the_settings_none_is_right(committed_db: None, client: Client) -> None:
    asked = {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "}
    assert client.get("/metrics", **asked).status_code == 404  # type: ignore[arg-type]


def test_behind_the_citys_own_web_server_its_word_counts(
    committed_db: None, client: Client, settings: LazySettings,
) -> None:
    settings.KOSHIKI_TRUSTED_PROXY, settings.KOSHIKI_METRICS_NETWORKS = True, ("10.1.0.0/16",)
    for seen, status in {"10.1.2.3": 200, "127.0.0.1": 404, "10.1.2.3, 203.0.113.9": 404}.items():
        assert client.get("/metrics", HTTP_X_FORWARDED_FOR=seen).status_code == status, seen
