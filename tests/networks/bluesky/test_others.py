"""What others wrote under the city's posts, who they are, and the profile as citizens see it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from koshiki.networks.base import Comment, Gone, NotSent, Outgoing, Rejected
from koshiki.networks.bluesky import Bluesky
from tests.networks.bluesky_server import GATES, METHODS, POSTS, Account, BlueskyServer, key_at, post_of
from tests.networks.contract import nothing

PAGE = "https://www.city.example.jp/official/accounts/1/"


@pytest.fixture
def citizen(server: BlueskyServer) -> Account:
    return server.add_account("citizen.test")


@pytest.fixture
def published(opened: Bluesky, plain: Outgoing) -> str:
    return opened.publish(plain, {}, nothing).remote_id


def answer(server: BlueskyServer, by: Account, to: str, text: str, at: datetime | None = None) -> str:
    """Writes an answer to the post with this address, as its writer's own program does; returns its address."""
    at = at or datetime.now(UTC)
    [(cid, parent)] = [(cid, value) for _, uri, cid, value in server.everything() if uri == to]
    here = {"uri": to, "cid": cid}
    reply = {"root": parent["reply"]["root"] if "reply" in parent else here, "parent": here}
    key = key_at(at, len(by.records))
    server.put(by, POSTS, key, post_of(text, at, reply=reply))
    return f"at://{by.did}/{POSTS}/{key}"


def address(server: BlueskyServer, key: str) -> str:
    return f"at://{server.city.did}/{POSTS}/{key}"


class TestComments:
    def since(self) -> datetime:
        return datetime.now(UTC) - timedelta(hours=1)

    def test_answers_are_told_with_what_they_answer(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str
    ) -> None:
        first = answer(server, citizen, address(server, published), "どこで開きますか。")
        second = answer(server, citizen, first, "追伸です。")
        told = {comment.remote_id: comment for comment in opened.comments(self.since())}
        assert set(told) == {first, second}
        assert told[first] == Comment(
            remote_id=first, on=published, answers="", writer_id=citizen.did, writer="@citizen.test",
            text="どこで開きますか。", url=f"https://bsky.app/profile/{citizen.did}/post/{first[-13:]}",
            at=told[first].at)  # fmt: skip
        assert (told[second].on, told[second].answers) == (published, first)

    def test_only_what_is_new_and_through_all_pages(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str
    ) -> None:
        for number in range(25):
            at = datetime.now(UTC) - timedelta(minutes=10 * number)
            answer(server, citizen, address(server, published), f"{number}番", at)
        server.page = 2
        assert {comment.text for comment in opened.comments(self.since())} == {f"{n}番" for n in range(6)}
        server.page = 1
        with pytest.raises(NotSent, match="さかのぼりきれません"):
            opened.comments(datetime.now(UTC) - timedelta(days=1))

    def test_what_is_no_answer_of_others_to_ours_is_no_comment(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str
    ) -> None:
        answer(server, server.city, address(server, published), "市からの補足です。")
        server.put(citizen, POSTS, key_at(datetime.now(UTC), 99), post_of("市民の投稿"))
        assert opened.comments(self.since()) == []

    @pytest.mark.parametrize("rubbish", [{}, [1], {"notifications": 7}, {"notifications": [7]},
                                         {"notifications": [{"indexedAt": "昨日"}]}])  # fmt: skip
    def test_rubbish_is_not_an_empty_list(
        self, opened: Bluesky, rubbish: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(METHODS, ("GET", "app.bsky.notification.listNotifications"), lambda _self: rubbish)
        with pytest.raises(NotSent):
            opened.comments(self.since())

    def test_where_nobody_knows_what_others_wrote_it_is_for_later(self, server: BlueskyServer, opened: Bluesky) -> None:
        server.appview_away = True
        with pytest.raises(NotSent):
            opened.comments(self.since())


class TestHiding:
    def test_an_answer_is_hidden_and_shown_again_and_repeating_changes_nothing(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str
    ) -> None:
        first = answer(server, citizen, address(server, published), "荒らし")
        second = answer(server, citizen, first, "もう一つ")
        for comment in (first, second, first):
            opened.hide(comment)
        _, gate = server.city.records[GATES, published]
        assert gate["hiddenReplies"] == [first, second]
        assert "allow" not in gate, "everybody may go on answering"
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        assert all(comment.hidden for comment in opened.comments(hour_ago))
        opened.hide(first, hidden=False)
        opened.hide(first, hidden=False)
        assert {c.remote_id for c in opened.comments(hour_ago) if c.hidden} == {second}

    def test_who_may_answer_stays_as_somebody_set_it(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str
    ) -> None:
        comment = answer(server, citizen, address(server, published), "荒らし")
        gate = {"$type": GATES, "post": address(server, published), "createdAt": "2026-11-27T00:00:00Z", "allow": []}
        server.put(server.city, GATES, published, gate)
        opened.hide(comment)
        assert server.city.records[GATES, published][1] == gate | {"hiddenReplies": [comment]}

    def test_a_setting_that_changed_meanwhile_is_not_overwritten(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        comment = answer(server, citizen, address(server, published), "荒らし")
        read = METHODS["GET", "com.atproto.repo.getRecord"]

        def change_after(handler: Any) -> Any:
            try:
                return read(handler)
            finally:
                server.put(server.city, GATES, published, {"$type": GATES, "hiddenReplies": ["at://did:plc:x/a/b"]})

        monkeypatch.setitem(METHODS, ("GET", "com.atproto.repo.getRecord"), change_after)
        with pytest.raises(NotSent):
            opened.hide(comment)
        assert server.city.records[GATES, published][1]["hiddenReplies"] == ["at://did:plc:x/a/b"]

    def test_what_is_not_there_or_not_ours_cannot_be_hidden(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, published: str
    ) -> None:
        with pytest.raises(Gone):
            opened.hide(f"at://{citizen.did}/{POSTS}/3kzzzzzzzzzz2")
        server.put(citizen, POSTS, key_at(datetime.now(UTC)), post_of("市民の投稿"))
        [theirs] = [uri for by, uri, _, _ in server.everything() if by is citizen]
        with pytest.raises(Rejected, match="市の投稿への返信ではない"):
            opened.hide(theirs)


class TestAnswering:
    def test_an_answer_goes_into_its_thread_once(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, plain: Outgoing, published: str
    ) -> None:
        comment = answer(server, citizen, address(server, published), "どこで開きますか。")
        reply = replace(plain, content={"text": "市役所です。"}, key=str(uuid.uuid4()))
        first = opened.reply(comment, reply, nothing)
        assert opened.reply(comment, reply, nothing) == first
        posts = [post for post in server.city.posts() if post["text"] == "市役所です。"]
        assert len(posts) == 1
        assert posts[0]["reply"]["parent"]["uri"] == comment
        assert posts[0]["reply"]["root"]["uri"] == address(server, published)
        assert first.url.startswith("https://bsky.app/profile/city.test/post/")

    def test_what_was_deleted_meanwhile_is_not_answered(
        self, server: BlueskyServer, opened: Bluesky, citizen: Account, plain: Outgoing, published: str
    ) -> None:
        comment = answer(server, citizen, address(server, published), "どこで開きますか。")
        citizen.records.clear()
        with pytest.raises(Gone):
            opened.reply(comment, replace(plain, key=str(uuid.uuid4())), nothing)
        assert len(server.city.posts()) == 1


class TestProfile:
    def profile(self, server: BlueskyServer, **value: Any) -> None:
        server.put(server.city, "app.bsky.actor.profile", "self", {"$type": "app.bsky.actor.profile", **value})

    def test_the_profile_is_read_as_citizens_see_it(self, server: BlueskyServer, opened: Bluesky) -> None:
        server.city.verified = "valid"
        self.profile(server, displayName="磐田市", description=f"公式です。\n掲載ページ {PAGE}", website="https://a.jp",
                     avatar={"$type": "blob", "ref": {"$link": "bafkreiabc"}, "mimeType": "image/png", "size": 1})
        profile = opened.profile()
        assert (profile.name, profile.handle, profile.verified) == ("磐田市", "@city.test", True)
        assert profile.holds(PAGE)
        assert profile.holds("https://a.jp/")
        assert profile.image_url.endswith(f"/xrpc/com.atproto.sync.getBlob?did={server.city.did}&cid=bafkreiabc")

    @pytest.mark.parametrize("about", [f"掲載 {PAGE}other", "掲載 https://bit.ly/abc", ""])
    def test_the_register_page_must_stand_there_in_full(
        self, server: BlueskyServer, opened: Bluesky, about: str
    ) -> None:
        self.profile(server, description=about)
        assert not opened.profile().holds(PAGE)

    def test_an_account_without_a_profile_has_an_empty_one(self, server: BlueskyServer, opened: Bluesky) -> None:
        server.appview_away = True
        profile = opened.profile()
        assert (profile.name, profile.text, profile.image_url, profile.verified) == ("", "", "", None)


class TestSearching:
    def test_accounts_with_a_name_like_the_citys_are_found(self, server: BlueskyServer, opened: Bluesky) -> None:
        fake = server.add_account("city-official.test")
        found = {candidate.remote_account_id: candidate for candidate in opened.search("city")}
        assert set(found) == {server.city.did, fake.did}
        assert found[fake.did].url == "https://bsky.app/profile/city-official.test"
        assert found[fake.did].handle == "@city-official.test"

    @pytest.mark.parametrize("rubbish", [{}, [1], {"actors": "x"}])
    def test_rubbish_is_not_an_empty_list(self, opened: Bluesky, rubbish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(METHODS, ("GET", "app.bsky.actor.searchActors"), lambda _self: rubbish)
        with pytest.raises(NotSent):
            opened.search("city")
