"""What of X is seen and answered: the account's own posts, what citizens answer, its profile, other accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from koshiki.networks.base import Gone, NotSent, Outgoing, Rejected
from koshiki.networks.x import X
from tests.networks.contract import Stopped, nothing
from tests.networks.x_server import XServer


def ago(**how: float) -> datetime:
    return datetime.now(UTC) - timedelta(**how)


class TestTimeline:
    def test_all_that_the_account_itself_published_since_newest_first(self, server: XServer, opened: X) -> None:
        theirs = server.write(server.add_account("bousai"), "避難所を開設しました。")
        server.write(server.city, "古いお知らせ", at=ago(days=3))
        root = server.write(server.city, "詳しくは https://www.city.iwata.shizuoka.jp/ へ", at=ago(hours=2))
        answer = server.write(server.city, "9時からです。", answers=root.id, at=ago(hours=1))
        passed_on = server.write(server.city, "RT @bousai: 避難所を開設しました。", repost_of=theirs.id)
        seen = opened.timeline(ago(days=1))
        assert [one.remote_id for one in seen] == [passed_on.id, answer.id, root.id]
        assert [one.text for one in seen[1:]] == ["9時からです。", "詳しくは https://www.city.iwata.shizuoka.jp/ へ"]
        assert [one.shared_from for one in seen] == [f"https://x.com/i/status/{theirs.id}", "", ""]
        assert seen[2].url == f"https://x.com/iwata_city/status/{root.id}"
        assert seen[2].at == root.at
        assert all(one.edited_at is None for one in seen)

    def test_a_post_that_was_changed_on_x_says_when(self, server: XServer, opened: X) -> None:
        first = server.write(server.city, "9時から", at=ago(minutes=30))
        edited = server.edit(first, "10時から")
        [seen] = opened.timeline(ago(minutes=10))
        assert (seen.remote_id, seen.text, seen.at, seen.edited_at) == (edited.id, "10時から", first.at, edited.at)

    def test_a_hundred_posts_as_long_as_x_takes_are_read_whole(self, server: XServer, opened: X) -> None:
        for number in range(100):
            server.write(server.city, f"{number}" + "長い" * 12_000)
        assert {len(seen.text) for seen in opened.timeline(ago(hours=1))} == {24_001, 24_002}
        assert len(server.calls) == 1

    def test_what_cannot_be_seen_so_far_back_is_not_taken_for_all(self, server: XServer, opened: X) -> None:
        server.page = 3
        for number in range(20):
            server.write(server.city, f"{number}")
        with pytest.raises(NotSent):
            opened.timeline(ago(hours=1))

    @pytest.mark.parametrize("since", [0, 5, 20])
    def test_the_last_minute_can_be_asked_for(self, server: XServer, opened: X, since: int) -> None:
        """X takes no list that begins now: what is asked for beyond need is left out again."""
        post = server.write(server.city, "前のお知らせ", at=ago(seconds=40))
        server.write(server.add_account("shimin"), "前の返信", answers=post.id, at=ago(seconds=30))
        assert opened.timeline(ago(seconds=since)) == []
        assert opened.comments(ago(seconds=since)) == []


class TestComments:
    def test_what_others_answered_since_with_what_it_is_under(self, server: XServer, opened: X) -> None:
        shimin = server.add_account("shimin")
        post = server.write(server.city, "避難所を開設しました。", at=ago(hours=3))
        server.write(shimin, "古い返信", answers=post.id, at=ago(hours=2))
        asked = server.write(shimin, "何時までですか <至急> https://example.jp/", answers=post.id, at=ago(minutes=9))
        ours = server.write(server.city, "朝までです。", answers=asked.id, at=ago(minutes=8))
        thanks = server.write(shimin, "ありがとう", answers=ours.id, at=ago(minutes=7))
        server.write(shimin, "ここには関係のない投稿")
        found = {comment.remote_id: comment for comment in opened.comments(ago(hours=1))}
        assert set(found) == {asked.id, thanks.id}
        comment = found[asked.id]
        assert (comment.on, comment.writer_id, comment.writer) == (post.id, shimin.id, "@shimin")
        assert comment.text == "@iwata_city 何時までですか <至急> https://example.jp/"
        assert comment.url == f"https://x.com/shimin/status/{asked.id}"
        assert comment.at == asked.at
        assert found[thanks.id].on == post.id, "under what was published, however deep"

    def test_it_goes_on_through_a_storm(self, server: XServer, opened: X) -> None:
        post, shimin = server.write(server.city, "お知らせ"), server.add_account("shimin")
        for number in range(700):
            server.write(shimin, f"{number}", answers=post.id)
        assert len(opened.comments(ago(hours=1))) == 700
        assert server.calls == ["search_posts"] * 7

    def test_beyond_seven_days_nothing_can_be_said(self, server: XServer, opened: X) -> None:
        with pytest.raises(NotSent, match="7日"):
            opened.comments(ago(days=8))
        assert server.calls == []
        assert opened.comments(ago(days=6.9)) == []

    def test_rubbish_is_not_silence(self, server: XServer, opened: X) -> None:
        server.instead["search_posts"] = {"data": [{"text": "x"}], "meta": {"result_count": 1}}
        with pytest.raises(NotSent):
            opened.comments(ago(hours=1))


class TestAnswering:
    @pytest.fixture
    def asked(self, server: XServer) -> str:
        post = server.write(server.city, "避難所を開設しました。")
        return server.write(server.add_account("shimin"), "何時までですか。", answers=post.id).id

    def test_an_answer_stands_under_the_comment(
        self, server: XServer, opened: X, plain: Outgoing, asked: str
    ) -> None:
        sent = opened.reply(asked, plain, nothing)
        assert server.posts[-1].answers == asked
        assert server.posts[-1].id == sent.remote_id
        assert sent.url == f"https://x.com/iwata_city/status/{sent.remote_id}"

    def test_an_answer_that_is_held_leaves_nothing(
        self, server: XServer, opened: X, plain: Outgoing, asked: str
    ) -> None:
        def refuse() -> None:
            raise Stopped

        with pytest.raises(Stopped):
            opened.reply(asked, plain, refuse)
        assert len(server.posts) == 2

    def test_what_was_deleted_meanwhile_cannot_be_answered(
        self, server: XServer, opened: X, plain: Outgoing, asked: str
    ) -> None:
        server.posts.pop()
        with pytest.raises(Rejected, match="deleted"):
            opened.reply(asked, plain, nothing)

    def test_a_comment_is_hidden_and_shown_again_however_often(self, server: XServer, opened: X, asked: str) -> None:
        for hidden in (True, True, False, False):
            opened.hide(asked, hidden=hidden)
            assert server.posts[-1].hidden is hidden

    def test_under_others_posts_nothing_can_be_hidden(self, server: XServer, opened: X) -> None:
        theirs = server.write(server.add_account("bousai"), "お知らせ")
        under = server.write(server.add_account("shimin"), "返信", answers=theirs.id)
        with pytest.raises(Rejected, match="conversations you started"):
            opened.hide(under.id)

    def test_what_is_gone_cannot_be_hidden(self, server: XServer, opened: X, asked: str) -> None:
        server.posts.pop()
        for gone in (asked, "not-a-number"):
            with pytest.raises(Gone):
                opened.hide(gone)

    @pytest.mark.parametrize("answer", [{}, {"data": {}}, {"data": {"hidden": False}}, {"data": {"hidden": "true"}}])
    def test_it_counts_as_hidden_only_where_x_says_so(self, server: XServer, opened: X, asked: str, answer: object) -> None:
        server.instead["hide"] = answer
        with pytest.raises(NotSent):
            opened.hide(asked)


class TestDeleting:
    def test_a_post_is_gone_also_when_it_was_before(self, server: XServer, opened: X, plain: Outgoing) -> None:
        sent = opened.publish(plain, {}, nothing)
        for _ in range(2):
            opened.delete(sent.remote_id, nothing)
        assert server.posts == []
        assert opened.read(sent.remote_id) is None

    def test_the_last_check_holds_it(self, server: XServer, opened: X, plain: Outgoing) -> None:
        def refuse() -> None:
            raise Stopped

        sent = opened.publish(plain, {}, nothing)
        with pytest.raises(Stopped):
            opened.delete(sent.remote_id, refuse)
        assert len(server.posts) == 1

    def test_what_is_somebody_elses_stays(self, server: XServer, opened: X) -> None:
        theirs = server.write(server.add_account("bousai"), "お知らせ")
        with pytest.raises(Rejected, match="not authorized"):
            opened.delete(theirs.id, nothing)

    @pytest.mark.parametrize("answer", [{"data": {"deleted": False}}, {"data": {}}, {}])
    def test_where_x_does_not_say_so_it_is_looked_at(
        self, server: XServer, opened: X, plain: Outgoing, answer: object
    ) -> None:
        sent = opened.publish(plain, {}, nothing)
        server.instead["delete"] = answer
        with pytest.raises(Rejected):
            opened.delete(sent.remote_id, nothing)
        server.posts.clear()
        opened.delete(sent.remote_id, nothing)

    def test_nothing_but_a_number_gets_into_an_address(self, server: XServer, opened: X) -> None:
        for odd in ("../users/me", "5?x=1", "５", "", "9" * 20):
            assert opened.read(odd) is None
            opened.delete(odd, nothing)
            with pytest.raises(Gone):
                opened.hide(odd)
        assert server.requests == []


class TestProfile:
    def test_the_profile_is_read_as_citizens_see_it(self, server: XServer, opened: X) -> None:
        page = "https://www.city.iwata.shizuoka.jp/official/"
        server.city.description = f"磐田市の公式アカウントです。掲載ページ {page} 返信はしていません。"
        server.city.url = "https://www.city.iwata.shizuoka.jp/"
        profile = opened.profile()
        assert profile.text == server.city.description
        assert profile.holds(page)
        assert (profile.handle, profile.name) == ("@iwata_city", "磐田市")
        assert {field.name: field.value for field in profile.fields}["ウェブサイト"] == server.city.url
        assert profile.links == (server.city.url, page)
        assert profile.image_url.startswith("https://pbs.twimg.com/")

    @pytest.mark.parametrize(("mark", "verified"), [("government", True), ("business", True), ("blue", False), ("none", False)])
    def test_a_mark_that_anybody_can_buy_verifies_nobody(
        self, server: XServer, opened: X, mark: str, verified: bool
    ) -> None:
        server.city.verified_type = mark
        assert opened.profile().verified is verified

    def test_where_x_does_not_tell_nothing_is_said(self, server: XServer, opened: X) -> None:
        server.instead["me"] = {"data": {"id": "7", "username": "iwata_city", "profile_image_url": "javascript:alert(1)"}}
        profile = opened.profile()
        assert (profile.verified, profile.image_url, profile.links) == (None, "", ())


class TestSearching:
    def test_accounts_are_found_by_their_names(self, server: XServer, opened: X) -> None:
        other = server.add_account("iwata_city_info")
        found = {candidate.handle: candidate for candidate in opened.search(" iwata_city ")}
        assert set(found) == {"@iwata_city", "@iwata_city_info"}
        assert found["@iwata_city_info"].remote_account_id == other.id
        assert found["@iwata_city_info"].url == "https://x.com/iwata_city_info"

    @pytest.mark.parametrize("words", ["磐田市", "", "a" * 51, "a&b", "x\n"])
    def test_words_that_x_does_not_take_are_not_sent(self, server: XServer, opened: X, words: str) -> None:
        if words.strip() == "x":
            assert opened.search(words) == []
            return
        with pytest.raises(Rejected, match="英数字"):
            opened.search(words)
        assert server.requests == []

    def test_x_charges_for_twenty_at_most(self, server: XServer, opened: X) -> None:
        for number in range(40):
            server.add_account(f"iwata_{number}")
        assert len(opened.search("iwata")) == 20


@pytest.mark.parametrize(("ask", "billed"), [
    (lambda x, post: x.read(post), {"posts": 1}),
    (lambda x, post: x.timeline(ago(hours=1)), {"posts": 1}),
    (lambda x, post: x.comments(ago(hours=1)), {}),
    (lambda x, post: x.identity(), {"users": 1}),
    (lambda x, post: x.profile(), {"users": 1}),
])  # fmt: skip
def test_each_verb_is_one_call_and_x_charges_for_no_more_than_it_needs(
    server: XServer, opened: X, ask: Callable[[X, str], object], billed: dict[str, int]
) -> None:
    post = server.write(server.city, "お知らせ", at=ago(minutes=5))
    ask(opened, post.id)
    assert len(server.calls) == 1
    assert +server.billed == billed


@pytest.mark.parametrize(("address", "number"), [
    ("https://x.com/iwata_city/status/1234567890", "1234567890"),
    ("https://twitter.com/somebody/status/1234567890?s=20", "1234567890"),
    ("https://x.com/i/web/status/1234567890", "1234567890"),
    ("https://x.com/iwata_city/article/1234567890", ""),
    ("https://x.com/iwata_city", ""),
    ("1234567890", ""),
    ("https://x.com.evil.example/iwata_city/status/1234567890", ""),
    ("https://www.facebook.com/city/posts/1234567890", ""),
    ("", ""),
])  # fmt: skip
def test_the_number_of_a_post_is_read_out_of_its_address(opened: X, address: str, number: str) -> None:
    assert opened.remote_id_in(address) == number


def test_a_published_posts_address_gives_its_number_back(opened: X, plain: Outgoing) -> None:
    sent = opened.publish(plain, {}, nothing)
    assert opened.remote_id_in(sent.url) == sent.remote_id


def test_a_long_post_written_on_x_is_read_whole(server: XServer, opened: X) -> None:
    whole = "長いお知らせ。" * 60
    link = {"start": 421, "end": 435, "url": "https://t.co/a", "expanded_url": "https://a.jp/"}
    long = {"text": f"{whole} https://t.co/a", "entities": {"urls": [link]}}
    server.instead["one_post"] = {"data": {"id": "5", "text": whole[:140], "note_post": long}}
    shown = opened.read("5")
    assert shown is not None
    assert shown.text == f"{whole} https://a.jp/"


def test_a_reply_with_the_same_key_is_another_call(server: XServer, opened: X, plain: Outgoing) -> None:
    """X honours no key: what is said twice is there twice, so nothing may be repeated without looking."""
    server.refuses_duplicates = False
    for _ in range(2):
        opened.publish(replace(plain), {}, nothing)
    assert len(server.posts) == 2
    assert opened.repeatable_for() == 0
