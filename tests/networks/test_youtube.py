"""YouTube: uploaded in private, made public by one call; held against YouTube's own discovery document."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from koshiki.networks import means
from koshiki.networks.base import (
    CannotTell,
    Found,
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
    Secret,
    TokenDead,
    Verb,
)
from koshiki.networks.credentials import add_key, drop_keys, ensure_key_ring, load_key_ring
from koshiki.networks.youtube import YouTube, upload
from tests.networks.contract import TEXT, Publishing, Stopped, nothing, two_pictures
from tests.networks.service_server import Reply
from tests.networks.stand_in import UNKNOWN
from tests.networks.youtube_server import BACK, CHANNEL, YouTubeServer, app_of, connected

pytestmark = pytest.mark.usefixtures("loopback")

TITLE = "避難所の開き方"
SESSION = "/upload/youtube/v3/videos"


@pytest.fixture
def server(
    loopback: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> Iterator[YouTubeServer]:
    settings.KOSHIKI_KEY_RING = tmp_path / "keys.json"
    ensure_key_ring(settings.KOSHIKI_KEY_RING)
    with YouTubeServer().running() as running:
        monkeypatch.setattr(YouTube, "api", running.base)
        monkeypatch.setattr(YouTube, "tokens", f"{running.base}/token")
        monkeypatch.setattr(upload, "PIECE", 262_144)
        yield running


@pytest.fixture
def link(server: YouTubeServer) -> Link:
    return connected(server)


@pytest.fixture
def opened(link: Link) -> YouTube:
    return YouTube(link)


@pytest.fixture
def film(tmp_path: Path) -> Media:
    """A bit more than three pieces."""
    (tmp_path / "film.mp4").write_bytes(bytes(range(251)) * 4000)
    return Media(tmp_path / "film.mp4", "video/mp4", "職員が段ボールの寝床を組み立てる様子", 1280, 720, seconds=60)


@pytest.fixture
def plain(film: Media) -> Outgoing:
    return Outgoing({"title": TITLE, "text": TEXT}, (film,), str(uuid.uuid4()), datetime.now(UTC) - timedelta(seconds=1))


def sent(opened: YouTube, outgoing: Outgoing) -> Any:
    return opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _: None, nothing), nothing)


def answering(server: YouTubeServer, call: tuple[str, str], reply: Reply) -> None:
    """From now on this call is answered so, whatever is asked."""
    server.routes = tuple(replace(route, act=lambda *_: reply) if (route.method, route.path) == call else route
                          for route in server.routes)


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


class TestConnecting:
    def test_the_code_flow_opens_the_channel(self, server: YouTubeServer, link: Link) -> None:
        identity = YouTube(link).identity()
        assert (identity.remote_account_id, identity.handle) == (CHANNEL, "@iwata-city")
        assert identity.url == f"https://www.youtube.com/channel/{CHANNEL}"
        assert set(link.secrets) == {"access_token", "refresh_token"}
        until = datetime.fromisoformat(link.facts["expires_at"])
        assert timedelta(minutes=58) < until - datetime.now(UTC) <= timedelta(hours=1)

    @pytest.mark.parametrize(
        ("registered", "told"),
        [("https://www.youtube.com/@Iwata-City", "https://www.youtube.com/@iwata-city"),
         (f"https://m.youtube.com/channel/{CHANNEL}", f"https://www.youtube.com/channel/{CHANNEL}"),
         ("https://www.youtube.com/@another", f"https://www.youtube.com/channel/{CHANNEL}"),
         ("https://www.youtube.com/user/iwata-city", f"https://www.youtube.com/channel/{CHANNEL}")],
    )  # fmt: skip
    def test_the_channel_is_named_as_the_register_names_it(
        self, server: YouTubeServer, registered: str, told: str
    ) -> None:
        assert YouTube(connected(server, address=registered)).identity().url == told

    def test_a_code_of_another_beginning_opens_nothing(self, server: YouTubeServer) -> None:
        """A code stolen on its way is worth nothing without the verifier that never left the server."""
        thief, victim = (YouTube.begin(app_of(server), "", BACK) for _ in range(2))
        code = server.allow(victim.authorize_url)["code"]
        with pytest.raises(Rejected, match="Malformed"):
            YouTube.finish(app_of(server), thief.pending, code, account="42", address="")

    def test_every_beginning_has_a_state_of_its_own(self, server: YouTubeServer) -> None:
        beginnings = [YouTube.begin(app_of(server), "", BACK) for _ in range(3)]
        assert len({beginning.state for beginning in beginnings}) == 3
        for beginning in beginnings:
            assert server.allow(beginning.authorize_url)["state"] == beginning.state

    def test_without_an_application_there_is_nothing_to_begin(self) -> None:
        with pytest.raises(Rejected, match="登録"):
            YouTube.begin({}, "", BACK)

    def test_what_was_not_all_allowed_opens_nothing(self, server: YouTubeServer) -> None:
        server.grants = "https://www.googleapis.com/auth/youtube.upload"
        with pytest.raises(Rejected, match=r"youtube\.force-ssl"):
            connected(server)

    def test_without_a_token_to_renew_with_nothing_is_opened(self, server: YouTubeServer) -> None:
        server.gives_refresh = False
        with pytest.raises(Rejected, match="取り消し"):
            connected(server)

    def test_an_account_without_a_channel_is_told_so(self, server: YouTubeServer) -> None:
        server.has_channel = False
        with pytest.raises(Rejected, match="チャンネルがありません"):
            connected(server)

    def test_a_renewed_token_works_with_the_old_one_to_renew_again(self, server: YouTubeServer, link: Link) -> None:
        server.tokens.clear()
        renewed = YouTube(replace(link, app=app_of(server))).refresh()
        assert YouTube(renewed).identity().remote_account_id == CHANNEL
        assert renewed.secrets["refresh_token"] == link.secrets["refresh_token"]
        assert renewed.secrets["access_token"] != link.secrets["access_token"]

    def test_what_was_revoked_at_google_must_be_connected_again(self, server: YouTubeServer, link: Link) -> None:
        server.refresh_tokens.clear()
        with pytest.raises(TokenDead, match="revoked"):
            YouTube(link).refresh()

    def test_google_away_is_tried_later(self, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(YouTube, "tokens", "http://127.0.0.1:1/token")
        with pytest.raises(NotSent):
            YouTube(link).refresh()


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


class TestSecrecy:
    def test_no_failure_shows_a_secret(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        told = [repr(opened), str(opened.link), repr(opened.link), json.dumps(stage)]
        for fault in ("401", "400", "500", "swallow", "rubbish", "429", "redirect"):
            server.faults.append(fault)
            try:
                opened.publish(plain, stage, nothing)
            except Exception as error:
                told += [repr(error), str(error), "".join(traceback.format_exception(error))]
        assert len(told) == 4 + 7 * 3
        secrets = [secret.reveal() for secret in (*opened.link.secrets.values(), *opened.link.app.values())][:3]
        assert not any(secret in text for text in told for secret in secrets)
        assert not any(secret in str(request.query) for request in server.requests for secret in secrets)

    def test_a_wrong_secret_of_the_application_opens_nothing(self, server: YouTubeServer) -> None:
        app = app_of(server)
        beginning = YouTube.begin(app, "", BACK)
        code = server.allow(beginning.authorize_url)["code"]
        with pytest.raises(TokenDead):
            YouTube.finish({**app, "client_secret": Secret("wrong-secret")}, beginning.pending, code, account="42", address="")
