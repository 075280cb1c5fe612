"""The city's chat: what is urgent stands there at once, with the page's address and nothing of what it is about."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from koshiki.desk.jobs import tell_chat
from koshiki.networks.http import Forbidden
from koshiki.register.stopping import token_dead
from tests.cast import Cast, official
from tests.networks.peer import OK, Peer, peer, url
from tests.postbox import work
from tests.posts.writing import submitted

KEY = "T00/B00/geheim-im-weg"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def chat(settings: Any) -> Iterator[Peer]:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_URL = "https://koho.city.example/"
    with peer(OK) as running:
        settings.KOSHIKI_WEBHOOK = url(running) + KEY
        yield running


def said(chat: Peer) -> list[str]:
    return [json.loads(received.partition(b"\r\n\r\n")[2])["text"] for received in chat.received]


def test_that_publishing_stopped_is_told_at_once_with_the_page_and_nothing_more(
        committed_db: None, cast: Cast, chat: Peer) -> None:
    token_dead(official(cast, name="防災だより"), "サービスが認証情報を受け付けません。")
    work()
    assert said(chat) == ["【公式アカウント管理】発信の停止\nhttps://koho.city.example/"]


def test_whose_turn_it_is_is_no_matter_for_everybody(committed_db: None, cast: Cast, chat: Peer) -> None:
    submitted(cast.aoki, official(cast))
    work()
    assert said(chat) == []


def test_a_chat_that_is_away_is_told_later(committed_db: None, cast: Cast, settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    with peer(BUSY) as away:
        settings.KOSHIKI_WEBHOOK = url(away) + KEY
        token_dead(official(cast), "サービスが認証情報を受け付けません。")
        work()
        assert len(away.received) == 1
    job = ProcrastinateJob.objects.get(task_name="desk.tell_chat")
    assert (job.status, job.attempts) == ("todo", 1)


def test_its_address_is_a_secret_and_stands_nowhere(
        committed_db: None, cast: Cast, chat: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token_dead(official(cast), "サービスが認証情報を受け付けません。")
    assert KEY not in json.dumps(list(ProcrastinateJob.objects.values_list("args", flat=True)))
    work()
    assert chat.received
    assert KEY not in caplog.text


def test_it_never_goes_in_the_clear_to_elsewhere(settings: Any) -> None:
    settings.KOSHIKI_WEBHOOK = "http://8.8.8.8/hooks/secret"
    with pytest.raises(Forbidden, match="暗号化"):
        tell_chat(subject="発信の停止", path="/")


def test_without_one_nothing_is_to_be_done(committed_db: None, cast: Cast) -> None:
    token_dead(official(cast), "サービスが認証情報を受け付けません。")
    assert not ProcrastinateJob.objects.filter(task_name="desk.tell_chat").exists()
