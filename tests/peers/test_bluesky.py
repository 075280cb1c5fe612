"""The Bluesky adapter against the real account server: from connecting to reading back. What it answers is the truth."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from koshiki.networks import network
from koshiki.networks.addresses import same_account
from koshiki.networks.base import (
    CannotTell,
    Found,
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
)
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.bluesky.api import Api
from koshiki.networks.bluesky.connecting import PROFILE
from koshiki.networks.bluesky.keys import chosen_key
from tests.networks.bluesky_server import POSTS, BlueskyServer, key_at, post_of
from tests.networks.contract import Contract, nothing
from tests.peers.bluesky import FOLDER, BlueskyAccount

pytestmark = pytest.mark.peers


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8", "::1/128")
    settings.KOSHIKI_OUTBOUND_PROXY = ""


@pytest.fixture
def link(bluesky: BlueskyAccount) -> Link:
    return bluesky.connected()


@pytest.fixture
def opened(link: Link) -> Bluesky:
    return Bluesky(link)


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))


def send(opened: Bluesky, outgoing: Outgoing) -> str:
    return opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _s: None, nothing), nothing).remote_id


class TestRealBluesky(Contract):
    """The same contract that every adapter passes."""

    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return network("bluesky", link)

    @pytest.fixture
    def visible(self, bluesky: BlueskyAccount) -> Callable[[], int]:
        return lambda: len(bluesky.records())

    def test_pictures_keep_their_order_bytes_and_alt_text(
        self, opened: Network, bluesky: BlueskyAccount, outgoing: Outgoing, pictures: tuple[Media, ...]
    ) -> None:
        turned = replace(outgoing, media=tuple(reversed(pictures)))
        published = self.send(opened, turned)
        assert isinstance(opened, Bluesky)
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.alts == tuple(media.alt for media in turned.media)
        images = bluesky.records()[0]["value"]["embed"]["images"]
        for image, media in zip(images, turned.media, strict=True):
            asked = {"did": bluesky.did, "cid": image["image"]["ref"]["$link"]}
            kept = httpx.get(f"{bluesky.network.server}/xrpc/com.atproto.sync.getBlob", params=asked)
            assert kept.content == media.bytes
            assert image["aspectRatio"] == {"width": media.width, "height": media.height}


class TestConnecting:
    def test_an_app_password_opens_the_registered_account(self, bluesky: BlueskyAccount, opened: Bluesky) -> None:
        identity = opened.identity()
        assert identity.remote_account_id == bluesky.did
        assert identity.handle == f"@{bluesky.handle}"
        assert same_account(identity.url, bluesky.url)
        expires = datetime.fromisoformat(opened.link.facts["expires_at"])
        assert timedelta(minutes=30) < expires - datetime.now(UTC) < timedelta(hours=4)

    def test_an_account_may_be_registered_by_its_number(self, bluesky: BlueskyAccount) -> None:
        identity = Bluesky(bluesky.connected(url=PROFILE + bluesky.did)).identity()
        assert same_account(identity.url, PROFILE + bluesky.did)

    def test_somebody_elses_password_opens_nothing(self, bluesky: BlueskyAccount) -> None:
        """The connected identity must be the registered one (§8(1))."""
        other = bluesky.network.add_account()
        with pytest.raises(Rejected, match="サインインできません"):
            bluesky.connected(other.app_password)

    def test_the_main_password_is_not_taken(self, bluesky: BlueskyAccount) -> None:
        with pytest.raises(Rejected, match="本来のパスワード"):
            bluesky.connected(bluesky.main_password)

    def test_a_name_of_nobodys_is_not_found(self, bluesky: BlueskyAccount) -> None:
        with pytest.raises(Rejected, match="見つかりません"):
            bluesky.connected(url=f"{PROFILE}nobody-has-this.test")

    def test_refreshed_credentials_publish_and_the_old_still_refresh_for_a_while(
        self, bluesky: BlueskyAccount, link: Link, plain: Outgoing
    ) -> None:
        """Killed between the answer and its saving (K10), the old ones must not be lost."""
        fresh = Bluesky(link).refresh()
        again = Bluesky(link).refresh()
        assert send(Bluesky(fresh), plain)
        assert Bluesky(again).identity().remote_account_id == bluesky.did
        assert fresh.secrets["refresh_token"] != link.secrets["refresh_token"]

    def test_a_revoked_app_password_is_dead(self, bluesky: BlueskyAccount, link: Link) -> None:
        bluesky.revoke()
        with pytest.raises(TokenDead):
            Bluesky(link).refresh()

    def test_a_token_that_is_none_is_dead(self, link: Link, plain: Outgoing) -> None:
        dead = Bluesky(replace(link, secrets={**link.secrets, "access_token": Secret("not-a-token")}))
        with pytest.raises(TokenDead):
            dead.publish(plain, {}, nothing)
        with pytest.raises(TokenDead):
            dead.identity()


class TestOnce:
    def test_the_same_call_again_answers_the_same_and_writes_nothing(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        first = opened.publish(plain, {}, nothing)
        [before] = bluesky.records()
        assert [opened.publish(plain, {}, nothing) for _ in range(3)] == [first] * 3
        assert bluesky.records() == [before]

    @pytest.mark.parametrize("moment", ["started", "complete"])
    def test_a_killed_call_is_repeated_and_looked_up_once(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing, moment: str
    ) -> None:
        """Killed with SIGKILL when the request is written (K4), or accepted (K5): it appears once."""
        for number in range(3):
            outgoing = replace(plain, content={"text": f"{number}番のお知らせ"}, key=str(uuid.uuid4()))
            _publish_and_be_killed(opened.link, outgoing, moment)
            looked = opened.look_up(outgoing, outgoing.created_at)
            assert isinstance(looked, Found if moment == "complete" else Found | NotFound)
            published = opened.publish(outgoing, {}, nothing)
            assert published.remote_id == chosen_key(outgoing.key, outgoing.created_at)
            assert isinstance(opened.look_up(outgoing, outgoing.created_at), Found)
        assert sorted(r["value"]["text"] for r in bluesky.records()) == [f"{n}番のお知らせ" for n in range(3)]

    def test_another_record_at_its_key_is_left_alone(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        key = chosen_key(plain.key, plain.created_at)
        bluesky.write("app.bsky.feed.post", {"text": "別の文", "createdAt": "2026-11-27T00:00:00.000Z"}, key)
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)
        assert [record["value"]["text"] for record in bluesky.records()] == ["別の文"]

    def test_looking_needs_no_credentials(self, opened: Bluesky, plain: Outgoing) -> None:
        """A connection that died meanwhile does not hide what was published."""
        opened.publish(plain, {}, nothing)
        dead = Bluesky(replace(opened.link, secrets={"access_token": Secret("not-a-token")}))
        assert isinstance(dead.look_up(plain, plain.created_at), Found)

    def test_two_equal_texts_are_two_posts(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        send(opened, plain)
        send(opened, replace(plain, key=str(uuid.uuid4())))
        assert len(bluesky.records()) == 2


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "葛󠄀飾区👨‍👩‍👧‍👦 #磐田市 https://www.city.example.jp/a?x=1#top をご覧ください。city.example.jp も。",
            "https://日本語.jp/ と (https://a.jp/x(y)) #防災2026。",
            "　全角空白で始まり、改行が\n\n\n三つ続く。",
            "👨‍👩‍👧‍👦" * 120,
            "長" * 300,
            "か\u3099と\u200bと\u00ad",
        ],
    )
    def test_what_passes_here_passes_there_and_is_shown_as_it_is(
        self, opened: Bluesky, plain: Outgoing, text: str
    ) -> None:
        assert opened.problems({"text": text}, ()) == []
        outgoing = replace(plain, content={"text": text})
        shown = opened.read(send(opened, outgoing))
        assert shown is not None
        assert shown.text == text

    @pytest.mark.parametrize("text", ["長" * 301, "👨‍👩‍👧‍👦" * 121])
    def test_what_is_too_long_here_is_too_long_there(self, opened: Bluesky, plain: Outgoing, text: str) -> None:
        assert opened.problems({"text": text}, ())
        with pytest.raises(Rejected):
            send(opened, replace(plain, content={"text": text}))

    def test_a_mentioned_account_can_be_pressed(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        other = bluesky.network.add_account()
        send(opened, replace(plain, content={"text": f"@{other.handle} と @nobody-has-this.test へ"}))
        [facet] = bluesky.records()[0]["value"]["facets"]
        assert facet["features"] == [{"$type": "app.bsky.richtext.facet#mention", "did": other.did}]

    def test_a_longer_text_is_a_thread(self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing) -> None:
        parts = opened.segments({"text": "避難所は、磐田市の体育館です。" * 50})
        assert len(parts) == 3
        sent: list[str] = []
        for part in parts:
            after, root = (sent[-1], sent[0]) if sent else ("", "")
            sent.append(send(opened, replace(plain, content=part, key=str(uuid.uuid4()),
                                             created_at=datetime.now(UTC), after=after, root=root)))
        stored = {record["uri"].rpartition("/")[2]: record for record in bluesky.records()}
        for before, this in itertools.pairwise(sent):
            reply = stored[this]["value"]["reply"]
            assert reply["parent"] == {name: stored[before][name] for name in ("uri", "cid")}
            assert reply["root"] == {name: stored[sent[0]][name] for name in ("uri", "cid")}


class TestAfterwards:
    def test_a_deleted_post_is_gone_also_the_second_time(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        key = send(opened, plain)
        opened.delete(key, nothing)
        opened.delete(key, nothing)
        assert bluesky.records() == []
        assert opened.read(key) is None
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_the_timeline_shows_also_what_other_programs_wrote(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        begun = datetime.now(UTC) - timedelta(seconds=1)
        key = send(opened, plain)
        other = bluesky.write("app.bsky.feed.post", {"text": "乗っ取り", "createdAt": "2020-01-01T00:00:00.000Z"})
        bluesky.write("app.bsky.feed.repost", {"subject": {"uri": other["uri"], "cid": other["cid"]},
                                               "createdAt": "2020-01-01T00:00:00.000Z"})
        seen = {entry.remote_id: entry for entry in opened.timeline(begun)}
        assert seen[key].text == "防災訓練を行います。"
        assert {entry.text for entry in seen.values()} == {"防災訓練を行います。", "乗っ取り", ""}
        assert [e.shared_from for e in seen.values() if e.shared_from] == [
            f"{bluesky.url}/post/{other['uri'].rpartition('/')[2]}"]
        assert opened.timeline(datetime.now(UTC) + timedelta(minutes=1)) == []

    def test_the_timeline_goes_through_all_pages(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        for number in range(120):
            opened.publish(replace(plain, content={"text": f"{number}番"}, key=str(uuid.uuid4())), {}, nothing)
        assert len(opened.timeline(plain.created_at - timedelta(seconds=1))) == 120

    def test_the_profile_is_read(self, bluesky: BlueskyAccount, opened: Bluesky) -> None:
        assert opened.profile().text == ""
        page = "https://www.city.example.jp/official/accounts/1/"
        bluesky.write("app.bsky.actor.profile", {"displayName": "磐田市", "description": f"公式です {page}"}, "self")
        profile = opened.profile()
        assert (profile.name, profile.verified) == ("磐田市", None)
        assert profile.holds(page)

    def test_a_threadgate_of_ours_is_one_that_the_server_takes(
        self, bluesky: BlueskyAccount, opened: Bluesky, plain: Outgoing
    ) -> None:
        """What it folds away is known only to a view of all posts; that the record is right can be seen here."""
        key = send(opened, plain)
        gate = {"post": f"at://{bluesky.did}/app.bsky.feed.post/{key}", "createdAt": "2026-11-27T00:00:00.000Z",
                "hiddenReplies": [f"at://{bluesky.did}/app.bsky.feed.post/3kzzzzzzzzzz2"]}
        assert bluesky.write("app.bsky.feed.threadgate", gate, key)["validationStatus"] == "valid"

    def test_what_others_wrote_is_for_later_where_nobody_knows_it(self, opened: Bluesky) -> None:
        """This server has no view of all posts: it must not be taken for an empty one."""
        with pytest.raises(NotSent):
            opened.comments(datetime.now(UTC) - timedelta(hours=1))


def test_the_servers_of_our_own_tests_answer_as_the_lexicons_say() -> None:
    """What needs a view of all posts is tried against a stand-in alone: its answers are held to the published models."""
    with BlueskyServer().running() as server:
        citizen, at = server.add_account("citizen.test"), datetime.now(UTC)
        for account in (server.city, citizen):
            here = {"uri": f"at://{server.city.did}/{POSTS}/{key_at(at)}", "cid": server.put(
                server.city, POSTS, key_at(at), post_of("防災訓練を行います。"))}
            answered = {"reply": {"root": here, "parent": here}} if account is citizen else {}
            server.put(account, POSTS, key_at(at), post_of("本文", **answered))
        token = server.sign_in(server.city)["accessJwt"]
        headers = {"Authorization": f"Bearer {token}", "atproto-proxy": Api.appview}
        asked: dict[str, dict[str, Any]] = {
            "app.bsky.notification.listNotifications": {"reasons": ["reply"], "limit": 100},
            "app.bsky.feed.getPosts": {"uris": [f"at://{citizen.did}/{POSTS}/{key_at(at)}"]},
            "app.bsky.actor.searchActors": {"q": "city", "limit": 100},
            "app.bsky.actor.getProfile": {"actor": server.city.did},
            "com.atproto.server.getSession": {},
            "com.atproto.repo.listRecords": {"repo": server.city.did, "collection": POSTS, "limit": 100},
        }
        answers = {name: httpx.get(f"{server.base}/xrpc/{name}", params=given, headers=headers).json()
                   for name, given in asked.items()}
    assert len(answers["app.bsky.notification.listNotifications"]["notifications"]) == 2
    program = """
        const { lexicons } = require('@atproto/api')
        const { asked, answers } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
        for (const name of Object.keys(asked)) {
          lexicons.assertValidXrpcParams(name, asked[name])
          lexicons.assertValidXrpcOutput(name, answers[name])
        }
    """
    done = subprocess.run([FOLDER / "node-program", "-e", program], cwd=FOLDER, text=True, capture_output=True,
                          input=json.dumps({"asked": asked, "answers": answers}), timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def _publish_and_be_killed(link: Link, outgoing: Outgoing, moment: str) -> None:
    """Publishes in a process of its own, which is killed when it waits for the answer, or has its head."""
    program = textwrap.dedent("""
        import os, signal, sys
        from datetime import datetime
        from django.conf import settings
        settings.configure(KOSHIKI_ALLOWED_NETWORKS=("127.0.0.0/8", "::1/128"), KOSHIKI_OUTBOUND_PROXY="", KOSHIKI_SAMPLE=False)
        from koshiki.networks import http
        from koshiki.networks.base import Link, Outgoing, Secret
        from koshiki.networks.bluesky import Bluesky
        server, did, token, text, key, at, moment = sys.argv[1:]
        class Writing(http._Writing):
            def __call__(self, event, info):
                super().__call__(event, info)
                if event == f"http11.receive_response_headers.{moment}":
                    os.kill(os.getpid(), signal.SIGKILL)
        http._Writing = Writing
        link = Link("42", server, {"access_token": Secret(token)}, {"remote_account_id": did})
        outgoing = Outgoing({"text": text}, (), key, datetime.fromisoformat(at))
        Bluesky(link).publish(outgoing, {}, lambda: None)
    """)
    sent = [link.server, str(link.facts["remote_account_id"]), link.secrets["access_token"].reveal(),
            outgoing.content["text"], outgoing.key, outgoing.created_at.isoformat(), moment]
    ended = subprocess.run([sys.executable, "-c", program, *sent], timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
