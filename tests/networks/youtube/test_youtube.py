"""YouTube: uploaded in private, made public by one call; held against YouTube's own discovery document."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from koshiki.networks import means
from koshiki.networks.base import (
    Gone,
    HandsOver,
    Link,
    Media,
    Network,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    TokenDead,
    Verb,
)
from koshiki.networks.youtube import YouTube
from tests.networks.contract import TEXT, Publishing, nothing, two_pictures
from tests.networks.stand_in import UNKNOWN
from tests.networks.youtube.talk import TITLE, answering, sent
from tests.networks.youtube_server import YouTubeServer

pytestmark = pytest.mark.usefixtures("loopback")


class TestYouTube(Publishing):
    content = {"title": TITLE, "text": TEXT}
    letter = "a"

    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return YouTube(link)

    @pytest.fixture
    def media(self, film: Media) -> tuple[Media, ...]:
        return (film,)

    @pytest.fixture
    def visible(self, server: YouTubeServer) -> Callable[[], int]:
        return lambda: len(server.public)

    def send(self, opened: Network, outgoing: Outgoing, last_check: Callable[[], None] = nothing) -> Any:
        """What was uploaded for a delivery is kept, as its stage is."""
        assert isinstance(opened, YouTube)
        stages: dict[str, Any] = vars(opened).setdefault("stages", {})
        stages[outgoing.key] = opened.prepare(outgoing, stages.get(outgoing.key, {}), lambda _: None, last_check)
        return opened.publish(outgoing, stages[outgoing.key], last_check)


class TestWhatItTakes:
    def test_all_that_youtube_offers_is_offered(self) -> None:
        assert set(Verb) - YouTube.verbs() == {Verb.KEY, Verb.RECEIVE, Verb.THREAD, Verb.HAND_OVER}

    def test_an_account_that_is_not_connected_is_served_by_hand(self) -> None:
        assert means("youtube", connected=True) is YouTube
        by_hand = means("youtube", connected=False)
        assert by_hand is not None
        assert issubclass(by_hand, HandsOver)

    def test_a_description_counts_in_bytes_and_a_title_in_letters(self, film: Media) -> None:
        fits = {"title": "あ" * 100, "text": "あ" * 1666 + "ab"}
        assert YouTube().problems(fits, [film]) == []
        [title] = YouTube().problems({**fits, "title": "あ" * 101}, [film])
        assert "100字まで" in title.message
        [text] = YouTube().problems({**fits, "text": "あ" * 1667}, [film])
        assert "5000バイトまで" in text.message
        assert "いま5001バイト" in text.message

    @pytest.mark.parametrize("field", ["title", "text"])
    def test_brackets_that_youtube_takes_nowhere_are_named(self, film: Media, field: str) -> None:
        content = {"title": TITLE, "text": TEXT} | {field: "10 < 20"}
        assert [problem.field for problem in YouTube().problems(content, [film])] == [field]

    def test_there_is_no_post_without_one_film(self, film: Media, tmp_path: Path) -> None:
        content = {"title": TITLE, "text": TEXT}
        for media in ([], [film, film], [two_pictures(tmp_path)[0]]):
            assert {problem.field for problem in YouTube().problems(content, media)} == {"media"}

    def test_a_film_beyond_its_rules_is_named(self, film: Media) -> None:
        content = {"title": TITLE, "text": TEXT}
        for wrong in (replace(film, mime="video/x-flv"), replace(film, seconds=12 * 3600 + 1), replace(film, alt="")):
            assert [problem.field for problem in YouTube().problems(content, [wrong])] == ["media"]

    @pytest.mark.parametrize(
        ("address", "number"),
        [("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "dQw4w9WgXcQ"), ("https://youtu.be/dQw4w9WgXcQ?t=3", "dQw4w9WgXcQ"),
         ("https://www.youtube.com/post/UgkxAbC", ""), ("https://www.youtube.com/@iwata", ""), ("https://x.com/a/status/1", "")],
    )  # fmt: skip
    def test_the_id_stands_in_the_address(self, address: str, number: str) -> None:
        assert YouTube().remote_id_in(address) == number


class TestPublishing:
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [*((fault, OutcomeUnknown) for fault in UNKNOWN),
         ("429", NotSent), ("503-retry", NotSent), ("400", Rejected), ("404", Gone), ("403", Rejected),
         ("redirect", Rejected), ("401", TokenDead)],
    )  # fmt: skip
    def test_an_answer_means(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        server.faults.append(fault)
        with pytest.raises(outcome):
            opened.publish(plain, stage, nothing)
        assert len(server.asked("PUT", "/youtube/v3/videos")) == 1, "one call, whatever comes of it"

    @pytest.mark.parametrize("fault", ["swallow", "500-accepted", "rubbish", "no-id"])
    def test_repeating_makes_nothing_twice(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, fault: str
    ) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        server.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, stage, nothing)
        published = opened.publish(plain, stage, nothing)
        assert [video.id for video in server.videos.values()] == [published.remote_id] == [v.id for v in server.public]
        assert published.url == f"https://www.youtube.com/watch?v={published.remote_id}"

    def test_silence_is_unknown(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        server.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, stage, nothing)
        assert time.monotonic() - begun < 2

    def test_a_project_that_google_has_not_audited_is_told_why_the_video_stays_private(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        server.audited = False
        with pytest.raises(Rejected, match="審査"):
            sent(opened, plain)
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_the_days_units_are_spent(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        server.spent["units"] = 10_000
        with pytest.raises(NotSent, match="割当て") as caught:
            opened.publish(plain, stage, nothing)
        assert caught.value.retry_after == 3600

    def test_the_days_uploads_are_spent(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        server.spent["videos.insert"] = 100
        with pytest.raises(NotSent, match="割当て"):
            opened.prepare(plain, {}, lambda _: None, nothing)
        assert server.sessions == {}

    @pytest.mark.parametrize(
        ("reason", "outcome"),
        [("rateLimitExceeded", NotSent), ("insufficientPermissions", TokenDead), ("forbidden", Rejected), ("", Rejected)],
    )
    def test_a_403_means_what_it_says(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, reason: str, outcome: type[Exception]
    ) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        answering(server, ("PUT", "/youtube/v3/videos"), server.error(403, "no", reason))
        with pytest.raises(outcome):
            opened.publish(plain, stage, nothing)

    def test_nothing_is_published_that_was_not_uploaded(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        with pytest.raises(NotSent):
            opened.publish(plain, {}, nothing)
        assert server.asked("PUT", "/youtube/v3/videos") == []
