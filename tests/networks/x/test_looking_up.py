"""Whether something uncertain was published: seen in the account's own timeline, or not denied (K-once)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from koshiki.networks.base import CannotTell, Found, Media, NotFound, OutcomeUnknown, Outgoing
from koshiki.networks.x import X
from tests.networks.contract import nothing
from tests.networks.x_server import XServer

pytestmark = pytest.mark.clause("K-once")


def another(outgoing: Outgoing, text: str = "", **more: str) -> Outgoing:
    return replace(outgoing, key=str(uuid.uuid4()), content={"text": text or outgoing.content["text"]}, **more)


def looked_up(opened: X, outgoing: Outgoing, *taken: str) -> object:
    return opened.look_up(outgoing, outgoing.created_at, taken)


def test_a_swallowed_answer_is_found_by_looking(server: XServer, opened: X, plain: Outgoing) -> None:
    server.faults.append("swallow")
    with pytest.raises(OutcomeUnknown):
        opened.publish(plain, {}, nothing)
    found = looked_up(opened, plain)
    assert isinstance(found, Found)
    assert found.remote_id == server.posts[0].id
    assert found.at == server.posts[0].at


@pytest.mark.parametrize("text", [
    "詳しくは https://www.city.iwata.shizuoka.jp/a?b=1&c=<2> をご覧ください。",
    "www.city.iwata.shizuoka.jp/bosai に載せました",
    "大切な お知らせ <重要> & 「至急」 ❤️👨‍👩‍👧‍👦 #磐田市 @iwata_bosai",
    "@iwata_bosai さんから引き継ぎました。",
    "がっこう\n\n\n  休校  ",
    "❤️❤️",
])  # fmt: skip
def test_what_x_changes_when_it_shows_a_text_does_not_hide_it(
    server: XServer, opened: X, plain: Outgoing, text: str
) -> None:
    outgoing = another(plain, text)
    sent = opened.publish(outgoing, {}, nothing)
    found = looked_up(opened, outgoing)
    assert isinstance(found, Found)
    assert found.remote_id == sent.remote_id


def test_two_equal_texts_never_claim_one_post(server: XServer, opened: X, plain: Outgoing) -> None:
    server.refuses_duplicates = False
    other = another(plain)
    first = opened.publish(plain, {}, nothing)
    assert isinstance(looked_up(opened, other, first.remote_id), NotFound)
    second = opened.publish(other, {}, nothing)
    found = looked_up(opened, other, first.remote_id)
    assert isinstance(found, Found)
    assert found.remote_id == second.remote_id


def test_of_two_equal_ones_the_older_is_the_earlier_delivery(server: XServer, opened: X, plain: Outgoing) -> None:
    server.refuses_duplicates = False
    first = opened.publish(plain, {}, nothing)
    opened.publish(another(plain), {}, nothing)
    found = looked_up(opened, plain)
    assert isinstance(found, Found)
    assert found.remote_id == first.remote_id


def test_an_older_equal_text_is_not_this_one(server: XServer, opened: X, plain: Outgoing) -> None:
    """After a refused duplicate: last week's post proves nothing for today's."""
    server.write(server.city, plain.content["text"], at=plain.created_at - timedelta(hours=3))
    with pytest.raises(OutcomeUnknown):
        opened.publish(plain, {}, nothing)
    assert isinstance(looked_up(opened, plain), NotFound)


def test_a_clock_of_x_that_is_behind_does_not_hide_it(server: XServer, opened: X, plain: Outgoing) -> None:
    post = server.write(server.city, plain.content["text"], at=plain.created_at - timedelta(seconds=100))
    found = looked_up(opened, plain)
    assert isinstance(found, Found)
    assert found.remote_id == post.id


def test_what_another_account_publishes_is_not_this_one(server: XServer, opened: X, plain: Outgoing) -> None:
    server.write(server.add_account("bousai"), plain.content["text"])
    assert isinstance(looked_up(opened, plain), NotFound)


def test_what_is_passed_on_is_not_this_one(server: XServer, opened: X, plain: Outgoing) -> None:
    theirs = server.write(server.add_account("bousai"), plain.content["text"])
    server.write(server.city, plain.content["text"], repost_of=theirs.id)
    assert isinstance(looked_up(opened, plain), NotFound)


def test_a_post_with_other_pictures_is_for_a_person(server: XServer, opened: X, plain: Outgoing, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    pictured = replace(plain, media=(Media(tmp_path / "a.png", "image/png", "黒い図", 8, 8),))
    opened.publish(pictured, opened.prepare(pictured, {}, lambda _stage: None, nothing), nothing)
    assert isinstance(looked_up(opened, plain), CannotTell)
    assert isinstance(looked_up(opened, pictured), Found)


def test_what_is_nearly_the_same_is_for_a_person(server: XServer, opened: X, plain: Outgoing) -> None:
    server.write(server.city, "防災訓練を大きく行います。")
    assert isinstance(looked_up(opened, plain), CannotTell)


def test_a_post_that_was_changed_on_x_is_for_a_person_and_stays_bound(
    server: XServer, opened: X, plain: Outgoing
) -> None:
    sent = opened.publish(plain, {}, nothing)
    server.edit(server.posts[0], "防災訓練を、雨でも行います。")
    assert isinstance(looked_up(opened, plain), CannotTell)
    assert isinstance(looked_up(opened, plain, sent.remote_id), NotFound)


class TestThreads:
    def test_the_same_words_elsewhere_are_not_the_next_post_of_the_thread(
        self, server: XServer, opened: X, plain: Outgoing
    ) -> None:
        server.refuses_duplicates = False
        first = opened.publish(another(plain, "第1報"), {}, nothing)
        elsewhere = opened.publish(another(plain, "別の話"), {}, nothing)
        follow = another(plain, "続きます。", after=first.remote_id, root=first.remote_id)
        opened.publish(another(plain, "続きます。"), {}, nothing)
        assert isinstance(looked_up(opened, follow), NotFound)
        opened.publish(another(plain, "続きます。", after=elsewhere.remote_id, root=elsewhere.remote_id), {}, nothing)
        assert isinstance(looked_up(opened, follow), CannotTell), "in some conversation: X may call ours by another number"
        mine = opened.publish(follow, {}, nothing)
        found = looked_up(opened, follow)
        assert isinstance(found, Found)
        assert found.remote_id == mine.remote_id

    def test_an_answer_with_the_same_words_is_not_a_post_of_its_own(
        self, server: XServer, opened: X, plain: Outgoing
    ) -> None:
        first = opened.publish(another(plain, "第1報"), {}, nothing)
        opened.publish(another(plain, "以上です。", after=first.remote_id), {}, nothing)
        assert isinstance(looked_up(opened, another(plain, "以上です。")), NotFound)

    def test_an_answer_to_a_citizen_is_found_behind_the_name_that_x_puts_before_it(
        self, server: XServer, opened: X, plain: Outgoing
    ) -> None:
        post = opened.publish(plain, {}, nothing)
        asked = server.write(server.add_account("shimin"), "何時からですか。", answers=post.remote_id)
        answer = another(plain, "9時からです。")
        sent = opened.reply(asked.id, answer, nothing)
        found = looked_up(opened, replace(answer, after=asked.id))
        assert isinstance(found, Found)
        assert found.remote_id == sent.remote_id


class TestLists:
    def test_it_looks_through_all_pages_back_to_its_time(self, server: XServer, opened: X, plain: Outgoing) -> None:
        server.page = 20
        opened.publish(plain, {}, nothing)
        for number in range(70):
            server.write(server.city, f"{number}番：{chr(0x4E00 + number * 37) * 20}")
        assert isinstance(looked_up(opened, plain), Found)

    def test_a_list_too_long_to_be_seen_whole_tells_nothing(self, server: XServer, opened: X, plain: Outgoing) -> None:
        server.page = 3
        for number in range(20):
            server.write(server.city, chr(0x4E00 + number * 37) * 20)
        assert isinstance(looked_up(opened, plain), CannotTell)

    def test_a_list_that_lags_says_not_found_so_the_settle_time_must_be_waited(
        self, server: XServer, opened: X, plain: Outgoing
    ) -> None:
        server.lag = 60
        opened.publish(plain, {}, nothing)
        assert isinstance(looked_up(opened, plain), NotFound)
        assert opened.settle_seconds >= 300

    def test_rubbish_is_not_an_empty_list(self, server: XServer, opened: X, plain: Outgoing) -> None:
        answers = ({}, [1], "x", {"data": None}, {"meta": {}}, {"data": [1]}, {"data": [{"id": "x"}]}, {"data": {}},
                   {"errors": [{"type": "about:blank"}]}, {"data": [{"id": "5"}, {"text": "5"}]})  # fmt: skip
        for answer in answers:
            server.instead["own_posts"] = answer
            assert isinstance(looked_up(opened, plain), CannotTell), answer
        server.instead["own_posts"] = {"meta": {"result_count": 0}}
        assert isinstance(looked_up(opened, plain), NotFound)

    @pytest.mark.parametrize("fault", ["500", "503", "429", "402", "swallow", "html", "huge", "403", "404"])
    def test_a_list_that_cannot_be_seen_tells_nothing(
        self, server: XServer, opened: X, plain: Outgoing, fault: str
    ) -> None:
        server.faulty["own_posts"] = fault
        assert isinstance(looked_up(opened, plain), CannotTell)

    def test_with_a_dead_token_it_cannot_tell(self, server: XServer, opened: X, plain: Outgoing) -> None:
        server.tokens.clear()
        told = looked_up(opened, plain)
        assert isinstance(told, CannotTell)
        assert told.token_dead

    def test_x_charges_for_what_was_published_since_and_nothing_more(
        self, server: XServer, opened: X, plain: Outgoing
    ) -> None:
        for day in range(1, 30):
            server.write(server.city, f"{day}日前のお知らせ", at=datetime.now(UTC) - timedelta(days=day))
        opened.publish(plain, {}, nothing)
        looked_up(opened, plain)
        assert server.calls == ["publish", "own_posts"]
        assert +server.billed == {"posts": 1}
