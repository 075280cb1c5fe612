"""Facebookページ after publishing: corrections, what was published, comments, the profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from koshiki.networks.base import Gone, NotSent, OutcomeUnknown, Outgoing, Rejected
from koshiki.networks.facebook import Facebook
from tests.networks.contract import nothing
from tests.networks.graph.conftest import staged
from tests.networks.graph.facebook import FacebookServer


class TestAfterwards:
    @pytest.fixture
    def post(self, page: Facebook, plain: Outgoing) -> str:
        ready = staged(page, plain)
        return page.publish(ready, ready.stage, nothing).remote_id

    def test_a_correction_changes_the_text_and_nothing_else(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, post: str
    ) -> None:
        corrected = replace(plain, content={"text": "防災訓練は中止します。"})
        assert page.edit(post, corrected, nothing) == page.edit(post, corrected, nothing)
        shown = page.read(post)
        assert shown is not None
        assert shown.text == "防災訓練は中止します。"
        assert len(facebook.visible) == 1

    @pytest.mark.parametrize(("fault", "outcome"), [("swallow", OutcomeUnknown), ("code:100/33", Gone), ("code:17", NotSent)])
    def test_a_correction_ends_as_a_publication_does(
        self, facebook: FacebookServer, page: Facebook, post: str, fault: str, outcome: type[Exception]
    ) -> None:
        facebook.faults.append(fault)
        with pytest.raises(outcome):
            page.edit(post, Outgoing({"text": "訂正"}, (), "key", datetime.now(UTC)), nothing)

    def test_an_answer_that_cannot_be_read_does_not_mean_gone(
        self, facebook: FacebookServer, page: Facebook, post: str
    ) -> None:
        for odd in ({}, [], "x", 7, {"message": "だれの投稿か"}):
            facebook.read_answer = odd
            with pytest.raises(NotSent):
                page.read(post)

    def test_deleting_twice_is_deleting(self, facebook: FacebookServer, page: Facebook, post: str) -> None:
        page.delete(post, nothing)
        page.delete(post, nothing)
        assert facebook.visible == []
        assert page.read(post) is None

    def test_a_post_that_was_not_published_is_not_shown(self, page: Facebook, plain: Outgoing) -> None:
        assert page.read(staged(page, plain).stage["post"]) is None

    def test_long_posts_are_listed_whole(self, facebook: FacebookServer, page: Facebook) -> None:
        """Fifty of them are more than a usual answer may hold."""
        for number in range(60):
            facebook.add("post", f"{facebook.city.id}_{number}", page=facebook.city.id, is_published=True, photos=[],
                         message="長い投稿。" * 2500)
        assert len(page.timeline(datetime.now(UTC) - timedelta(days=1))) == 60

    def test_the_timeline_tells_all_that_the_page_published_newest_first(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, post: str
    ) -> None:
        shared = facebook.add("post", f"{facebook.city.id}_77", page=facebook.city.id, is_published=True, photos=[],
                              message="国の発表です。", parent_id="20531316728_10159023836696729")
        facebook.add("post", f"{facebook.city.id}_78", page=facebook.city.id, is_published=True, photos=[], message="昔",
                     ).at -= timedelta(days=9)
        staged(page, replace(plain, content={"text": "下書きは見えません。"}))
        seen = page.timeline(datetime.now(UTC) - timedelta(days=1))
        assert [entry.remote_id for entry in seen] == [shared.id, post]
        assert seen[0].shared_from == "https://www.facebook.com/20531316728/posts/10159023836696729"
        assert seen[1].text == plain.content["text"]
        assert page.remote_id_in(seen[1].url) == post

    @pytest.mark.parametrize(("address", "known"), [
        ("https://www.facebook.com/city.iwata.test/posts/17001", True),
        ("https://m.facebook.com/story.php?story_fbid=17001&id=5", True),
        ("https://www.facebook.com/city.iwata.test/posts/pfbid0AbC", False),
        ("https://evil.example/posts/17001", False),
    ])
    def test_an_address_tells_the_post_where_it_holds_its_number(self, page: Facebook, address: str, known: bool) -> None:
        assert page.remote_id_in(address) == (f"{page.own_id}_17001" if known else "")


class TestComments:
    @pytest.fixture
    def post(self, facebook: FacebookServer, page: Facebook, plain: Outgoing) -> str:
        ready = staged(page, plain)
        return page.publish(ready, ready.stage, nothing).remote_id

    def test_what_others_wrote_since_then_is_read_with_answers_and_without_ones_own(
        self, facebook: FacebookServer, page: Facebook, post: str
    ) -> None:
        facebook.page_size = 2
        on = facebook.nodes[post]
        old = facebook.comment_on(on, "前のコメント")
        old.at -= timedelta(days=2)
        first = facebook.comment_on(on, "駐車場はありますか")
        answer = facebook.comment_on(on, "私も知りたいです", parent=first)
        facebook.comment_on(on, "あります", parent=first, writer_id=facebook.city.id)
        found = {comment.remote_id: comment for comment in page.comments(datetime.now(UTC) - timedelta(days=1))}
        assert set(found) == {first.id, answer.id}
        assert (found[answer.id].answers, found[answer.id].on) == (first.id, post)
        assert (found[first.id].writer, found[first.id].text, found[first.id].hidden) == ("市民", "駐車場はありますか", False)
        assert found[first.id].url.startswith("https://www.facebook.com/")

    def test_posts_with_nothing_new_are_not_asked_for_comments(
        self, facebook: FacebookServer, page: Facebook, post: str
    ) -> None:
        facebook.nodes[post].at -= timedelta(days=5)
        assert page.comments(datetime.now(UTC) - timedelta(days=1)) == []
        assert not any("/comments" in path for _, path, _ in facebook.requests)

    def test_a_comment_is_hidden_and_shown_again(self, facebook: FacebookServer, page: Facebook, post: str) -> None:
        comment = facebook.comment_on(facebook.nodes[post], "ひどいことば")
        for hidden in (True, True, False):
            page.hide(comment.id, hidden=hidden)
            assert page.comments(datetime.now(UTC) - timedelta(days=1))[0].hidden is hidden

    def test_a_comment_that_is_gone_cannot_be_hidden_and_is_removed_twice(
        self, facebook: FacebookServer, page: Facebook, post: str
    ) -> None:
        comment = facebook.comment_on(facebook.nodes[post], "個人情報")
        page.remove(comment.id)
        page.remove(comment.id)
        with pytest.raises(Gone):
            page.hide(comment.id)

    def test_a_reply_stands_under_the_comment_as_the_page(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, post: str
    ) -> None:
        comment = facebook.comment_on(facebook.nodes[post], "駐車場はありますか")
        made = page.reply(comment.id, replace(plain, content={"text": "あります。"}), nothing)
        answer = facebook.nodes[made.remote_id]
        assert (answer.data["parent"], answer.data["writer_id"]) == (comment.id, facebook.city.id)
        assert made.url == f"https://www.facebook.com/{post.replace('_', '/posts/')}?comment_id={made.remote_id.split('_')[1]}"

    @pytest.mark.parametrize("fault", ["swallow", "no-id", "rubbish"])
    def test_a_reply_in_doubt_is_unknown(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, post: str, fault: str
    ) -> None:
        comment = facebook.comment_on(facebook.nodes[post], "駐車場はありますか")
        facebook.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            page.reply(comment.id, plain, nothing)

    def test_that_one_comment_may_not_be_hidden_does_not_end_the_connection(
        self, facebook: FacebookServer, page: Facebook, post: str
    ) -> None:
        facebook.faulty_everywhere()
        facebook.faults.append("code:200")
        with pytest.raises(Rejected):
            page.hide(facebook.comment_on(facebook.nodes[post], "x").id)


class TestProfile:
    def test_the_profile_is_read_as_citizens_see_it(self, facebook: FacebookServer, page: Facebook) -> None:
        register = "https://www.city.example.jp/official/"
        facebook.city.data |= {"about": "見本市の公式ページです。", "description": "返信はしていません。",
                               "website": f"{register} ", "verification_status": "gray_verified",
                               "picture": {"data": {"url": "https://scontent.example/p.jpg"}}}  # fmt: skip
        profile = page.profile()
        assert profile.text == "見本市の公式ページです。\n\n返信はしていません。"
        assert profile.holds(register)
        assert profile.verified is True
        assert (profile.handle, profile.image_url) == ("@city.iwata.test", "https://scontent.example/p.jpg")

    def test_that_a_page_is_not_verified_differs_from_not_knowing(self, facebook: FacebookServer, page: Facebook) -> None:
        assert page.profile().verified is None
        facebook.city.data["verification_status"] = "not_verified"
        assert page.profile().verified is False
