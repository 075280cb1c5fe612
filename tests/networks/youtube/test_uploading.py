"""A film goes up in pieces, goes on where it stopped, and is in private until it is published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings

from koshiki.networks.base import (
    NotSent,
    Outgoing,
)
from koshiki.networks.credentials import add_key, drop_keys, load_key_ring
from koshiki.networks.youtube import YouTube, upload
from tests.networks.contract import TEXT, Stopped, nothing
from tests.networks.service_server import Reply
from tests.networks.youtube.talk import SESSION, TITLE, answering
from tests.networks.youtube_server import YouTubeServer

pytestmark = pytest.mark.usefixtures("loopback")


class TestUploading:
    def test_the_film_arrives_whole_and_nobody_sees_it(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        stages: list[dict[str, Any]] = []
        stage = opened.prepare(plain, {}, stages.append, nothing)
        [video] = server.videos.values()
        assert stage == stages[-1] == {"video": video.id}
        assert hashlib.sha256(video.content).digest() == hashlib.sha256(plain.media[0].bytes).digest()
        assert (video.status["privacyStatus"], server.public) == ("private", [])
        assert (video.snippet["title"], video.snippet["description"]) == (TITLE, TEXT)
        assert [saved["sent"] for saved in stages[:-1]] == [0, 262_144, 524_288, 786_432, 1_004_000]

    def test_a_stop_costs_one_piece(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        """Killed between two pieces (K8): what has arrived is not sent again."""
        stages: list[dict[str, Any]] = []

        def stop_at_third() -> None:
            if len(stages) == 3:
                raise Stopped

        with pytest.raises(Stopped):
            opened.prepare(plain, {}, stages.append, stop_at_third)
        opened.prepare(plain, json.loads(json.dumps(stages[-1])), stages.append, nothing)
        assert dict(server.pieces) == {0: 1, 262_144: 1, 524_288: 1, 786_432: 1}
        assert len(server.sessions) == len(server.videos) == 1

    @pytest.mark.parametrize(
        "fault", ["swallow", "500-accepted", "503", "rubbish", "empty", "html", "huge", "cut", "refuse", "429"]
    )
    def test_whatever_happens_to_a_piece_it_goes_on_where_youtube_says(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, fault: str
    ) -> None:
        server.faults.extend(["", fault])
        stage: dict[str, Any] = {}

        def save(saved: dict[str, Any]) -> None:
            stage.clear()
            stage.update(saved)

        with pytest.raises(NotSent):
            opened.prepare(plain, {}, save, nothing)
        opened.prepare(plain, dict(stage), save, nothing)
        [video] = server.videos.values()
        assert video.content == plain.media[0].bytes
        assert max(server.pieces.values()) == 1

    def test_the_last_answer_was_lost_yet_there_is_one_video(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        server.faults.extend(["", "", "", "swallow"])
        stages: list[dict[str, Any]] = []
        with pytest.raises(NotSent):
            opened.prepare(plain, {}, stages.append, nothing)
        stage = opened.prepare(plain, stages[-1], stages.append, nothing)
        assert list(server.videos) == [stage["video"]]

    def test_a_piece_taken_in_part_goes_on_from_there(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload, "PIECE", 1_048_576)
        server.takes_at_most = 262_144
        opened.prepare(plain, {}, lambda _: None, nothing)
        [video] = server.videos.values()
        assert video.content == plain.media[0].bytes
        assert dict(server.pieces) == {0: 1, 262_144: 1, 524_288: 1, 786_432: 1}

    def test_a_server_that_takes_nothing_is_not_asked_for_ever(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        server.takes_at_most = 0
        with pytest.raises(NotSent, match="続きを受け取りません"):
            opened.prepare(plain, {}, lambda _: None, nothing)
        assert dict(server.pieces) == {0: 1}

    def test_where_the_film_is_taken_lies_nowhere_in_the_clear(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        stages: list[dict[str, Any]] = []
        opened.prepare(plain, {}, stages.append, nothing)
        [session] = server.sessions
        assert session
        assert len(stages) > 2
        assert not any(session in json.dumps(stage) or server.base in json.dumps(stage) for stage in stages)

    @pytest.mark.parametrize("way", ["the key is gone", "another account's", "no seal"])
    def test_what_no_key_opens_begins_the_upload_anew(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, settings: LazySettings, way: str
    ) -> None:
        stages: list[dict[str, Any]] = []
        server.faults.extend(["", "503"])
        with pytest.raises(NotSent):
            opened.prepare(plain, {}, stages.append, nothing)
        kept = stages[-1]
        if way == "the key is gone":
            old = load_key_ring().newest
            add_key(settings.KOSHIKI_KEY_RING)
            drop_keys(settings.KOSHIKI_KEY_RING, [old])
        elif way == "no seal":
            kept = {**kept, "session": f"{server.base}/upload/youtube/v3/videos?upload_id=1"}
        again = opened if way != "another account's" else YouTube(replace(opened.link, account="43"))
        assert again.prepare(plain, kept, stages.append, nothing)["video"] in server.videos
        assert len(server.sessions) == 2

    def test_an_address_that_is_used_up_begins_the_upload_anew(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        stages: list[dict[str, Any]] = []
        server.faults.extend(["", "503"])
        with pytest.raises(NotSent):
            opened.prepare(plain, {}, stages.append, nothing)
        server.sessions.clear()
        with pytest.raises(NotSent, match="初めから"):
            opened.prepare(plain, stages[-1], stages.append, nothing)
        assert stages[-1] == {}
        assert opened.prepare(plain, stages[-1], stages.append, nothing)["video"] in server.videos

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/upload", "", "http://127.0.0.1.evil.example/", "/upload"])
    def test_the_film_goes_nowhere_but_to_youtube(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, elsewhere: str
    ) -> None:
        answering(server, ("POST", SESSION), Reply(None, 200, {"Location": elsewhere}))
        stages: list[dict[str, Any]] = []
        with pytest.raises(NotSent, match="アップロード先"):
            opened.prepare(plain, {}, stages.append, nothing)
        assert stages == []

    @pytest.mark.parametrize("stretch", ["bytes=5-9", "0-262143", "bytes=0-99999999999", "bytes=0-x", "bytes=0--2"])
    def test_an_odd_word_of_how_far_it_came_is_not_believed(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, stretch: str
    ) -> None:
        answering(server, ("PUT", SESSION), Reply(None, 308, {"Range": stretch}))
        with pytest.raises(NotSent, match="読み取れません"):
            opened.prepare(plain, {}, lambda _: None, nothing)
