"""The WordPress adapter against a real site: from connecting to reading back, and what people write below."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from koshiki.networks import network
from koshiki.networks.addresses import same_account
from koshiki.networks.base import (
    CannotTell,
    Found,
    Gone,
    Link,
    Media,
    Network,
    NotFound,
    Outgoing,
    Published,
    Rejected,
    Secret,
    TokenDead,
)
from koshiki.networks.shown import links_of, text_of
from koshiki.networks.wordpress import WordPress
from tests.networks.contract import TEXT, Contract, Stopped, nothing, two_pictures
from tests.peers.wordpress import WordPress as Site

pytestmark = pytest.mark.peers
TITLE = "大雨のお知らせ"


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""


def connected(site: Site, *, at: str = "", user: str = "", password: str = "") -> Link:
    given = {"site": at or f"{site.base}/", "user": user or site.user, "password": password or site.password}
    return WordPress.with_key({key: Secret(value) for key, value in given.items()}, account="42", address="")


@pytest.fixture
def link(wordpress: Site) -> Link:
    return connected(wordpress)


@pytest.fixture
def opened(link: Link) -> WordPress:
    return WordPress(link)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Media, ...]:
    return two_pictures(tmp_path)


def outgoing_of(text: str = TEXT, media: tuple[Media, ...] = (), **more: str) -> Outgoing:
    return Outgoing({"title": TITLE, "text": text, **more}, media, str(uuid.uuid4()), datetime.now(UTC))


def sent(opened: WordPress, outgoing: Outgoing) -> Published:
    stage = opened.prepare(outgoing, {}, lambda _stage: None, nothing)
    return opened.publish(outgoing, stage, nothing)


def killed_after(kept: int) -> Callable[[dict[str, Any]], None]:
    """What keeps so many stages and is killed with the next."""
    stages: list[dict[str, Any]] = []

    def keep(stage: dict[str, Any]) -> None:
        if len(stages) == kept:
            raise Stopped
        stages.append(stage)

    return keep


class TestWordPress(Contract):
    """The same contract that every adapter passes."""

    content = {"title": TITLE, "text": TEXT}

    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return network("blog", link)

    @pytest.fixture
    def visible(self, wordpress: Site) -> Callable[[], int]:
        return wordpress.visible


class TestConnecting:
    def test_the_site_at_the_registered_address_is_the_account(self, wordpress: Site, opened: WordPress) -> None:
        """The connected identity must be the registered one (§8(1))."""
        identity = opened.identity()
        assert same_account(identity.url, f"{wordpress.base}/")
        assert identity.remote_account_id == wordpress.base.removeprefix("http://")
        names = dict({field.key: field.choices for field in opened.fields}["category"]).values()
        assert {"防災", "くらし"} < set(names)

    def test_a_site_without_pretty_addresses_is_connected_too(self, wordpress: Site) -> None:
        wordpress.do("option", "permalink_structure", "")
        link = connected(wordpress)
        assert "rest_route" in link.facts["root"]
        opened, outgoing = WordPress(link), outgoing_of()
        published = sent(opened, outgoing)
        assert isinstance(opened.look_up(outgoing, outgoing.created_at), Found)
        assert opened.remote_id_in(published.url) == published.remote_id

    def test_a_page_of_the_site_is_not_the_site(self, wordpress: Site, opened: WordPress) -> None:
        """A host may carry several sites: only the address at which a site says that it lives is its own."""
        sent(opened, outgoing_of())
        link = connected(wordpress, at=f"{wordpress.base}/category/uncategorized/")
        assert link.server == wordpress.base

    @pytest.mark.parametrize(("user", "password"), [("city", "xxxx XXXX xxxx XXXX"), ("nobody", "")])
    def test_a_wrong_password_opens_nothing(self, wordpress: Site, user: str, password: str) -> None:
        with pytest.raises(TokenDead):
            connected(wordpress, user=user, password=password)

    def test_who_may_not_do_what_is_needed_is_told_what(self, wordpress: Site) -> None:
        password = wordpress.add_user("writer", "author")
        with pytest.raises(Rejected, match="コメントの管理"):
            connected(wordpress, user="writer", password=password)

    def test_a_revoked_password_is_dead(self, wordpress: Site, opened: WordPress) -> None:
        outgoing = outgoing_of()
        stage = opened.prepare(outgoing, {}, lambda _stage: None, nothing)
        wordpress.do("revoke", "city")
        with pytest.raises(TokenDead):
            opened.publish(outgoing, stage, nothing)
        told = opened.look_up(outgoing, outgoing.created_at)
        assert isinstance(told, CannotTell)
        assert told.token_dead

    def test_the_profile_is_what_the_front_page_shows(self, wordpress: Site, opened: WordPress) -> None:
        page = "https://www.city.example.jp/official/blog.html"
        assert not opened.profile().holds(page)
        wordpress.do("option", "blogdescription", f"市の公式ブログ {page}")
        profile = opened.profile()
        assert profile.name == "磐田市からのお知らせ"
        assert profile.holds(page)


class TestOnce:
    """Made once, published once (K-once)."""

    def test_a_killed_preparation_makes_one_draft_and_uploads_each_picture_once(
        self, wordpress: Site, opened: WordPress, pictures: tuple[Media, ...]
    ) -> None:
        """Killed after each call in turn, before what it made was kept (K8)."""
        outgoing = outgoing_of(media=pictures)
        for kept in range(4):
            with pytest.raises(Stopped):
                opened.prepare(outgoing, {}, killed_after(kept), nothing)
        stage = opened.prepare(outgoing, {}, killed_after(4), nothing)
        assert (wordpress.do("drafts"), wordpress.do("pictures"), wordpress.visible()) == (1, 2, 0)
        opened.publish(outgoing, json.loads(json.dumps(stage)), nothing)
        assert wordpress.visible() == 1

    def test_before_it_is_published_nothing_of_it_is_listed(
        self, wordpress: Site, opened: WordPress, pictures: tuple[Media, ...]
    ) -> None:
        opened.prepare(outgoing_of(media=pictures), {}, lambda _stage: None, nothing)
        for path in ("posts", "media"):
            assert httpx.get(f"{wordpress.base}/wp-json/wp/v2/{path}").json() == []

    def test_what_was_published_is_not_written_again(self, wordpress: Site, opened: WordPress) -> None:
        outgoing = outgoing_of()
        first = sent(opened, outgoing)
        assert sent(opened, outgoing) == first
        assert wordpress.visible() == 1

    def test_a_look_up_is_exact_even_among_equal_texts(self, opened: WordPress) -> None:
        one, other = outgoing_of(), outgoing_of()
        published = sent(opened, one)
        opened.prepare(other, {}, lambda _stage: None, nothing)
        assert isinstance(opened.look_up(other, other.created_at), NotFound)
        assert isinstance(opened.look_up(replace(other, key=str(uuid.uuid4())), other.created_at), NotFound)
        found = opened.look_up(one, one.created_at)
        assert isinstance(found, Found)
        assert (found.remote_id, found.at) == (published.remote_id, published.at)
        assert isinstance(opened.look_up(one, one.created_at, {published.remote_id}), CannotTell)

    def test_what_the_sites_people_threw_away_is_for_a_person_to_judge(
        self, wordpress: Site, opened: WordPress
    ) -> None:
        """It may have been seen: never say that it was not there."""
        outgoing = outgoing_of()
        published = sent(opened, outgoing)
        wordpress.do("trash", published.remote_id)
        assert isinstance(opened.look_up(outgoing, outgoing.created_at), CannotTell)
        assert opened.read(published.remote_id) is None


class TestShowing:
    def test_every_text_is_shown_character_for_character(self, opened: WordPress) -> None:
        """WordPress makes texts prettier, and runs what stands in brackets."""
        text = "\n\n".join([
            "1 < 2 & 3 > 2 \"引用\" '単' ``重`` it's <script>alert(1)</script> <!-- wp:html -->",
            "--- -- - 0538-00-0000 「...」 (tm) 3x3 10x20 Wordpress",
            ":) :-D ;-) 8-) 8O :lol: :?: https://a.example.jp:) :D\n:(",
            "[gallery] [[caption]] [audio src=x]",
            "https://www.youtube.com/watch?v=abc&x=1\nhttps://www.city.example.jp/a?x=1&y=2#top をご覧ください。",
            "#磐田市 @city 葛󠄀飾区 髙橋﨑 👨‍👩‍👧‍👦 ①㈱㌔ &amp; &#65; %20",
        ])
        outgoing = Outgoing({"title": "\"題名\" -- 3x3 [gallery] & <b>", "text": text}, (), str(uuid.uuid4()), datetime.now(UTC))
        shown = opened.read(sent(opened, outgoing).remote_id)
        assert shown is not None
        assert shown.text == opened.shown_text(outgoing.content)

    def test_addresses_are_links_and_pictures_are_there(
        self, wordpress: Site, opened: WordPress, pictures: tuple[Media, ...]
    ) -> None:
        published = sent(opened, outgoing_of("詳しくは https://www.city.example.jp/a?x=1&y=2 へ。", pictures))
        page = wordpress.page(published.url)
        assert links_of(page).count("https://www.city.example.jp/a?x=1&y=2") == 1
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.alts == tuple(media.alt for media in pictures)
        [address] = set(re.findall(r'<img[^>]+src="([^"]+-1\.jpg)"', page))
        assert httpx.get(address).content[:3] == b"\xff\xd8\xff"

    def test_a_category_is_given(self, wordpress: Site, opened: WordPress) -> None:
        number = next(key for key, name in opened.fields[2].choices if name == "防災")
        published = sent(opened, outgoing_of(category=number))
        shown = httpx.get(f"{wordpress.base}/wp-json/wp/v2/posts/{published.remote_id}").json()
        assert shown["categories"] == [int(number)]


class TestAfterwards:
    def test_a_post_is_corrected_and_keeps_its_pictures(
        self, wordpress: Site, opened: WordPress, pictures: tuple[Media, ...]
    ) -> None:
        """§8(3)"""
        published = sent(opened, outgoing_of(media=pictures))
        corrected = outgoing_of("訂正しました。")
        for _ in range(2):
            assert opened.edit(published.remote_id, corrected, nothing).remote_id == published.remote_id
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.text == opened.shown_text(corrected.content)
        assert shown.alts == tuple(media.alt for media in pictures)
        with pytest.raises(Gone):
            opened.edit("999999", corrected, nothing)

    def test_a_deleted_post_is_gone_with_its_pictures_and_deleting_again_is_nothing(
        self, wordpress: Site, opened: WordPress, pictures: tuple[Media, ...]
    ) -> None:
        published = sent(opened, outgoing_of(media=pictures))
        picture = re.findall(r'<img[^>]+src="([^"]+-1\.jpg)"', wordpress.page(published.url))[0]
        for _ in range(2):
            opened.delete(published.remote_id, nothing)
        assert opened.read(published.remote_id) is None
        assert (wordpress.visible(), wordpress.do("pictures")) == (0, 0)
        assert httpx.get(picture).status_code == 404

    def test_the_timeline_is_the_whole_sites(self, wordpress: Site, opened: WordPress) -> None:
        """Whoever gets into the site writes as somebody else (§9(2))."""
        before = datetime.now(UTC) - timedelta(seconds=5)
        other = WordPress(connected(wordpress, user="intruder", password=wordpress.add_user("intruder", "editor")))
        ours, strange = sent(opened, outgoing_of()), sent(other, outgoing_of("にせの投稿"))
        opened.edit(ours.remote_id, outgoing_of("訂正しました。"), nothing)
        seen = opened.timeline(before)
        assert {entry.remote_id for entry in seen} == {ours.remote_id, strange.remote_id}
        assert all(entry.at >= before and entry.url.startswith(wordpress.base) for entry in seen)
        assert opened.timeline(datetime.now(UTC) + timedelta(hours=1)) == []

    def test_what_people_write_below_is_read_hidden_shown_removed_and_answered(
        self, wordpress: Site, opened: WordPress
    ) -> None:
        """別紙1-1"""
        before = datetime.now(UTC) - timedelta(seconds=5)
        post = sent(opened, outgoing_of()).remote_id
        wordpress.comment(post, "避難所は\nどこですか <b>至急</b>")
        [asked] = opened.comments(before)
        assert (asked.on, asked.answers, asked.writer, asked.hidden) == (post, "", "市民", False)
        assert asked.text == "避難所は\nどこですか 至急"

        answer = outgoing_of("豊田体育館です。-- [1] \"ご注意\" :)")
        replied = opened.reply(asked.remote_id, answer, nothing)
        assert opened.reply(asked.remote_id, answer, nothing) == replied
        assert [entry["parent"] for entry in wordpress.do("comments")] == ["0", asked.remote_id]
        assert "豊田体育館です。-- [1]" in text_of(wordpress.page(replied.url))
        assert [comment.remote_id for comment in opened.comments(before)] == [asked.remote_id]

        for hidden in (True, True, False, False, True):
            opened.hide(asked.remote_id, hidden=hidden)
            assert [comment.hidden for comment in opened.comments(before)] == [hidden]
        assert len(wordpress.do("comments")) == 1
        for _ in range(2):
            opened.remove(asked.remote_id)
        assert opened.comments(before) == []
        with pytest.raises(Gone):
            opened.hide(asked.remote_id)

    def test_what_the_sites_people_hid_as_spam_stays_spam(self, wordpress: Site, opened: WordPress) -> None:
        wordpress.comment(sent(opened, outgoing_of()).remote_id, "宣伝です")
        [comment] = opened.comments(datetime.now(UTC) - timedelta(minutes=1))
        wordpress.do("spam", comment.remote_id)
        opened.hide(comment.remote_id)
        assert wordpress.do("status", comment.remote_id) == "spam"
