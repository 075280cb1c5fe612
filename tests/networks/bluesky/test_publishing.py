"""Publishing to Bluesky over real sockets: once by a chosen key, pictures, threads, deleting, the own timeline."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from koshiki.networks import network
from koshiki.networks.base import (
    Found,
    Link,
    Media,
    Network,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Verb,
)
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.bluesky.keys import chosen_key, time_of
from tests.networks.bluesky_server import METHODS, POSTS, BlueskyServer, key_at, post_of
from tests.networks.contract import Contract, nothing


class TestBluesky(Contract):
    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return network("bluesky", link)

    @pytest.fixture
    def visible(self, server: BlueskyServer) -> Callable[[], int]:
        return lambda: len(server.city.posts())

    def test_what_bluesky_cannot_do_is_not_offered(self, opened: Network) -> None:
        """An edit would change the record, and no reader would be told."""
        assert not {Verb.EDIT, Verb.REMOVE, Verb.SIGN_IN} & opened.can
        assert {Verb.THREAD, Verb.KEY, Verb.REFRESH, Verb.DELETE, Verb.TIMELINE, Verb.COMMENTS, Verb.HIDE,
                Verb.REPLY, Verb.PROFILE, Verb.SEARCH} <= opened.can  # fmt: skip


class TestOnce:
    def test_a_key_is_chosen_by_the_delivery_and_its_intent_alone(self) -> None:
        at = datetime(2026, 11, 27, 3, 4, 5, 678_901, tzinfo=UTC)
        first = chosen_key("0b7c", at)
        assert first == chosen_key("0b7c", at)
        assert len({first, chosen_key("0b7d", at), chosen_key("0b7c", at + timedelta(milliseconds=1))}) == 3
        told = time_of(first)
        assert told is not None
        assert abs(told - at) < timedelta(milliseconds=1)

    def test_many_deliveries_of_one_moment_have_a_key_each(self) -> None:
        at = datetime(2026, 11, 27, tzinfo=UTC)
        assert len({chosen_key(f"delivery {number}", at) for number in range(200)}) == 200

    def test_keys_sort_as_their_times(self) -> None:
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        keys = [chosen_key(str(uuid.uuid4()), begin + timedelta(milliseconds=step**3)) for step in range(200)]
        assert keys == sorted(keys)
        assert len(set(keys)) == 200

    def test_a_swallowed_answer_is_repeated_and_found_without_a_second_post(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        server.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        found = opened.look_up(plain, plain.created_at)
        again = opened.publish(plain, {}, nothing)
        assert isinstance(found, Found)
        assert (found.remote_id, found.url) == (again.remote_id, again.url)
        assert len(server.city.posts()) == 1

    def test_a_try_with_other_marks_finds_the_first_one_standing(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        """A mention that was nobody's in the first try: the record would differ, the delivery is the same."""
        other = server.add_account("bousai.test")
        outgoing = replace(plain, content={"text": "詳しくは @bousai.test へ"})
        first = opened.publish(outgoing, {"mentions": {}}, nothing)
        assert opened.publish(outgoing, {"mentions": {"bousai.test": other.did}}, nothing) == first
        assert "facets" not in server.city.posts()[0]

    def test_two_equal_texts_are_two_posts(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        first = opened.publish(plain, {}, nothing)
        second = opened.publish(replace(plain, key=str(uuid.uuid4())), {}, nothing)
        assert first.remote_id != second.remote_id
        assert len(server.city.posts()) == 2


class TestPictures:
    @pytest.fixture
    def outgoing(self, plain: Outgoing, tmp_path: Path) -> Outgoing:
        Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
        return replace(plain, media=(Media(tmp_path / "a.png", "image/png", "黒い図", 8, 6),))

    def test_they_go_with_alt_text_and_their_shape(
        self, server: BlueskyServer, opened: Bluesky, outgoing: Outgoing
    ) -> None:
        opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _stage: None, nothing), nothing)
        [image] = server.city.posts()[0]["embed"]["images"]
        assert image["alt"] == "黒い図"
        assert image["aspectRatio"] == {"width": 8, "height": 6}
        assert server.city.blobs[image["image"]["ref"]["$link"]] == ("image/png", outgoing.media[0].bytes)

    def test_what_was_uploaded_long_ago_is_uploaded_anew(
        self, server: BlueskyServer, opened: Bluesky, outgoing: Outgoing
    ) -> None:
        """A server forgets what no record holds; the post must not fail for that."""
        saved: list[dict[str, Any]] = []
        opened.prepare(outgoing, {}, saved.append, nothing)
        server.city.blobs.clear()
        old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        stage = opened.prepare(outgoing, json.loads(json.dumps(saved[-1] | {"since": old})), saved.append, nothing)
        assert opened.publish(outgoing, stage, nothing)

    @pytest.mark.parametrize("answer", [{}, {"blob": 7}, {"blob": {"ref": {}}}])
    def test_an_upload_without_a_number_is_not_taken_for_one(
        self, server: BlueskyServer, opened: Bluesky, outgoing: Outgoing, answer: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(METHODS, ("POST", "com.atproto.repo.uploadBlob"), lambda _self: answer)
        with pytest.raises(NotSent):
            opened.prepare(outgoing, {}, lambda _stage: None, nothing)


class TestThreads:
    def send(self, opened: Bluesky, outgoing: Outgoing) -> str:
        return opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _s: None, nothing), nothing).remote_id

    def test_a_longer_text_goes_out_as_a_thread(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        sentences = [f"{number}番の避難所は、磐田市の体育館です。" for number in range(1, 40)]
        parts = opened.segments({"text": "".join(sentences)})
        assert len(parts) > 1
        assert opened.problems({"text": "".join(sentences)}, ()) == []
        sent: list[str] = []
        for place, part in enumerate(parts):
            at = plain.created_at + timedelta(milliseconds=place)
            after, root = (sent[-1], sent[0]) if sent else ("", "")
            sent.append(self.send(opened, replace(plain, content=part, key=str(uuid.uuid4()), created_at=at,
                                                  after=after, root=root)))
        posts = {key: server.city.records[POSTS, key] for key in sent}
        assert "reply" not in posts[sent[0]][1]
        for before, this in itertools.pairwise(sent):
            reply = posts[this][1]["reply"]
            assert reply["parent"] == {"uri": f"at://{server.city.did}/{POSTS}/{before}", "cid": posts[before][0]}
            assert reply["root"] == {"uri": f"at://{server.city.did}/{POSTS}/{sent[0]}", "cid": posts[sent[0]][0]}
        assert "".join(posts[key][1]["text"] for key in sent) == "".join(sentences)

    def test_what_comes_after_a_deleted_post_is_not_sent_alone(self, opened: Bluesky, plain: Outgoing) -> None:
        first = self.send(opened, plain)
        opened.delete(first, nothing)
        with pytest.raises(Rejected, match="前の投稿"):
            self.send(opened, replace(plain, key=str(uuid.uuid4()), after=first, root=first))

    def test_a_text_of_heavy_characters_is_long_by_its_bytes(self, opened: Bluesky) -> None:
        family = "👨‍👩‍👧‍👦"
        assert opened.problems({"text": family * 120}, ()) == []
        assert "300字まで" in opened.problems({"text": family * 121}, ())[0].message
        assert opened.count("葛󠄀飾区") == 3


class TestAddresses:
    def test_the_id_is_read_out_of_the_address_of_an_own_post_alone(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        published = opened.publish(plain, {}, nothing)
        assert opened.remote_id_in(published.url) == published.remote_id
        by_number = f"https://bsky.app/profile/{server.city.did}/post/{published.remote_id}?ref=share"
        assert opened.remote_id_in(by_number) == published.remote_id
        for address in ("https://bsky.app/profile/evil.test/post/3kabc", "https://bsky.app/profile/city.test",
                        "https://evil.example/profile/city.test/post/3kabc", ""):
            assert opened.remote_id_in(address) == ""
        assert Bluesky().remote_id_in(published.url) == ""


class TestAfterwards:
    def test_a_deleted_post_is_gone_also_the_second_time(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        published = opened.publish(plain, {}, nothing)
        opened.delete(published.remote_id, nothing)
        opened.delete(published.remote_id, nothing)
        assert server.city.posts() == []
        assert opened.read(published.remote_id) is None

    def test_nothing_of_others_can_be_deleted(self, server: BlueskyServer, opened: Bluesky, plain: Outgoing) -> None:
        """The key alone would hit our own post of the same key."""
        published = opened.publish(plain, {}, nothing)
        with pytest.raises(Rejected):
            opened.delete(f"at://did:plc:somebody/{POSTS}/{published.remote_id}", nothing)
        assert len(server.city.posts()) == 1

    def test_the_own_timeline_shows_what_anybody_wrote_as_the_account(
        self, server: BlueskyServer, opened: Bluesky, plain: Outgoing
    ) -> None:
        """§9(2): whoever took the account over does not use koshiki, and may write any time into a post."""
        now = datetime.now(UTC)
        server.city.records.clear()
        server.put(server.city, POSTS, key_at(now - timedelta(hours=5)), post_of("古い投稿", now - timedelta(hours=5)))
        server.put(server.city, POSTS, key_at(now), post_of("乗っ取り", now - timedelta(days=300)))
        origin = {"uri": f"at://did:plc:abc/{POSTS}/3kxyz", "cid": "bafy"}
        server.put(server.city, "app.bsky.feed.repost", key_at(now, 1), {"subject": origin})
        mine = opened.publish(plain, {}, nothing)
        seen = opened.timeline(now - timedelta(hours=1))
        assert {entry.text for entry in seen} == {"乗っ取り", "防災訓練を行います。", ""}
        assert mine.remote_id in {entry.remote_id for entry in seen}
        assert [e.shared_from for e in seen if not e.text] == ["https://bsky.app/profile/did:plc:abc/post/3kxyz"]
        assert [entry.at for entry in seen] == sorted((entry.at for entry in seen), reverse=True)

    def test_the_timeline_goes_through_all_pages_and_says_when_it_cannot(
        self, server: BlueskyServer, opened: Bluesky
    ) -> None:
        now = datetime.now(UTC)
        for number in range(50):
            at = now - timedelta(minutes=number)
            server.put(server.city, POSTS, key_at(at), post_of(f"{number}番", at))
        server.page = 7
        assert len(opened.timeline(now - timedelta(hours=2))) == 50
        server.page = 1
        with pytest.raises(NotSent, match="さかのぼりきれません"):
            opened.timeline(now - timedelta(hours=2))

    @pytest.mark.parametrize("rubbish", [{}, [1], {"records": 7}, {"records": [7]}, {"records": [{"uri": "x"}]}])
    def test_rubbish_is_not_an_empty_timeline(self, server: BlueskyServer, opened: Bluesky, rubbish: Any) -> None:
        server.list_answer = rubbish
        with pytest.raises(NotSent):
            opened.timeline(datetime.now(UTC) - timedelta(days=1))
