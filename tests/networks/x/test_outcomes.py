"""What each answer of X means: said so when it cannot be known."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from typing import Any

import pytest

from koshiki.networks.base import (
    Gone,
    Link,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    TokenDead,
)
from koshiki.networks.x import X
from tests.networks.contract import nothing
from tests.networks.x.conftest import linked
from tests.networks.x_server import XServer

MEANINGS = [
    ("swallow", OutcomeUnknown), ("refuse", OutcomeUnknown), ("cut", OutcomeUnknown), ("redirect-302", OutcomeUnknown),
    ("500", OutcomeUnknown), ("500-accepted", OutcomeUnknown), ("502", OutcomeUnknown), ("503", OutcomeUnknown),
    ("rubbish", OutcomeUnknown), ("empty", OutcomeUnknown), ("html", OutcomeUnknown), ("huge", OutcomeUnknown),
    ("list", OutcomeUnknown), ("no-id", OutcomeUnknown), ("odd-id", OutcomeUnknown), ("null", OutcomeUnknown),
    ("429", NotSent), ("429-absurd", NotSent), ("503-retry", NotSent), ("402", NotSent),
    ("400", Rejected), ("403", Rejected), ("redirect", Rejected), ("404", Gone), ("401", TokenDead),
]  # fmt: skip


class TestPublishing:
    @pytest.mark.parametrize(("fault", "outcome"), MEANINGS)
    def test_an_answer_means(
        self, server: XServer, opened: X, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(outcome) as caught:
            opened.publish(plain, {}, nothing)
        assert type(caught.value) is outcome
        assert server.calls == ["publish"], "one call, whatever comes of it"

    def test_silence_after_acceptance_is_unknown(
        self, server: XServer, opened: X, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        server.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert time.monotonic() - begun < 2
        assert len(server.posts) == 1

    def test_a_server_that_is_not_there_was_never_sent_anything(
        self, opened: X, plain: Outgoing, link: Link, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(X, "api", "http://127.0.0.1:1")
        with pytest.raises(NotSent):
            X(link).publish(plain, {}, nothing)

    @pytest.mark.clause("K-once")
    def test_a_refused_duplicate_is_no_proof_that_this_one_went_out(
        self, server: XServer, opened: X, plain: Outgoing
    ) -> None:
        """The equal post may be last week's: so it is looked up, neither failed nor taken for sent."""
        opened.publish(plain, {}, nothing)
        with pytest.raises(OutcomeUnknown, match="同じ内容"):
            opened.publish(plain, {}, nothing)
        assert len(server.posts) == 1

    def test_what_x_forbids_is_told_in_its_own_words(self, server: XServer, opened: X, plain: Outgoing) -> None:
        with pytest.raises(Rejected, match="too long"):
            opened.publish(replace(plain, content={"text": "あ" * 141}), {}, nothing)

    def test_without_credit_it_waits_for_somebody_to_buy_some(self, server: XServer, opened: X, plain: Outgoing) -> None:
        server.faults.append("402")
        with pytest.raises(NotSent, match="クレジット") as caught:
            opened.publish(plain, {}, nothing)
        assert caught.value.retry_after == 600

    def test_the_last_check_runs_before_a_byte_is_sent(self, server: XServer, opened: X, plain: Outgoing) -> None:
        seen: list[int] = []
        opened.publish(plain, {}, lambda: seen.append(len(server.requests)))
        assert seen == [0]

    def test_a_clock_that_is_off_is_seen(self, server: XServer, opened: X) -> None:
        server.clock_ahead = -600
        opened.identity()
        assert opened.skew is not None
        assert -605 < opened.skew < -595


class TestLimits:
    def wait(self, opened: X, plain: Outgoing, server: XServer, **limits: int | str) -> int | None:
        server.limits = {name.replace("_", "-"): str(value) for name, value in limits.items()}
        server.faults.append("429")
        with pytest.raises(NotSent) as caught:
            opened.publish(plain, {}, nothing)
        return caught.value.retry_after

    def test_it_waits_until_the_count_begins_anew(self, server: XServer, opened: X, plain: Outgoing) -> None:
        in_ten_minutes = int(time.time()) + 600
        waited = self.wait(opened, plain, server, x_rate_limit_remaining=0, x_rate_limit_reset=in_ten_minutes)
        assert waited is not None
        assert 590 <= waited <= 600

    def test_it_waits_by_the_clock_of_x(self, server: XServer, opened: X, plain: Outgoing) -> None:
        server.clock_ahead = 300
        in_ten_minutes = int(time.time()) + 600
        waited = self.wait(opened, plain, server, x_rate_limit_remaining=0, x_rate_limit_reset=in_ten_minutes)
        assert waited is not None
        assert 290 <= waited <= 301

    def test_of_two_counts_the_one_that_is_used_up_tells(self, server: XServer, opened: X, plain: Outgoing) -> None:
        now = int(time.time())
        waited = self.wait(opened, plain, server, x_rate_limit_remaining=7, x_rate_limit_reset=now + 2000,
                           x_user_limit_24hour_remaining=0, x_user_limit_24hour_reset=now + 1000)  # fmt: skip
        assert waited is not None
        assert 990 <= waited <= 1000

    @pytest.mark.parametrize(
        ("reset", "waited"), [("9" * 11, 3600), ("0", 1), ("soon", None), ("9" * 5000, None), ("-5", None), ("１２", None)]
    )
    def test_an_absurd_reset_is_bounded(
        self, server: XServer, opened: X, plain: Outgoing, reset: str, waited: int | None
    ) -> None:
        if not reset.isascii():
            reset = reset.encode("utf-8").decode("latin-1")
        assert self.wait(opened, plain, server, x_rate_limit_remaining=0, x_rate_limit_reset=reset) == waited

    def test_retry_after_is_heeded_too(self, server: XServer, opened: X, plain: Outgoing) -> None:
        assert self.wait(opened, plain, server, retry_after=70) == 70


class TestReading:
    @pytest.mark.parametrize("fault", ["500", "502", "503", "429", "402", "swallow", "cut", "html", "huge", "empty", "list"])
    @pytest.mark.parametrize("verb", ["read", "timeline", "comments", "profile", "identity", "search"])
    def test_what_cannot_be_read_now_is_tried_later(
        self, server: XServer, opened: X, plain: Outgoing, fault: str, verb: str
    ) -> None:
        calls = {"read": ("one_post", "5"), "timeline": ("own_posts", plain.created_at), "profile": ("me",),
                 "comments": ("search_posts", plain.created_at), "identity": ("me",), "search": ("search_users", "iwata")}
        name, *given = calls[verb]
        server.faulty[str(name)] = fault
        with pytest.raises(NotSent):
            getattr(opened, verb)(*given)

    @pytest.mark.parametrize("answer", [{}, {"data": []}, {"data": [1]}, {"data": "x"}, {"errors": []}, {"data": {"id": "x"}}])
    def test_rubbish_is_no_post_and_no_account(self, server: XServer, opened: X, answer: Any) -> None:
        server.instead = {"one_post": answer, "me": answer}
        for ask in (lambda: opened.read("5"), opened.profile, opened.identity):
            with pytest.raises(NotSent):
                ask()

    def test_a_dead_token_is_told_by_every_verb(self, server: XServer, opened: X, plain: Outgoing) -> None:
        server.tokens.clear()
        for ask in (lambda: opened.read("5"), opened.profile, lambda: opened.timeline(plain.created_at),
                    lambda: opened.comments(plain.created_at), lambda: opened.delete("5", nothing),
                    lambda: opened.hide("5"), lambda: opened.reply("5", plain, nothing)):  # fmt: skip
            with pytest.raises(TokenDead):
                ask()

    def test_a_token_that_ran_out_is_dead_until_it_is_renewed(self, server: XServer, plain: Outgoing) -> None:
        server.token_seconds = 0
        link = linked(server, server.city)
        with pytest.raises(TokenDead):
            X(link).publish(plain, {}, nothing)
        server.token_seconds = 7200
        assert X(X(link).refresh()).publish(plain, {}, nothing).remote_id == server.posts[0].id


class TestWords:
    def test_the_words_of_x_are_shown_short_and_without_what_could_deceive(self, server: XServer, opened: X) -> None:
        said = {"type": "https://api.x.com/2/problems/resource-not-found", "detail": "だめ\x1b[31m\u202eです" + "長" * 5000}
        server.instead["hide"] = {"errors": [said]}
        with pytest.raises(Gone, match=r"だめ\[31mです長") as caught:
            opened.hide("5")
        assert len(caught.value.reason) < 300


class TestSecrecy:
    def test_no_failure_shows_a_secret(self, server: XServer, opened: X, link: Link, plain: Outgoing) -> None:
        shown = [repr(opened), repr(opened.link), f"{opened.link}"]
        for fault in ("400", "401", "403", "500", "swallow", "rubbish", "429", "redirect"):
            server.faults.append(fault)
            server.faulty["token"] = fault
            for act in (lambda: opened.publish(plain, {}, nothing), opened.refresh):
                with pytest.raises(Outcome) as caught:
                    act()
                shown += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
        secrets = [secret.reveal() for secret in (*link.secrets.values(), link.app["client_secret"])]
        assert len(secrets) == 3
        assert not any(secret in text for secret in secrets for text in shown)
