"""The Mastodon adapter against snac: what a real server answers is the truth."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from koshiki.networks import network
from koshiki.networks.addresses import same_account
from koshiki.networks.base import (
    CannotTell,
    Comment,
    Found,
    Link,
    Media,
    Network,
    NotFound,
    Outgoing,
    Rejected,
    Secret,
    TokenDead,
)
from koshiki.networks.mastodon import Mastodon
from tests.networks.contract import Contract, nothing
from tests.networks.mastodon_server import connected
from tests.peers.snac import Snac

pytestmark = pytest.mark.peers
BACK = "http://127.0.0.1:8000/accounts/1/connected"


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""


@pytest.fixture
def link(snac: Snac) -> Link:
    return connected(snac.base, snac.token(), account="42")


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))


class TestSnac(Contract):
    """The same contract that every adapter passes."""

    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return network("mastodon", link)

    def test_pictures_keep_their_order_and_alt_text(
        self, opened: Network, outgoing: Outgoing, pictures: tuple[Media, ...]
    ) -> None:
        turned = replace(outgoing, media=tuple(reversed(pictures)))
        published = self.send(opened, turned)
        assert isinstance(opened, Mastodon)
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.alts == tuple(media.alt for media in reversed(pictures))

    @pytest.fixture
    def visible(self, snac: Snac, link: Link) -> Callable[[], int]:
        return lambda: len(snac.statuses(link.secrets["access_token"].reveal()))


def test_the_code_flow_opens_the_account_of_whoever_allowed_it(snac: Snac) -> None:
    beginning = Mastodon.begin({}, snac.base, BACK)
    back = snac.allow(beginning.authorize_url)
    assert back["state"] == beginning.state
    link = Mastodon.finish({}, beginning.pending, back["code"], account="42", address="")
    identity = Mastodon(link).identity()
    assert same_account(identity.url, snac.account_url)
    assert identity.handle == f"@city@{snac.base.removeprefix('http://')}"


def test_somebody_elses_account_is_seen_to_be_another(snac: Snac) -> None:
    """The connected identity must be the registered one (§8(1))."""
    password = snac.add_user("kojin")
    beginning = Mastodon.begin({}, snac.base, BACK)
    back = snac.allow(beginning.authorize_url, "kojin", password)
    identity = Mastodon(Mastodon.finish({}, beginning.pending, back["code"], account="42", address="")).identity()
    assert not same_account(identity.url, snac.account_url)
    assert same_account(identity.url, f"{snac.base}/kojin")


def test_a_wrong_code_or_token_opens_nothing(snac: Snac) -> None:
    beginning = Mastodon.begin({}, snac.base, BACK)
    with pytest.raises((Rejected, TokenDead)):
        Mastodon.finish({}, beginning.pending, "wrong", account="42", address="")
    with pytest.raises(TokenDead):
        connected(snac.base, "wrong", account="42")


def test_its_key_counts_for_nothing_so_equal_tries_are_two(snac: Snac, link: Link, plain: Outgoing) -> None:
    """Why `repeatable_for` is data: snac takes the key and ignores it."""
    opened = Mastodon(link)
    assert link.facts["software"] == "snac"
    assert opened.repeatable_for() == 0
    first, second = opened.publish(plain, {}, nothing), opened.publish(plain, {}, nothing)
    assert first.remote_id != second.remote_id
    found = opened.look_up(plain, plain.created_at, {first.remote_id})
    assert isinstance(found, Found)
    assert found.remote_id == second.remote_id


def test_a_dead_token_is_said_to_be_dead(link: Link, plain: Outgoing) -> None:
    dead = Mastodon(replace(link, secrets={"access_token": Secret("revoked")}))
    with pytest.raises(TokenDead):
        dead.publish(plain, {}, nothing)
    with pytest.raises(TokenDead):
        dead.identity()
    told = dead.look_up(plain, plain.created_at)
    assert isinstance(told, CannotTell)
    assert told.token_dead


def test_among_two_hundred_a_look_up_finds_each_and_no_other(link: Link, plain: Outgoing) -> None:
    opened = Mastodon(link)
    texts = [f"{number}番：{chr(0x4E00 + number * 53) * 12}" for number in range(150)]
    sent = [opened.publish(replace(plain, content={"text": text}), {}, nothing) for text in texts]
    for number in (0, 75, 149):
        found = opened.look_up(replace(plain, content={"text": texts[number]}), plain.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == sent[number].remote_id
    assert isinstance(opened.look_up(plain, plain.created_at), NotFound)


@pytest.mark.parametrize(
    "text",
    [
        "**太字** と *斜体* と `記号`、_下線_ ~~取消~~",
        "> 引用のような行\n本文",
        "https://www.city.example.jp/a?x=1&y=2#top をご覧ください。",
        "1 < 2 & 3 > 2 \"引用\" '単'",
        "#磐田市 @city お問い合わせは 0538-00-0000",
        "葛󠄀飾区 髙橋﨑 👨‍👩‍👧‍👦 ①㈱㌔",
        "　全角空白で始まり、改行が\n\n\n三つ続く。",
        "```\n囲み\n```",
        "- 箇条\n- 書き\n\n1. 一\n2. 二",
    ],
)
def test_however_it_shows_a_text_the_look_up_never_denies_it(link: Link, plain: Outgoing, text: str) -> None:
    opened, outgoing = Mastodon(link), replace(plain, content={"text": text})
    published = opened.publish(outgoing, {}, nothing)
    found = opened.look_up(outgoing, outgoing.created_at)
    assert isinstance(found, Found)
    assert found.remote_id == published.remote_id


def test_the_profile_is_read(snac: Snac, link: Link) -> None:
    profile = Mastodon(link).profile()
    assert profile.name == "city"
    assert profile.handle == link.facts["handle"]
    assert not profile.holds("https://www.city.example.jp/official/")


def said(text: str, **more: str) -> Outgoing:
    return Outgoing({"text": text}, (), str(uuid.uuid4()), datetime.now(UTC), **more)


def test_a_thread_is_corrected_and_deleted(link: Link) -> None:
    """A correction changes the id that snac lists it by; the one it had before still leads to it (§8(3))."""
    opened, before = Mastodon(link), datetime.now(UTC) - timedelta(minutes=1)
    first = opened.publish(said("最初の投稿です。"), {}, nothing)
    second = opened.publish(said("続きです。", after=first.remote_id, root=first.remote_id), {}, nothing)
    time.sleep(1.1)  # its ids are of the second
    corrected = opened.edit(second.remote_id, said("訂正しました。"), nothing)
    assert corrected.url == second.url
    assert opened.edit(second.remote_id, said("訂正しました。"), nothing) == corrected
    for remote_id in (second.remote_id, corrected.remote_id):
        shown = opened.read(remote_id)
        assert shown is not None
        assert shown.text == "訂正しました。"
    assert [(entry.text, entry.edited_at is None) for entry in opened.timeline(before)] == [
        ("訂正しました。", False), ("最初の投稿です。", True),
    ]  # fmt: skip
    for _ in range(2):
        opened.delete(corrected.remote_id, nothing)
    assert [entry.text for entry in opened.timeline(before)] == ["最初の投稿です。"]


def test_what_others_write_below_is_told_and_answered(snac: Snac, link: Link) -> None:
    """§8(2); snac's users hear of each other after some ten seconds."""
    opened, before = Mastodon(link), datetime.now(UTC) - timedelta(minutes=1)
    kojin = Mastodon(connected(snac.base, snac.token("kojin", snac.add_user("kojin")), account="43"))
    post = opened.publish(said("避難所を開設しました。"), {}, nothing)
    asked = kojin.publish(said("@city どこですか。", after=post.remote_id), {}, nothing)
    [told] = _soon(lambda: opened.comments(before))
    assert (told.remote_id, told.on, told.answers, told.writer) == (asked.remote_id, post.remote_id, "", "kojin")
    answer = opened.reply(told.remote_id, said("豊田体育館です。"), nothing)
    [heard] = _soon(lambda: kojin.comments(before))
    assert (heard.remote_id, heard.on) == (answer.remote_id, asked.remote_id)
    assert heard.text.endswith("豊田体育館です。")


def _soon(look: Callable[[], list[Comment]]) -> list[Comment]:
    deadline = time.monotonic() + 60
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found
