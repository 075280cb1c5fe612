"""What each answer of a Bluesky server means, and what a look-up may conclude."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from koshiki.networks.base import (
    CannotTell,
    Found,
    Link,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    TokenDead,
)
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.bluesky.keys import chosen_key
from tests.networks.bluesky_server import METHODS, POSTS, BlueskyServer, Refused, post_of
from tests.networks.contract import nothing


class TestOutcomes:
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            ("swallow", OutcomeUnknown), ("refuse", OutcomeUnknown),
            ("500", OutcomeUnknown), ("500-accepted", OutcomeUnknown), ("502", OutcomeUnknown), ("503", OutcomeUnknown),
            ("rubbish", OutcomeUnknown), ("empty", OutcomeUnknown), ("html", OutcomeUnknown), ("huge", OutcomeUnknown),
            ("no-id", OutcomeUnknown), ("list", OutcomeUnknown), ("cut", OutcomeUnknown),
            ("redirect-302", OutcomeUnknown),
            ("429", NotSent), ("503-retry", NotSent),
            ("400", Rejected), ("422", Rejected), ("redirect", Rejected),
            ("401", TokenDead), ("403", TokenDead),
        ],
    )  # fmt: skip
    def test_an_answer_means(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(outcome) as caught:
            opened.publish(plain, {}, nothing)
        assert type(caught.value) is outcome
        published = [path for method, path, _ in server.requests if path.endswith("putRecord")]
        assert len(published) == 1, "one call, whatever comes of it"

    @pytest.mark.parametrize("fault", ["swallow", "500-accepted", "rubbish", "empty", "html", "no-id", "list", "cut"])
    def test_what_was_accepted_without_a_word_is_answered_by_the_repetition(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing, fault: str
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert opened.publish(plain, {}, nothing).remote_id == chosen_key(plain.key, plain.created_at)
        assert len(server.city.posts()) == 1

    def test_silence_after_acceptance_is_unknown(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        server.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert time.monotonic() - begun < 3
        assert len(server.city.posts()) == 1

    def test_a_server_that_is_not_there_was_never_sent_anything(self, link: Link, plain: Outgoing) -> None:
        gone = Bluesky(replace(link, server="http://127.0.0.1:1"))
        with pytest.raises(NotSent):
            gone.publish(plain, {}, nothing)
        assert isinstance(gone.look_up(plain, plain.created_at), CannotTell)

    @pytest.mark.parametrize(("fault", "wait"), [("429-absurd", 3600), ("429-date", 3600), ("503-retry", 7)])
    def test_what_a_server_asks_to_wait_is_bounded(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing, fault: str, wait: int
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(NotSent) as caught:
            opened.publish(plain, {}, nothing)
        assert caught.value.retry_after == wait

    def test_what_the_lexicon_forbids_is_refused_in_the_servers_own_words(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        with pytest.raises(Rejected, match="text is too long"):
            opened.publish(replace(plain, content={"text": "長" * 301}), {}, nothing)
        assert server.city.posts() == []

    def test_a_write_that_another_one_overtook_is_known_not_to_be_there(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server says InvalidSwap also where two writes to one repository met; then nothing stands at the key."""

        def overtaken(_handler: Any) -> None:
            raise Refused("InvalidSwap", "Commit was at another")

        monkeypatch.setitem(METHODS, ("POST", "com.atproto.repo.putRecord"), overtaken)
        with pytest.raises(NotSent):
            opened.publish(plain, {}, nothing)

    def test_credentials_that_ran_out_are_refreshed_and_not_given_up(
        self, server: BlueskyServer, plain: Outgoing, link: Link
    ) -> None:
        """The caller refreshes what ran out; a hold for a dead connection would wake a person at night."""
        server.token_seconds = -1
        ran_out = Bluesky(Bluesky(link).refresh())
        with pytest.raises(NotSent) as caught:
            ran_out.publish(plain, {}, nothing)
        assert not isinstance(caught.value, TokenDead)

    def test_a_session_that_was_ended_is_dead(self, server: BlueskyServer, opened: Bluesky, plain: Outgoing) -> None:
        server.sessions.clear()
        with pytest.raises(TokenDead):
            opened.publish(plain, {}, nothing)
        with pytest.raises(TokenDead):
            opened.identity()

    def test_a_clock_that_is_off_is_seen(self, server: BlueskyServer, opened: Bluesky) -> None:
        server.clock_ahead = -600
        opened.identity()
        assert opened.skew is not None
        assert -605 < opened.skew < -595

    def test_the_time_before_publishing_is_the_last_moment(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        seen: list[int] = []
        opened.publish(plain, {}, lambda: seen.append(len(server.requests)))
        assert seen == [len(server.requests) - 1]


class TestLookingUp:
    def test_a_swallowed_answer_is_found_by_its_key(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        server.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        found = opened.look_up(plain, plain.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == chosen_key(plain.key, plain.created_at)

    def test_an_equal_text_of_another_delivery_is_not_this_one(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        opened.publish(plain, {}, nothing)
        assert isinstance(opened.look_up(replace(plain, key="another"), plain.created_at), NotFound)

    def test_something_else_at_its_key_is_for_a_person(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        """Somebody rewrote the record with another program: neither ours nor absent."""
        key = chosen_key(plain.key, plain.created_at)
        server.put(server.city, POSTS, key, post_of("書き換えられた文", plain.created_at))
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)
        with pytest.raises(OutcomeUnknown, match="違う内容"):
            opened.publish(plain, {}, nothing)
        assert [post["text"] for post in server.city.posts()] == ["書き換えられた文"]

    def test_an_equal_text_of_another_time_at_its_key_is_not_this_one(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        key = chosen_key(plain.key, plain.created_at)
        server.put(server.city, POSTS, key, post_of(plain.content["text"], plain.created_at - timedelta(days=1)))
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    @pytest.mark.parametrize("answer", [{}, {"cid": "bafy"}, {"cid": "bafy", "value": 7}, [1], "x"])
    def test_rubbish_is_neither_found_nor_absent(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing, answer: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(METHODS, ("GET", "com.atproto.repo.getRecord"), lambda _self: answer)
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)
        with pytest.raises(NotSent):
            opened.read("3kabc")

    def test_looking_needs_no_token_and_so_no_dead_one_hides_a_post(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        opened.publish(plain, {}, nothing)
        server.sessions.clear()
        assert isinstance(opened.look_up(plain, plain.created_at), Found)
