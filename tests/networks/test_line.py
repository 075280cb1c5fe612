"""LINE: one message to all friends, once, by LINE's own retry key; held against LINE's own models over real sockets."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from koshiki.networks import means
from koshiki.networks.base import (
    HandsOver,
    Link,
    Media,
    Network,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Secret,
    TokenDead,
    Verb,
)
from koshiki.networks.line import Line
from tests.networks.contract import TakesPictures, nothing, two_pictures
from tests.networks.line_server import KEY_SECONDS, LineServer, connected, pasted
from tests.networks.stand_in import UNKNOWN

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LineServer]:
    with LineServer().running() as running:
        monkeypatch.setattr(Line, "api", running.base)
        yield running


@pytest.fixture
def link(server: LineServer) -> Link:
    return connected(server)


@pytest.fixture
def opened(link: Link) -> Line:
    return Line(link)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Media, ...]:
    return two_pictures(tmp_path)


def shown(picture: Media, name: str = "a.jpg") -> Media:
    return replace(picture, public_url=f"https://koshiki.city.example.jp/media/{name}")


class TestLine(TakesPictures):
    letter = "あ"

    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return Line(link)

    @pytest.fixture
    def visible(self, server: LineServer) -> Callable[[], int]:
        return lambda: len(server.broadcasts)

    @pytest.fixture
    def media(self, pictures: tuple[Media, ...]) -> tuple[Media, ...]:
        return tuple(shown(picture, f"{place}.jpg") for place, picture in enumerate(pictures))


class TestWhatItOffers:
    def test_what_line_cannot_do_is_not_offered(self) -> None:
        """There is no list, no reading, no taking back, and no profile text to be held against §6(3)ウ."""
        assert Line.verbs() == {Verb.PUBLISH, Verb.IDENTITY, Verb.KEY, Verb.REFRESH, Verb.RECEIVE}

    def test_an_account_that_is_not_connected_is_served_by_hand(self) -> None:
        by_hand = means("line", connected=False)
        assert by_hand is not None
        assert issubclass(by_hand, HandsOver)
        assert means("line", connected=True) is Line

    @pytest.mark.parametrize(
        ("text", "length"),
        [("", 0), ("あいう", 3), ("🎉", 2), ("葛󠄀", 3), ("👨‍👩‍👧‍👦", 11), ("𠮷", 2), ("a\nb", 3)],
    )
    def test_a_text_counts_as_line_counts_it(self, text: str, length: int) -> None:
        assert Line().count(text) == length

    def test_one_message_more_than_line_takes_is_named(self, pictures: tuple[Media, ...]) -> None:
        assert Line().problems({"text": "あ"}, pictures * 2) == []
        assert [problem.field for problem in Line().problems({"text": "あ"}, [*pictures * 2, pictures[0]])] == ["media"]

    def test_a_picture_too_large_for_the_preview_is_named(self, pictures: tuple[Media, ...]) -> None:
        pictures[0].path.write_bytes(b"x" * 1_000_001)
        [problem] = Line().problems({"text": "あ"}, [pictures[0]])
        assert "1MB" in problem.message


class TestPublishing:
    def test_text_and_pictures_go_out_as_one_broadcast(
        self, server: LineServer, opened: Line, plain: Outgoing, pictures: tuple[Media, ...]
    ) -> None:
        picture = shown(pictures[0])
        published = opened.publish(replace(plain, media=(picture,)), {}, nothing)
        [sent] = server.broadcasts
        assert sent.messages == [
            {"type": "text", "text": "防災訓練を行います。"},
            {"type": "image", "originalContentUrl": picture.public_url, "previewImageUrl": picture.public_url},
        ]
        assert (published.remote_id, published.url) == (sent.number, "")

    @pytest.mark.parametrize("address", ["", "http://a.example/1.jpg", "https://a.example/" + "1" * 2000])
    def test_a_picture_that_phones_cannot_fetch_is_refused_before_anything_is_sent(
        self, server: LineServer, opened: Line, plain: Outgoing, pictures: tuple[Media, ...], address: str
    ) -> None:
        picture = replace(pictures[0], public_url=address)
        with pytest.raises(Rejected, match="https"):
            opened.publish(replace(plain, media=(picture,)), {}, nothing)
        assert server.asked("POST", "/v2/bot/message/broadcast") == []

    def test_the_month_is_used_up(self, server: LineServer, opened: Line, plain: Outgoing) -> None:
        server.used = 4950
        with pytest.raises(Rejected, match="今月"):
            opened.publish(plain, {}, nothing)

    def test_a_plan_that_allows_no_sending_is_not_a_dead_token(
        self, server: LineServer, opened: Line, plain: Outgoing
    ) -> None:
        server.plan_allows = False
        with pytest.raises(Rejected, match="not available"):
            opened.publish(plain, {}, nothing)

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [*((fault, OutcomeUnknown) for fault in UNKNOWN),
         ("429", NotSent), ("503-retry", NotSent), ("400", Rejected), ("404", Rejected), ("403", Rejected),
         ("redirect", Rejected), ("401", TokenDead)],
    )  # fmt: skip
    def test_an_answer_means(
        self, server: LineServer, opened: Line, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(outcome):
            opened.publish(plain, {}, nothing)
        assert len(server.asked("POST", "/v2/bot/message/broadcast")) == 1, "one call, whatever comes of it"

    def test_silence_after_acceptance_is_unknown(
        self, server: LineServer, opened: Line, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        server.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert time.monotonic() - begun < 2

    @pytest.mark.parametrize(("fault", "wait"), [("429-absurd", 3600), ("429-date", 3600), ("503-retry", 7)])
    def test_what_line_asks_to_wait_is_bounded(
        self, server: LineServer, opened: Line, plain: Outgoing, fault: str, wait: int
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(NotSent) as caught:
            opened.publish(plain, {}, nothing)
        assert caught.value.retry_after == wait

    def test_a_clock_that_is_off_is_seen(self, server: LineServer, opened: Line) -> None:
        server.clock_ahead = -600
        opened.identity()
        assert opened.skew is not None
        assert -605 < opened.skew < -595


class TestOnce:
    @pytest.mark.parametrize("fault", ["swallow", "500-accepted", "rubbish", "no-id", "cut", "huge"])
    def test_what_was_accepted_unheard_is_told_by_repeating_with_its_key(
        self, server: LineServer, opened: Line, plain: Outgoing, fault: str
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        published = opened.publish(plain, {}, nothing)
        assert [sent.number for sent in server.broadcasts] == [published.remote_id]
        assert server.used == server.friends, "friends got it once"

    def test_the_key_goes_along_on_the_first_try_and_is_the_same_on_every_other(
        self, server: LineServer, opened: Line, plain: Outgoing
    ) -> None:
        server.faults.extend(["503", "swallow"])
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                opened.publish(plain, {}, nothing)
        opened.publish(plain, {}, nothing)
        keys = [sent.headers["x-line-retry-key"] for sent in server.asked("POST", "/v2/bot/message/broadcast")]
        assert keys == [plain.key] * 3

    def test_two_equal_texts_are_two_messages(self, server: LineServer, opened: Line, plain: Outgoing) -> None:
        other = replace(plain, key=str(uuid.uuid4()))
        assert opened.publish(plain, {}, nothing) != opened.publish(other, {}, nothing)
        assert len(server.broadcasts) == 2

    def test_a_conflict_that_names_no_request_is_unknown(
        self, server: LineServer, opened: Line, plain: Outgoing
    ) -> None:
        """A 409 of something between here and LINE proves nothing."""
        server.faults.extend(["", "no-id"])
        opened.publish(plain, {}, nothing)
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)

    def test_it_is_not_repeated_when_line_may_have_forgotten_the_key(
        self, server: LineServer, opened: Line, plain: Outgoing
    ) -> None:
        opened.publish(plain, {}, nothing)
        server.later = opened.repeatable_for()
        opened.publish(plain, {}, nothing)
        assert len(server.broadcasts) == 1
        server.later = KEY_SECONDS + 1
        opened.publish(plain, {}, nothing)
        assert len(server.broadcasts) == 2, "the stand-in forgets, as LINE does"


class TestConnecting:
    def test_id_and_secret_of_a_channel_open_its_account(self, server: LineServer, link: Link) -> None:
        identity = Line(link).identity()
        assert identity.remote_account_id == "U" + "a" * 32
        assert (identity.handle, identity.url) == ("@012abcde", "https://line.me/R/ti/p/@012abcde")
        assert set(link.secrets) == {"channel_id", "channel_secret", "access_token"}
        assert link.secrets["channel_secret"].reveal() == server.city.secret

    @pytest.mark.parametrize(
        ("address", "handle"),
        [("https://page.line.me/iwata-city", "@iwata-city"), ("https://line.me/R/ti/p/@012abcde", "@012abcde"),
         ("https://page.line.me/another", "@012abcde"), ("", "@012abcde")],
    )  # fmt: skip
    def test_the_account_is_named_as_the_register_names_it(
        self, server: LineServer, address: str, handle: str
    ) -> None:
        """An account with a premium id has two names; which is the registered one, the register says."""
        server.city.premium_id = "@iwata-city"
        assert Line(connected(server, address=address)).identity().handle == handle

    @pytest.mark.parametrize("wrong", [{"channel_secret": Secret("0" * 32)}, {"channel_id": Secret("9876543210")}])
    def test_a_wrong_secret_opens_nothing(self, server: LineServer, wrong: dict[str, Secret]) -> None:
        with pytest.raises(TokenDead, match="チャネル"):
            Line.with_key(pasted(server) | wrong, account="42", address="")

    @pytest.mark.parametrize("typed", ["", "two lines\nX-Evil: 1", "全角", "a b", "\x00"])
    def test_what_is_no_secret_is_not_even_sent(self, server: LineServer, typed: str) -> None:
        with pytest.raises(Rejected, match="シークレット"):
            Line.with_key(pasted(server) | {"channel_secret": Secret(typed)}, account="42", address="")
        assert server.requests == []

    @pytest.mark.parametrize(("limit", "told"), [(5000, 5000), (None, None)])
    def test_how_much_may_be_sent_this_month_is_told(
        self, server: LineServer, limit: int | None, told: int | None
    ) -> None:
        server.limit, server.used = limit, 1200
        facts = connected(server).facts
        assert (facts["month_limit"], facts["month_used"]) == (told, 1200)

    def test_when_the_token_runs_out_is_known(self, link: Link) -> None:
        until = datetime.fromisoformat(link.facts["expires_at"])
        assert timedelta(days=29) < until - datetime.now(UTC) <= timedelta(days=30)

    def test_a_new_token_works_and_the_old_one_did_not_die_of_it(
        self, server: LineServer, link: Link, plain: Outgoing
    ) -> None:
        renewed = Line(link).refresh()
        assert renewed.secrets["access_token"] != link.secrets["access_token"]
        Line(link).publish(plain, {}, nothing)
        server.later = 29.9 * 86400
        server.tokens.pop(link.secrets["access_token"].reveal())
        Line(renewed).publish(replace(plain, key=str(uuid.uuid4())), {}, nothing)
        with pytest.raises(TokenDead):
            Line(link).publish(plain, {}, nothing)

    def test_a_channel_whose_secret_was_changed_must_be_connected_again(self, server: LineServer, link: Link) -> None:
        server.city.secret = "f" * 32
        with pytest.raises(TokenDead):
            Line(link).refresh()

    @pytest.mark.parametrize("answer", [[], "x", {}, {"userId": 5, "basicId": "@a"}, {"userId": "U1"}])
    def test_an_odd_answer_is_nobody(self, server: LineServer, opened: Line, answer: object) -> None:
        server.bot_answer = answer
        with pytest.raises(NotSent):
            opened.identity()


class TestSecrecy:
    def test_no_failure_shows_a_secret(self, server: LineServer, opened: Line, plain: Outgoing) -> None:
        told = [repr(opened), str(opened.link), repr(opened.link)]
        for fault in ("401", "400", "500", "swallow", "rubbish", "429", "redirect"):
            server.faults.append(fault)
            try:
                opened.publish(plain, {}, nothing)
            except Exception as error:
                told += [repr(error), str(error), "".join(traceback.format_exception(error))]
        assert len(told) == 3 + 7 * 3
        secrets = [secret.reveal() for name, secret in opened.link.secrets.items() if name != "channel_id"]
        assert not any(secret in text for text in told for secret in secrets)
        assert not any(secret in request.path for request in server.requests for secret in secrets)

    def test_nothing_secret_goes_unencrypted_beyond_the_allowed_networks(
        self, server: LineServer, settings: Any
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(NotSent):
            connected(server)
        assert server.requests == []
