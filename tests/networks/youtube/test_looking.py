"""What is on the channel: found again, read back, changed, taken down; the profile, and others' channels."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from koshiki.networks.base import (
    CannotTell,
    Found,
    Gone,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    TokenDead,
)
from koshiki.networks.youtube import YouTube
from tests.networks.contract import TEXT, Stopped, nothing
from tests.networks.service_server import Reply
from tests.networks.youtube.talk import TITLE, answering, sent
from tests.networks.youtube_server import YouTubeServer

pytestmark = pytest.mark.usefixtures("loopback")


class TestLooking:
    def test_a_public_video_is_found_and_read(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        published = sent(opened, plain)
        found = opened.look_up(plain, plain.created_at)
        assert isinstance(found, Found)
        assert (found.remote_id, found.url) == (published.remote_id, published.url)
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.text == f"{TITLE}\n{TEXT}"
        assert (shown.media_count, shown.alts, shown.url) == (None, (), published.url)

    def test_what_only_waits_is_neither_found_nor_shown(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)
        assert opened.read(stage["video"]) is None
        assert opened.timeline(plain.created_at) == []

    def test_what_is_not_there_reads_as_gone(self, opened: YouTube) -> None:
        assert opened.read("dQw4w9WgXcQ") is None

    def test_two_equal_videos_never_claim_one(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        other = replace(plain, key=str(uuid.uuid4()))
        first = sent(opened, plain)
        assert isinstance(opened.look_up(other, other.created_at, {first.remote_id}), NotFound)
        second = sent(opened, other)
        found = opened.look_up(other, other.created_at, {first.remote_id})
        assert isinstance(found, Found)
        assert found.remote_id == second.remote_id

    def test_an_older_equal_video_is_not_this_one(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        sent(opened, plain)
        server.public[0].public_since = plain.created_at - timedelta(hours=3)
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_uploaded_long_ago_and_made_public_now_it_is_seen(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        published = sent(opened, plain)
        server.public[0].uploaded = plain.created_at - timedelta(days=20)
        assert isinstance(opened.look_up(plain, plain.created_at), Found)
        assert [seen.remote_id for seen in opened.timeline(plain.created_at)] == [published.remote_id]

    def test_what_is_nearly_the_same_is_for_a_person(self, opened: YouTube, plain: Outgoing) -> None:
        sent(opened, replace(plain, content={"title": TITLE, "text": f"{TEXT}\n訂正しました"}))
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_it_looks_through_all_pages(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        sent(opened, plain)
        [video] = server.public
        video.uploaded -= timedelta(minutes=5)
        for number in range(9):
            server.videos[f"other{number}"] = replace(
                video, id=f"other{number}", snippet={**video.snippet, "title": chr(0x4E00 + number * 37) * 90},
                uploaded=video.uploaded + timedelta(seconds=number + 1))
        server.page = 2
        assert isinstance(opened.look_up(plain, plain.created_at), Found)
        assert len(opened.timeline(plain.created_at)) == 10

    def test_a_list_too_long_to_be_seen_whole_tells_nothing(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        sent(opened, plain)
        [video] = server.public
        server.videos |= {f"o{n}": replace(video, id=f"o{n}", uploaded=video.uploaded - timedelta(seconds=n)) for n in range(30)}
        server.page = 2
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)
        with pytest.raises(NotSent):
            opened.timeline(plain.created_at)

    @pytest.mark.parametrize(
        "rubbish",
        [{}, [], "x", 7, {"items": 5}, {"kind": "youtube#playlistItemListResponse", "items": [5]},
         {"kind": "youtube#playlistItemListResponse", "items": [{"snippet": {}}]}],
    )  # fmt: skip
    def test_rubbish_is_not_an_empty_list(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing, rubbish: Any
    ) -> None:
        answering(server, ("GET", "/youtube/v3/playlistItems"), Reply(rubbish))
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_with_a_dead_token_it_cannot_tell(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        server.tokens.clear()
        told = opened.look_up(plain, plain.created_at)
        assert isinstance(told, CannotTell)
        assert told.token_dead
        with pytest.raises(TokenDead):
            opened.read("dQw4w9WgXcQ")


class TestChanging:
    def test_a_correction_changes_the_words_and_keeps_the_rest(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        published = sent(opened, plain)
        server.public[0].snippet |= {"tags": ["防災"], "categoryId": "29", "defaultAudioLanguage": "ja"}
        corrected = replace(plain, content={"title": f"{TITLE}（訂正）", "text": "場所を訂正しました。"})
        assert opened.edit(published.remote_id, corrected, nothing) == published
        [video] = server.public
        assert (video.snippet["title"], video.snippet["description"]) == (f"{TITLE}（訂正）", "場所を訂正しました。")
        kept = {key: video.snippet[key] for key in ("tags", "categoryId", "defaultAudioLanguage")}
        assert kept == {"tags": ["防災"], "categoryId": "29", "defaultAudioLanguage": "ja"}
        assert opened.edit(published.remote_id, corrected, nothing) == published, "repeating changes nothing"

    def test_what_is_gone_is_not_corrected(self, opened: YouTube, plain: Outgoing) -> None:
        with pytest.raises(Gone):
            opened.edit("dQw4w9WgXcQ", plain, nothing)

    def test_a_lost_answer_to_a_correction_is_unknown(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        published = sent(opened, plain)
        server.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            opened.edit(published.remote_id, plain, nothing)

    def test_deleting_twice_is_deleting(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        published = sent(opened, plain)
        opened.delete(published.remote_id, nothing)
        assert server.videos == {}
        opened.delete(published.remote_id, nothing)

    def test_a_last_check_that_refuses_deletes_nothing(
        self, server: YouTubeServer, opened: YouTube, plain: Outgoing
    ) -> None:
        published = sent(opened, plain)

        def refuse() -> None:
            raise Stopped

        with pytest.raises(Stopped):
            opened.delete(published.remote_id, refuse)
        assert len(server.public) == 1


class TestProfileAndSearch:
    @pytest.mark.clause("§6(3)ウ")
    def test_the_profile_is_read_as_citizens_see_it(self, server: YouTubeServer, opened: YouTube) -> None:
        page = "https://www.city.example.jp/official/youtube.html"
        server.description = "長い説明。" * 300 + f"\n公式一覧 {page}"
        profile = opened.profile()
        assert profile.holds(page)
        assert (profile.handle, profile.name) == ("@iwata-city", "磐田市公式チャンネル")
        assert profile.image_url.startswith("https://")

    def test_channels_are_found_by_words_by_one_of_the_days_searches(
        self, server: YouTubeServer, opened: YouTube
    ) -> None:
        [candidate] = opened.search("磐田市")
        assert candidate.name == "磐田市（非公式）"
        assert candidate.url == f"https://www.youtube.com/channel/UC{'x' * 22}"
        assert server.spent["search.list"] == 1
