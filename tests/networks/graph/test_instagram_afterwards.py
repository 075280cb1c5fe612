"""Instagram after publishing: what was published, comments, the profile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from koshiki.networks.base import Gone, NotSent, OutcomeUnknown, Outgoing
from koshiki.networks.instagram import Instagram
from tests.networks.contract import nothing
from tests.networks.graph.conftest import staged
from tests.networks.graph.instagram import InstagramServer


class TestAfterwards:
    @pytest.fixture
    def published(self, account: Instagram, outgoing: Outgoing) -> str:
        ready = staged(account, outgoing)
        return account.publish(ready, ready.stage, nothing).remote_id

    def test_deleting_twice_is_deleting(self, instagram: InstagramServer, account: Instagram, published: str) -> None:
        account.delete(published, nothing)
        account.delete(published, nothing)
        assert instagram.visible == []
        assert account.read(published) is None

    def test_an_answer_that_cannot_be_read_does_not_mean_gone(
        self, instagram: InstagramServer, account: Instagram, published: str
    ) -> None:
        for odd in ({}, [], "x", 7, {"caption": "だれの投稿か"}):
            instagram.read_answer = odd
            with pytest.raises(NotSent):
                account.read(published)

    def test_the_timeline_tells_what_the_account_published(
        self, instagram: InstagramServer, account: Instagram, published: str
    ) -> None:
        assert [entry.remote_id for entry in account.timeline(datetime.now(UTC) - timedelta(days=1))] == [published]
        assert account.timeline(datetime.now(UTC) + timedelta(seconds=5)) == []

    def test_what_others_wrote_since_then_is_read_with_new_answers_under_old_comments(
        self, instagram: InstagramServer, account: Instagram, published: str
    ) -> None:
        on, instagram.page_size = instagram.nodes[published], 1
        old = instagram.comment_on(on, "前のコメント")
        old.at -= timedelta(days=2)
        answer = instagram.comment_on(on, "新しい答え", parent=old.id)
        instagram.comment_on(on, "市の答え", parent=old.id, username="iwata.test")
        question = instagram.comment_on(on, "駐車場はありますか")
        found = {comment.remote_id: comment for comment in account.comments(datetime.now(UTC) - timedelta(days=1))}
        assert set(found) == {answer.id, question.id}
        assert (found[answer.id].answers, found[answer.id].on, found[answer.id].writer) == (old.id, published, "shimin")

    def test_publications_without_comments_are_not_asked(
        self, instagram: InstagramServer, account: Instagram, published: str
    ) -> None:
        assert account.comments(datetime.now(UTC) - timedelta(days=1)) == []
        assert not any("/comments" in path for _, path, _ in instagram.requests)

    def test_a_comment_is_hidden_shown_again_and_removed(
        self, instagram: InstagramServer, account: Instagram, published: str
    ) -> None:
        comment = instagram.comment_on(instagram.nodes[published], "ひどいことば")
        for hidden in (True, True, False):
            account.hide(comment.id, hidden=hidden)
            assert account.comments(datetime.now(UTC) - timedelta(days=1))[0].hidden is hidden
        account.remove(comment.id)
        account.remove(comment.id)
        with pytest.raises(Gone):
            account.hide(comment.id)

    def test_a_reply_stands_under_the_comment(
        self, instagram: InstagramServer, account: Instagram, published: str
    ) -> None:
        comment = instagram.comment_on(instagram.nodes[published], "駐車場はありますか")
        answer = Outgoing({"text": "あります。"}, (), "key", datetime.now(UTC))
        made = account.reply(comment.id, answer, nothing)
        assert instagram.nodes[made.remote_id].data["parent"] == comment.id
        instagram.faults.append("no-id")
        with pytest.raises(OutcomeUnknown):
            account.reply(comment.id, answer, nothing)

    def test_the_profile_is_read_as_citizens_see_it(self, instagram: InstagramServer, account: Instagram) -> None:
        register = "https://www.city.example.jp/official/"
        instagram.city.data |= {"biography": "見本市の公式です。", "website": register,
                                "profile_picture_url": "https://scontent.example/p.jpg"}
        profile = account.profile()
        assert (profile.text, profile.handle, profile.name) == ("見本市の公式です。", "@iwata.test", "見本市")
        assert profile.holds(register)
        assert profile.verified is None
