"""What citizens write under the city's videos: all of it is seen, hidden without a word, answered in its thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from koshiki.networks.base import Gone, NotSent, OutcomeUnknown, Outgoing
from koshiki.networks.youtube import YouTube
from tests.networks.contract import nothing
from tests.networks.service_server import Reply
from tests.networks.youtube_server import CHANNEL, YouTubeServer, connected

pytestmark = pytest.mark.usefixtures("loopback")

NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(days=1)


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTubeServer]:
    with YouTubeServer().running() as running:
        monkeypatch.setattr(YouTube, "api", running.base)
        monkeypatch.setattr(YouTube, "tokens", f"{running.base}/token")
        yield running


@pytest.fixture
def opened(server: YouTubeServer) -> YouTube:
    return YouTube(connected(server))


@pytest.fixture
def answer() -> Outgoing:
    return Outgoing({"text": "お知らせありがとうございます。"}, (), "k", NOW)


class TestReading:
    def test_a_comment_is_read_as_it_was_written(self, server: YouTubeServer, opened: YouTube) -> None:
        made = server.comment("vid1", "字幕が <ずれて> います", at=NOW)
        [comment] = opened.comments(SINCE)
        assert (comment.remote_id, comment.on, comment.answers) == (made.id, "vid1", "")
        assert (comment.text, comment.writer_id, comment.writer) == ("字幕が <ずれて> います", made.writer, "@shimin")
        assert (comment.at, comment.edited_at, comment.hidden) == (NOW, None, False)
        assert comment.url == f"https://www.youtube.com/watch?v=vid1&lc={made.id}"

    def test_answers_are_seen_all_and_the_channels_own_are_left_out(
        self, server: YouTubeServer, opened: YouTube
    ) -> None:
        """Only a few answers come along with a thread."""
        top = server.comment("vid1", "質問です", at=NOW - timedelta(days=30))
        for number in range(5):
            server.comment("vid1", f"{number}", parent=top.id, at=NOW)
        server.comment("vid1", "市からの答え", parent=top.id, writer=CHANNEL, at=NOW)
        found = opened.comments(SINCE)
        assert sorted(comment.text for comment in found) == ["0", "1", "2", "3", "4"]
        assert {comment.answers for comment in found} == {top.id}

    def test_it_looks_through_all_pages_back_to_its_time(self, server: YouTubeServer, opened: YouTube) -> None:
        for hours in range(30):
            server.comment("vid1", f"{hours}", at=NOW - timedelta(hours=hours))
        server.page = 7
        assert len(opened.comments(SINCE)) == 25

    def test_a_list_too_long_to_be_seen_whole_is_tried_later(self, server: YouTubeServer, opened: YouTube) -> None:
        for number in range(30):
            server.comment("vid1", f"{number}", at=NOW)
        server.page = 1
        with pytest.raises(NotSent):
            opened.comments(SINCE)

    @pytest.mark.parametrize(
        "rubbish",
        [{}, [], 5, {"kind": "youtube#commentThreadListResponse", "items": [{"id": "U1"}]},
         {"kind": "youtube#commentThreadListResponse", "items": [{"snippet": {"topLevelComment": {"id": "U", "snippet": {}}}}]}],
    )  # fmt: skip
    def test_rubbish_is_not_an_empty_list(
        self, server: YouTubeServer, opened: YouTube, rubbish: Any
    ) -> None:
        server.routes = tuple(replace(route, act=lambda *_: Reply(rubbish)) for route in server.routes)
        with pytest.raises(NotSent):
            opened.comments(SINCE)


@pytest.mark.clause("§別紙1-1")
class TestModerating:
    def test_a_hidden_comment_is_seen_by_the_channel_only_and_can_come_back(
        self, server: YouTubeServer, opened: YouTube
    ) -> None:
        made = server.comment("vid1", "ひどい言葉", at=NOW)
        for _ in range(2):
            opened.hide(made.id)
            assert made.state == "heldForReview"
        [comment] = opened.comments(SINCE)
        assert comment.hidden
        opened.hide(made.id, hidden=False)
        assert made.state == "published"
        assert not opened.comments(SINCE)[0].hidden

    def test_a_removed_comment_is_gone_also_when_it_was_before(self, server: YouTubeServer, opened: YouTube) -> None:
        made = server.comment("vid1", "ひどい言葉", at=NOW)
        for _ in range(2):
            opened.remove(made.id)
        assert made.state == "rejected"
        assert opened.comments(SINCE) == []

    def test_what_is_not_there_is_not_hidden(self, opened: YouTube) -> None:
        with pytest.raises(Gone):
            opened.hide("Ug404")


class TestAnswering:
    def test_an_answer_stands_in_its_thread(self, server: YouTubeServer, opened: YouTube, answer: Outgoing) -> None:
        top = server.comment("vid1", "質問です", at=NOW)
        published = opened.reply(top.id, answer, nothing)
        made = server.written[published.remote_id]
        assert (made.parent, made.text, made.writer) == (top.id, "お知らせありがとうございます。", CHANNEL)
        assert published.url == f"https://www.youtube.com/watch?v=vid1&lc={made.id}"

    def test_an_answer_to_an_answer_stands_in_the_same_thread(
        self, server: YouTubeServer, opened: YouTube, answer: Outgoing
    ) -> None:
        top = server.comment("vid1", "質問です", at=NOW)
        second = server.comment("vid1", "私もです", parent=top.id, at=NOW)
        assert server.written[opened.reply(second.id, answer, nothing).remote_id].parent == top.id

    @pytest.mark.parametrize("fault", ["swallow", "500", "rubbish", "no-id"])
    def test_a_lost_answer_is_unknown(
        self, server: YouTubeServer, opened: YouTube, answer: Outgoing, fault: str
    ) -> None:
        top = server.comment("vid1", "質問です", at=NOW)
        server.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            opened.reply(top.id, answer, nothing)
