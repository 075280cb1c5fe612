"""What each answer means, and what a look-up may conclude: said so when it cannot be known."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from koshiki.networks.base import (
    CannotTell,
    Found,
    Gone,
    Link,
    Media,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    TokenDead,
)
from koshiki.networks.mastodon import Mastodon
from tests.networks.contract import nothing
from tests.networks.mastodon_server import MastodonServer, connected

pytestmark = pytest.mark.usefixtures("loopback")


class TestOutcomes:
    """What each answer means. Only what is known not to be published may be tried again."""

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            ("swallow", OutcomeUnknown), ("refuse", OutcomeUnknown),
            ("500", OutcomeUnknown), ("500-accepted", OutcomeUnknown), ("502", OutcomeUnknown), ("503", OutcomeUnknown),
            ("rubbish", OutcomeUnknown), ("empty", OutcomeUnknown), ("html", OutcomeUnknown), ("huge", OutcomeUnknown),
            ("no-id", OutcomeUnknown), ("list", OutcomeUnknown), ("cut", OutcomeUnknown),
            ("redirect-302", OutcomeUnknown),
            ("429", NotSent), ("503-retry", NotSent),
            ("422", Rejected), ("404", Gone), ("redirect", Rejected),
            ("401", TokenDead), ("403", TokenDead),
        ],
    )  # fmt: skip
    def test_an_answer_means(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(outcome) as caught:
            opened.publish(plain, {}, nothing)
        assert type(caught.value) is outcome
        published = sum(
            1 for method, path, _ in server.requests if (method, path) == ("POST", "/api/v1/statuses")
        )
        assert published == 1, "one call, whatever comes of it"

    def test_silence_after_acceptance_is_unknown(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        server.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert time.monotonic() - begun < 2
        assert len(server.statuses) == 1

    def test_a_server_that_is_not_there_was_never_sent_anything(self, link: Link, plain: Outgoing) -> None:
        gone = Mastodon(replace(link, server="http://127.0.0.1:1"))
        with pytest.raises(NotSent):
            gone.publish(plain, {}, nothing)

    @pytest.mark.parametrize(("fault", "wait"), [("429-absurd", 3600), ("429-date", 3600), ("503-retry", 7)])
    def test_what_a_server_asks_to_wait_is_bounded(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, fault: str, wait: int
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(NotSent) as caught:
            opened.publish(plain, {}, nothing)
        assert caught.value.retry_after == wait

    def test_the_key_is_sent_with_every_try_and_stays_the_same(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.faults.extend(["503", "swallow", ""])
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                opened.publish(plain, {}, nothing)
        opened.publish(plain, {}, nothing)
        keys = [
            headers["Idempotency-Key"]
            for method, _, headers in server.requests
            if "Idempotency-Key" in headers
        ]
        assert keys == [plain.key] * 3
        assert len(server.statuses) == 1

    @pytest.mark.parametrize("software", ["mastodon", "snac", "pleroma", "Mastodon", "", "hometown"])
    def test_the_key_counts_only_with_software_that_is_known_to_honour_it(
        self, server: MastodonServer, software: str
    ) -> None:
        server.software = software
        link = connected(server.base, server.city.token, account="42")
        assert (Mastodon(link).repeatable_for() > 0) == (software == "mastodon")

    def test_a_clock_that_is_off_is_seen(self, server: MastodonServer, opened: Mastodon) -> None:
        server.clock_ahead = -600
        opened.identity()
        assert opened.skew is not None
        assert -605 < opened.skew < -595

    def test_pictures_are_waited_for_and_begun_anew_when_the_server_lost_them(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, tmp_path: Path
    ) -> None:
        Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
        outgoing = replace(plain, media=(Media(tmp_path / "a.png", "image/png", "黒い図", 8, 8),))
        server.processing = 2
        stages: list[dict[str, Any]] = []
        stage = opened.prepare(outgoing, {}, stages.append, nothing)
        assert [saved["ready"] for saved in stages] == [0, 1]
        server.media.clear()
        with pytest.raises(NotSent, match="残っていません"):
            opened.prepare(outgoing, {**stage, "ready": 0}, stages.append, nothing)
        assert opened.prepare(outgoing, stages[-1], stages.append, nothing)["ready"] == 1

    def test_the_time_before_publishing_is_the_last_moment(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        """The last check runs on the open connection: the server has it, and has read nothing of it."""
        seen: list[int] = []
        opened.publish(plain, {}, lambda: seen.append(len(server.requests)))
        before = len(server.requests) - 1
        assert seen == [before]


class TestLookingUp:
    def test_a_swallowed_answer_is_found_by_looking(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        found = opened.look_up(plain, plain.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == server.statuses[0].id

    def test_two_equal_texts_never_claim_one_publication(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        other = replace(plain, key=str(uuid.uuid4()))
        first = opened.publish(plain, {}, nothing)
        assert isinstance(opened.look_up(other, other.created_at, {first.remote_id}), NotFound)
        second = opened.publish(other, {}, nothing)
        found = opened.look_up(other, other.created_at, {first.remote_id})
        assert isinstance(found, Found)
        assert found.remote_id == second.remote_id

    def test_an_older_equal_text_is_not_this_one(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        opened.publish(plain, {}, nothing)
        server.statuses[0] = replace(server.statuses[0], at=plain.created_at - timedelta(hours=3))
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_what_other_accounts_publish_is_not_this_one(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        other = server.add_account("bousai")
        Mastodon(connected(server.base, other.token, account="43")).publish(
            plain, {}, nothing
        )
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_it_looks_through_all_pages_back_to_its_time(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.page = 20
        opened.publish(plain, {}, nothing)
        for number in range(70):
            text = {"text": f"{number}番のお知らせ：{chr(0x4E00 + number * 37) * 20}"}
            opened.publish(replace(plain, content=text, key=str(uuid.uuid4())), {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), Found)

    def test_a_list_too_long_to_be_seen_whole_tells_nothing(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.page = 3
        for number in range(20):
            text = {"text": chr(0x4E00 + number * 37) * 20}
            opened.publish(replace(plain, content=text, key=str(uuid.uuid4())), {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_a_list_that_lags_says_not_found_so_the_settle_time_must_be_waited(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.lag = 60
        opened.publish(plain, {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)
        assert opened.settle_seconds >= 150

    def test_what_is_nearly_the_same_is_for_a_person(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        """A server may show a text changed more than we foresaw: never take that for proof of absence."""
        changed = replace(
            plain, content={"text": "防災訓練を <b>大きく</b> 行います。"}, key=str(uuid.uuid4())
        )
        opened.publish(changed, {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_with_a_dead_token_it_cannot_tell(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.revoke(server.city)
        told = opened.look_up(plain, plain.created_at)
        assert isinstance(told, CannotTell)
        assert told.token_dead

    def test_rubbish_is_not_an_empty_list(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        for rubbish in ({}, [1], [{"id": "5"}], [{"id": "5", "created_at": "yesterday"}], "x", 7):
            server.list_answer = rubbish
            assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_a_server_that_is_away_cannot_tell(self, link: Link, plain: Outgoing) -> None:
        gone = Mastodon(replace(link, server="http://127.0.0.1:1"))
        assert isinstance(gone.look_up(plain, plain.created_at), CannotTell)
