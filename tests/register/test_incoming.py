"""受け口 — what LINE tells is checked, kept once and committed before it is answered; nobody else leaves anything behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register.actions.inlets import make_inlet
from koshiki.register.incoming import comments_since, inlet_at
from koshiki.register.models import Connection, Incoming, Inlet
from koshiki.register.throttle import Throttle
from koshiki.register.views.incoming import strangers
from tests.cast import Cast, official
from tests.racing import raced
from tests.register.on_line import body_of, connected_to_line, inlet_of, message, signed

pytestmark = [pytest.mark.usefixtures("installed"), pytest.mark.clause("K-connection")]
Door = Callable[[Person], Client]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nobody_was_wrong() -> Iterator[None]:
    strangers.forget()
    yield
    strangers.forget()


def told(inlet: Inlet | str, body: bytes, signature: str | None = None, kind: str = "application/json; charset=utf-8",
         client: Client | None = None) -> int:
    """What LINE is answered; by a client that holds to the rules on forms' tokens."""
    path = inlet if isinstance(inlet, str) else f"/incoming/line/{inlet.path}/"
    sent = (client or Client(enforce_csrf_checks=True)).post(
        path, body, content_type=kind, headers={"X-Line-Signature": signed(body) if signature is None else signature})
    assert sent.content == b""
    assert not sent.cookies
    return sent.status_code


def texts(inlet: Inlet) -> list[str]:
    return [comment.text for comment in comments_since(inlet.account, LONG_AGO)]


def test_what_line_signed_is_kept_and_read_as_the_accounts_comments(cast: Cast) -> None:
    inlet = inlet_of(cast)
    assert told(inlet, body_of(message("道路に穴があります🕳"), message("学校の前です"))) == 200
    first, second = comments_since(inlet.account, LONG_AGO)
    assert (first.text, second.text, first.writer_id) == ("道路に穴があります🕳", "学校の前です", "U" + "1" * 32)
    assert comments_since(inlet.account, second.at) == [second]
    assert "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA" not in "".join(Incoming.objects.values_list("text", flat=True))


def test_lines_own_trial_without_events_is_answered_well(cast: Cast) -> None:
    assert told(inlet_of(cast), body_of()) == 200
    assert not Incoming.objects.exists()


def test_told_again_it_is_kept_once(cast: Cast) -> None:
    inlet, event = inlet_of(cast), message("一度だけ")
    again = event | {"deliveryContext": {"isRedelivery": True}}
    assert [told(inlet, body_of(*events)) for events in ([event], [event], [again, message("次")], [event, event])] == [200] * 4
    assert texts(inlet) == ["一度だけ", "次"]


@pytest.mark.usefixtures("committed_db")
def test_and_also_when_it_is_told_twice_at_the_same_moment(cast: Cast) -> None:
    inlet, body = inlet_of(cast), body_of(message("同時"), message("二つ"))
    answers: list[int] = []
    assert raced(*[lambda: answers.append(told(inlet, body))] * 6) == []
    assert answers == [200] * 6
    assert texts(inlet) == ["同時", "二つ"]


@pytest.mark.parametrize("signature", ["", "AAAA", "あ", signed(b"another"), signed(body_of(), "another secret")])
def test_what_line_did_not_sign_leaves_nothing(cast: Cast, signature: str) -> None:
    inlet = inlet_of(cast)
    assert told(inlet, body_of(message("偽物")), signature) == 401
    assert not Incoming.objects.exists()


def test_one_byte_that_was_changed_on_the_way_is_noticed(cast: Cast) -> None:
    inlet, body = inlet_of(cast), body_of(message("避難所は開いています"))
    assert told(inlet, body.replace("開".encode(), "閉".encode()), signed(body)) == 401
    assert not Incoming.objects.exists()


def test_what_another_accounts_channel_signed_is_not_this_ones(cast: Cast) -> None:
    one, other = inlet_of(cast, connected_to_line(cast, "one")), inlet_of(cast, connected_to_line(cast, "two"))
    assert one.path != other.path
    assert told(one, body_of(message("一方へ"))) == 200
    assert (texts(one), texts(other)) == (["一方へ"], [])


@pytest.mark.parametrize("body", [b"[]", b"\xff", b'{"events": 5}', b"{}", b"\x00"])
def test_what_is_signed_and_yet_not_lines_form_leaves_nothing(cast: Cast, body: bytes) -> None:
    assert told(inlet_of(cast), body) == 400
    assert not Incoming.objects.exists()


def test_a_huge_body_is_refused_unread(cast: Cast) -> None:
    inlet = inlet_of(cast)
    assert told(inlet, body_of(message("あ" * 334_000))) == 413
    assert told(inlet, body_of(message("あ" * 300_000))) == 200
    assert [len(text) for text in texts(inlet)] == [10_000]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_what_is_sent_as_a_form_is_refused(cast: Cast, kind: str) -> None:
    assert told(inlet_of(cast), body_of(message("書式")), kind=kind) == 415
    assert not Incoming.objects.exists()


@pytest.mark.parametrize("path", [
    "/incoming/line/{wrong}/", "/incoming/x/{path}/", "/incoming/nothing/{path}/", "/incoming/line/1/"])
def test_at_another_address_there_is_nothing(cast: Cast, path: str) -> None:
    inlet = inlet_of(cast)
    assert told(path.format(path=inlet.path, wrong="A" * 43), body_of(message("どこへ"))) == 404
    assert not Incoming.objects.exists()


def test_a_new_address_ends_the_old_one(cast: Cast, signed_in: Door) -> None:
    old = inlet_of(cast)
    assert signed_in(cast.noda).post(f"/settings/services/line/incoming/{old.account_id}/").status_code == 302
    assert told(old, body_of(message("古い"))) == 404
    new = Inlet.objects.get(ended_at=None)
    assert told(new, body_of(message("新しい"))) == 200
    assert texts(new) == ["新しい"]


def test_an_account_that_is_not_connected_any_more_takes_nothing(cast: Cast) -> None:
    inlet = inlet_of(cast)
    Connection.objects.update(ended_at=inlet.made_at)
    assert told(inlet, body_of(message("もうない"))) == 404
    assert not Incoming.objects.exists()


def test_without_the_key_ring_nothing_can_be_checked_and_line_is_told_to_come_again(
    cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    inlet, body = inlet_of(cast), body_of(message("まだ"))
    ring, settings.KOSHIKI_KEY_RING = settings.KOSHIKI_KEY_RING, tmp_path / "none.json"
    assert told(inlet, body) == 503
    assert not Incoming.objects.exists()
    settings.KOSHIKI_KEY_RING = ring
    assert told(inlet, body) == 200


def test_whoever_is_wrong_too_often_is_shut_out_and_nobody_else(cast: Cast) -> None:
    inlet, body = inlet_of(cast), body_of(message("嵐"))
    stranger = Client(REMOTE_ADDR="198.51.100.7")
    answers = [told(inlet, body, "AAAA", client=stranger) for _ in range(70)]
    assert answers == [401] * 60 + [429] * 10
    with connection.execute_wrapper(_asked_nothing):
        assert told(inlet, body, client=stranger) == 429
    assert told(inlet, body, client=Client(REMOTE_ADDR="203.0.113.9")) == 200


def _asked_nothing(*asked: Any) -> None:
    raise AssertionError(asked)


def test_what_is_remembered_of_strangers_has_an_end_and_a_minute_is_a_minute() -> None:
    throttle = Throttle(most=1, seconds=60, remembered=3)
    for number in range(10):
        throttle.wrong(str(number))
    assert sum(throttle.shuts_out(str(number)) for number in range(10)) <= 3
    short = Throttle(most=1, seconds=0)
    short.wrong("a")
    assert not short.shuts_out("a")


def test_it_is_committed_before_it_is_answered(cast: Cast, database_urls: dict[str, str]) -> None:
    """Killed before the commit there is neither an answer nor a row; told again, somebody else sees it with the answer."""
    inlet, body = inlet_of(cast), body_of(message("確か"))
    with connection.execute_wrapper(_killed_once_written), pytest.raises(SystemExit):
        told(inlet, body)
    with psycopg.connect(database_urls["DATABASE_URL"]) as another:
        assert another.execute("SELECT count(*) FROM koshiki_incoming").fetchone() == (0,)
    assert told(inlet, body) == 200
    with psycopg.connect(database_urls["DATABASE_URL"]) as another:
        assert another.execute("SELECT count(*) FROM koshiki_incoming").fetchone() == (1,)


def _killed_once_written(execute: Any, sql: str, *more: Any) -> Any:
    done = execute(sql, *more)
    if sql.startswith('INSERT INTO "koshiki_incoming"'):
        raise SystemExit
    return done


# ---------------------------------------------------------------- what IT sees and does


def test_it_sees_the_address_and_how_much_came_and_nothing_of_what(cast: Cast, signed_in: Door, settings: LazySettings) -> None:
    settings.KOSHIKI_INCOMING_URL = "https://hooks.city.example.jp/koshiki/"
    account, door = connected_to_line(cast), signed_in(cast.noda)
    assert "受け口を作る" in door.get("/settings/services/line/incoming/").text
    inlet = inlet_of(cast, account)
    told(inlet, body_of(message("ひみつの相談"), message("もう一つ")))
    answer = door.get("/settings/services/line/incoming/")
    assert f"https://hooks.city.example.jp/koshiki/incoming/line/{inlet.path}/" in answer.text
    assert "2件" in answer.text
    assert "ひみつ" not in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert "LINEから届いたもの" in door.get("/settings/services/").text


def test_the_log_tells_that_an_address_was_made_and_not_which(cast: Cast) -> None:
    inlet = inlet_of(cast)
    entry = Entry.objects.get(verb="inlet.make", clause="K-connection", actor=cast.noda)
    assert inlet.path not in entry.canonical


@pytest.mark.parametrize("who", ["aoki", "baba", "chiba", "hara", "mori", "endo"])
def test_nobody_but_it_sees_or_makes_one(cast: Cast, signed_in: Door, who: str) -> None:
    account, person = connected_to_line(cast), getattr(cast, who)
    assert signed_in(person).get("/settings/services/line/incoming/").status_code == 404
    assert signed_in(person).post(f"/settings/services/line/incoming/{account.pk}/").status_code == 404
    with pytest.raises(Refused, match="システム管理"):
        make_inlet(account, by=person)
    assert not Inlet.objects.exists()


def test_only_for_a_connected_account_of_a_service_that_tells(cast: Cast, signed_in: Door) -> None:
    unconnected = official(cast, service="line", url="https://line.me/R/ti/p/@later")
    elsewhere, door = official(cast, name="ほか"), signed_in(cast.noda)
    assert door.post(f"/settings/services/line/incoming/{unconnected.pk}/").status_code == 409
    assert door.post(f"/settings/services/line/incoming/{elsewhere.pk}/").status_code == 404
    assert door.get("/settings/services/mastodon/incoming/").status_code == 404
    with pytest.raises(KeyError):
        comments_since(elsewhere, LONG_AGO)


def test_an_address_cannot_be_guessed(cast: Cast) -> None:
    paths = {make_inlet(account, by=cast.noda).path for account in [connected_to_line(cast)] * 5}
    assert len(paths) == 5
    assert all(len(path) == 43 for path in paths)
    assert [bool(inlet_at("line", path)) for path in sorted(paths)].count(True) == 1
