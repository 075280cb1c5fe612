"""After publishing: threads, corrections, deletions, the own timeline, what others write, answers, search."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from koshiki.networks.base import (
    Gone,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Published,
    Rejected,
    TokenDead,
    Verb,
)
from koshiki.networks.mastodon import Mastodon
from tests.networks.contract import Stopped, nothing, two_pictures
from tests.networks.mastodon_server import MastodonServer

pytestmark = pytest.mark.usefixtures("loopback")
BEFORE = timedelta(minutes=1)


def said(text: str, **more: str) -> Outgoing:
    return Outgoing({"text": text}, (), str(uuid.uuid4()), datetime.now(UTC), **more)


class TestThreads:
    def test_a_longer_text_goes_out_as_answers_each_to_the_one_before(
        self, server: MastodonServer, opened: Mastodon
    ) -> None:
        text = "\n\n".join(f"{number}：{'お知らせ。' * 50}" for number in range(4))
        parts = opened.segments({"text": text})
        assert opened.problems({"text": text}, ()) == []
        sent: list[Published] = []
        for part in parts:
            after = {"after": sent[-1].remote_id, "root": sent[0].remote_id} if sent else {}
            sent.append(opened.publish(said(part["text"], **after), {}, nothing))
        assert [status.reply_to for status in server.statuses] == ["", *(one.remote_id for one in sent[:-1])]
        assert len(sent) == 4

    def test_nothing_is_added_to_what_is_gone(self, server: MastodonServer, opened: Mastodon) -> None:
        with pytest.raises(Gone):
            opened.publish(said("続き", after="5"), {}, nothing)
        assert server.statuses == []


class TestCorrecting:
    """§8(3)"""

    def test_a_correction_is_shown_in_place_and_the_pictures_stay(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, tmp_path: Path
    ) -> None:
        outgoing = replace(plain, media=two_pictures(tmp_path))
        published = opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _stage: None, nothing), nothing)
        for _ in range(2):
            assert opened.edit(published.remote_id, said("訂正しました。"), nothing) == published
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.text == "訂正しました。"
        assert shown.alts == tuple(media.alt for media in outgoing.media)
        [seen] = opened.timeline(plain.created_at - BEFORE)
        assert seen.edited_at is not None

    def test_what_is_gone_is_not_corrected(self, opened: Mastodon) -> None:
        with pytest.raises(Gone):
            opened.edit("5", said("訂正"), nothing)

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [("swallow", OutcomeUnknown), ("500-accepted", OutcomeUnknown), ("rubbish", OutcomeUnknown),
         ("no-id", OutcomeUnknown), ("429", NotSent), ("422", Rejected), ("401", TokenDead)],
    )  # fmt: skip
    def test_an_answer_to_a_correction_means(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        published = opened.publish(plain, {}, nothing)
        server.faults.append(fault)
        with pytest.raises(outcome) as caught:
            opened.edit(published.remote_id, said("訂正しました。"), nothing)
        assert type(caught.value) is outcome

    def test_a_deleted_status_is_gone_and_deleting_again_is_nothing(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        published = opened.publish(plain, {}, nothing)
        for _ in range(2):
            opened.delete(published.remote_id, nothing)
        assert server.statuses == []
        assert opened.read(published.remote_id) is None

    def test_a_last_check_holds_back_a_correction_and_a_deletion(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        published = opened.publish(plain, {}, nothing)

        def refuse() -> None:
            raise Stopped

        with pytest.raises(Stopped):
            opened.edit(published.remote_id, said("訂正"), refuse)
        with pytest.raises(Stopped):
            opened.delete(published.remote_id, refuse)
        assert [status.text for status in server.statuses] == [plain.content["text"]]


class TestTimeline:
    """§9(2)"""

    def test_it_tells_all_of_the_account_newest_first_and_what_it_only_passes_on(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.page = 2
        others = "https://other.example/@a/1"
        server.statuses.append(replace(server.write(server.city, "古い"), at=plain.created_at - timedelta(days=2)))
        del server.statuses[0]
        own = [server.write(server.city, f"{number}番") for number in range(4)]
        own.append(server.write(server.city, "ほかの人の投稿", shared=others))
        server.write(server.add_account("kojin"), "ほかの人")
        seen = opened.timeline(plain.created_at - BEFORE)
        assert [entry.remote_id for entry in seen] == [status.id for status in reversed(own)]
        assert [entry.shared_from for entry in seen] == [others, "", "", "", ""]
        assert seen[-1].url == f"{server.base}/@city/{own[0].id}"

    def test_a_long_history_is_read_back_to_the_time_and_no_further(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.page = 3
        for number in range(30):
            old = server.write(server.city, f"{number}番")
            server.statuses[-1] = replace(old, at=plain.created_at - timedelta(days=30 - number))
        new = server.write(server.city, "新しい")
        assert [entry.remote_id for entry in opened.timeline(plain.created_at - BEFORE)] == [new.id]
        lists = [path for _, path, _ in server.requests if "/statuses?" in path]
        assert len(lists) == 1

    def test_what_is_passed_on_is_never_taken_for_the_own(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.write(server.city, plain.content["text"], shared="https://other.example/@a/1")
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_rubbish_is_not_an_empty_timeline(self, server: MastodonServer, opened: Mastodon) -> None:
        for rubbish in ({}, [1], "x"):
            server.list_answer = rubbish
            for look in (opened.timeline, opened.comments):
                with pytest.raises(NotSent):
                    look(datetime.now(UTC) - BEFORE)


class TestComments:
    """§8(2)"""

    def test_what_others_write_to_the_account_is_told(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        kojin = server.add_account("kojin")
        post = opened.publish(plain, {}, nothing)
        asked = server.write(kojin, "@city どこですか。", reply_to=post.remote_id)
        server.write(kojin, "@city ないしょの話", reply_to=post.remote_id, visibility="direct")
        more = server.write(kojin, "@city 至急です。", reply_to=asked.id)
        server.write(kojin, "関係のない話")
        newest, first = opened.comments(plain.created_at - BEFORE)
        assert (first.remote_id, first.on, first.answers) == (asked.id, post.remote_id, "")
        assert (newest.remote_id, newest.on, newest.answers) == (more.id, "", asked.id)
        assert (first.writer, first.writer_id, first.text) == ("kojin", kojin.id, "@city どこですか。")
        assert opened.comments(datetime.now(UTC) + BEFORE) == []

    def test_an_answer_names_who_asked_and_goes_out_once(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        asked = server.write(server.add_account("kojin"), "@city どこですか。", visibility="unlisted")
        answer = said("豊田体育館です。")
        for _ in range(2):
            replied = opened.reply(asked.id, answer, nothing)
        status = server.statuses[-1]
        assert (status.id, status.reply_to, status.text) == (replied.remote_id, asked.id, "@kojin 豊田体育館です。")
        assert status.visibility == "unlisted"
        assert len(server.statuses) == 2

    def test_others_words_can_be_neither_hidden_nor_removed_here(self, opened: Mastodon) -> None:
        assert not {Verb.HIDE, Verb.REMOVE} & opened.can


def test_accounts_are_found_by_words(server: MastodonServer, opened: Mastodon) -> None:
    """§9(1)"""
    server.add_account("city_fake")
    found = {candidate.handle: candidate for candidate in opened.search("city")}
    host = server.base.removeprefix("http://")
    assert set(found) == {f"@city@{host}", f"@city_fake@{host}"}
    assert found[f"@city_fake@{host}"].url == f"{server.base}/@city_fake"
    assert opened.search("nobody") == []
