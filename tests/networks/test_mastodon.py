"""The Mastodon API over real sockets: connecting, publishing once, and saying so when it cannot be known."""

from __future__ import annotations

import http.client
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from PIL import Image

from koshiki.networks import network
from koshiki.networks.base import (
    CannotTell,
    Found,
    Gone,
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
from koshiki.networks.mastodon import Mastodon
from tests.networks.contract import Contract, nothing
from tests.networks.mastodon_server import MastodonServer

BACK = "https://koshiki.example/accounts/1/connected"


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with MastodonServer().running() as running:
        yield running


@pytest.fixture
def link(server: MastodonServer) -> Link:
    return Mastodon.with_token(server.base, Secret(server.city.token), account="42")


@pytest.fixture
def opened(link: Link) -> Mastodon:
    return Mastodon(link)


@pytest.fixture
def plain() -> Outgoing:
    return Outgoing({"text": "防災訓練を行います。"}, (), str(uuid.uuid4()), datetime.now(UTC))


class TestMastodon(Contract):
    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return network("mastodon", link)

    @pytest.fixture
    def visible(self, server: MastodonServer) -> Callable[[], int]:
        return lambda: len(server.statuses)


class TestConnecting:
    def allowed(self, address: str, **more: str) -> dict[str, str]:
        """What comes back with the person who allowed it."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}&{urlencode(more)}")
        came_back = urlsplit(connection.getresponse().getheader("Location", ""))
        connection.close()
        return {key: values[0] for key, values in parse_qs(came_back.query).items()}

    def test_the_code_flow_opens_the_account_that_was_allowed(self, server: MastodonServer) -> None:
        server.add_account("bousai")
        beginning = Mastodon.begin(server.base, BACK)
        back = self.allowed(beginning.authorize_url, login="bousai")
        assert back["state"] == beginning.state
        link = Mastodon.finish(beginning.pending, back["code"], account="42")
        identity = Mastodon(link).identity()
        assert identity.handle == f"@bousai@{server.base.removeprefix('http://')}"
        assert identity.url == f"{server.base}/@bousai"
        assert identity.remote_account_id == link.facts["remote_account_id"]
        assert link.account == "42"

    def test_a_code_of_another_beginning_opens_nothing_where_pkce_is_offered(
        self, server: MastodonServer
    ) -> None:
        """A code stolen on its way is worth nothing without the verifier that never left the server."""
        thief, victim = Mastodon.begin(server.base, BACK), Mastodon.begin(server.base, BACK)
        code = self.allowed(victim.authorize_url)["code"]
        mixed = dict(victim.pending) | {"verifier": thief.pending["verifier"]}
        with pytest.raises(Rejected, match="code is not valid"):
            Mastodon.finish(mixed, code, account="42")

    def test_a_code_opens_once(self, server: MastodonServer) -> None:
        beginning = Mastodon.begin(server.base, BACK)
        code = self.allowed(beginning.authorize_url)["code"]
        Mastodon.finish(beginning.pending, code, account="42")
        with pytest.raises(Rejected):
            Mastodon.finish(beginning.pending, code, account="42")

    def test_without_pkce_at_the_server_none_is_asked(self, server: MastodonServer) -> None:
        server.pkce = False
        beginning = Mastodon.begin(server.base, BACK)
        assert "code_challenge" not in beginning.authorize_url
        code = self.allowed(beginning.authorize_url)["code"]
        assert Mastodon.finish(beginning.pending, code, account="42").secrets["access_token"]

    def test_every_beginning_has_a_state_of_its_own(self, server: MastodonServer) -> None:
        states = {Mastodon.begin(server.base, BACK).state for _ in range(3)}
        assert len(states) == 3
        assert min(map(len, states)) >= 32

    def test_a_pasted_token_opens_its_account_with_the_limits_of_its_server(
        self, server: MastodonServer
    ) -> None:
        server.max_characters = 3000
        link = Mastodon.with_token(f" {server.base}/@city ", Secret(f" {server.city.token}\n"), account="42")
        opened = Mastodon(link)
        assert opened.fields[0].max == 3000
        assert opened.problems({"text": "あ" * 3001}, ())
        assert link.facts["software"] == "mastodon"

    @pytest.mark.parametrize("token", ["wrong", "", "two lines\nX-Evil: 1", "全角", "\x00"])
    def test_a_token_that_is_none_opens_nothing(self, server: MastodonServer, token: str) -> None:
        with pytest.raises((TokenDead, Rejected)):
            Mastodon.with_token(server.base, Secret(token), account="42")

    @pytest.mark.parametrize(
        "typed", ["", "ftp://example.com", "https://user@example.com", "https://:80", "http://"]
    )
    def test_a_server_that_is_no_address_is_refused(self, typed: str) -> None:
        with pytest.raises(Rejected, match="サーバーのアドレス"):
            Mastodon.begin(typed, BACK)

    def test_nothing_secret_goes_unencrypted_beyond_the_allowed_networks(
        self, server: MastodonServer, settings: Any
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(NotSent):
            Mastodon.with_token(server.base, Secret(server.city.token), account="42")
        assert server.requests == []


class TestProfile:
    def test_the_profile_is_read_as_citizens_see_it(self, server: MastodonServer, opened: Mastodon) -> None:
        page = "https://www.city.example.jp/official/city.html"
        server.city.note = "<p>磐田市の公式アカウントです。<br>返信はしていません。</p>"
        server.city.fields = [("公式一覧", f'<a href="{page}"><span class="invisible">https://</span>'
                               '<span>www.city.example.jp/official/city.html</span></a>')]  # fmt: skip
        profile = opened.profile()
        assert profile.text == "磐田市の公式アカウントです。\n返信はしていません。"
        assert profile.fields[0].value == page
        assert profile.holds(page)
        assert profile.verified is None

    @pytest.mark.parametrize(
        ("note", "holds"),
        [
            ("掲載ページ https://www.city.example.jp/official/", True),
            ("掲載ページ：www.city.example.jp/official", True),
            ("掲載ページ https://www.city.example.jp/official/other", False),
            ("掲載ページ https://www.city.example.jp.evil.example/official/", False),
            ("掲載ページ https://evil-www.city.example.jp/official/", False),
            ("掲載ページ https://bit.ly/abc", False),
            ("", False),
        ],
    )
    def test_the_register_page_must_stand_there_in_full(
        self, server: MastodonServer, opened: Mastodon, note: str, holds: bool
    ) -> None:
        server.city.note = f"<p>{note}</p>"
        assert opened.profile().holds("https://www.city.example.jp/official/") is holds


class TestOutcomes:
    """What each answer means. Only what is known not to be published may be tried again."""

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            ("swallow", OutcomeUnknown), ("refuse", OutcomeUnknown),
            ("500", OutcomeUnknown), ("500-accepted", OutcomeUnknown), ("502", OutcomeUnknown), ("503", OutcomeUnknown),
            ("rubbish", OutcomeUnknown), ("empty", OutcomeUnknown), ("html", OutcomeUnknown), ("huge", OutcomeUnknown),
            ("no-id", OutcomeUnknown), ("list", OutcomeUnknown), ("cut", OutcomeUnknown),
            ("redirect-302", OutcomeUnknown),
            ("429", NotSent), ("503-retry", NotSent),
            ("422", Rejected), ("404", Gone), ("redirect", Rejected),
            ("401", TokenDead), ("403", TokenDead),
        ],
    )  # fmt: skip
    def test_an_answer_means(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(outcome) as caught:
            opened.publish(plain, {}, nothing)
        assert type(caught.value) is outcome
        published = sum(
            1 for method, path, _ in server.requests if (method, path) == ("POST", "/api/v1/statuses")
        )
        assert published == 1, "one call, whatever comes of it"

    def test_silence_after_acceptance_is_unknown(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        server.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        assert time.monotonic() - begun < 2
        assert len(server.statuses) == 1

    def test_a_server_that_is_not_there_was_never_sent_anything(self, link: Link, plain: Outgoing) -> None:
        gone = Mastodon(replace(link, server="http://127.0.0.1:1"))
        with pytest.raises(NotSent):
            gone.publish(plain, {}, nothing)

    @pytest.mark.parametrize(("fault", "wait"), [("429-absurd", 3600), ("429-date", 3600), ("503-retry", 7)])
    def test_what_a_server_asks_to_wait_is_bounded(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, fault: str, wait: int
    ) -> None:
        server.faults.append(fault)
        with pytest.raises(NotSent) as caught:
            opened.publish(plain, {}, nothing)
        assert caught.value.retry_after == wait

    def test_the_key_is_sent_with_every_try_and_stays_the_same(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.faults.extend(["503", "swallow", ""])
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                opened.publish(plain, {}, nothing)
        opened.publish(plain, {}, nothing)
        keys = [
            headers["Idempotency-Key"]
            for method, _, headers in server.requests
            if "Idempotency-Key" in headers
        ]
        assert keys == [plain.key] * 3
        assert len(server.statuses) == 1

    @pytest.mark.parametrize("software", ["mastodon", "snac", "pleroma", "Mastodon", "", "hometown"])
    def test_the_key_counts_only_with_software_that_is_known_to_honour_it(
        self, server: MastodonServer, software: str
    ) -> None:
        server.software = software
        link = Mastodon.with_token(server.base, Secret(server.city.token), account="42")
        assert (Mastodon(link).repeatable_for() > 0) == (software == "mastodon")

    def test_a_clock_that_is_off_is_seen(self, server: MastodonServer, opened: Mastodon) -> None:
        server.clock_ahead = -600
        opened.identity()
        assert opened.skew is not None
        assert -605 < opened.skew < -595

    def test_pictures_are_waited_for_and_begun_anew_when_the_server_lost_them(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing, tmp_path: Path
    ) -> None:
        Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
        outgoing = replace(plain, media=(Media(tmp_path / "a.png", "image/png", "黒い図", 8, 8),))
        server.processing = 2
        stages: list[dict[str, Any]] = []
        stage = opened.prepare(outgoing, {}, stages.append, nothing)
        assert [saved["ready"] for saved in stages] == [0, 1]
        server.media.clear()
        with pytest.raises(NotSent, match="残っていません"):
            opened.prepare(outgoing, {**stage, "ready": 0}, stages.append, nothing)
        assert opened.prepare(outgoing, stages[-1], stages.append, nothing)["ready"] == 1

    def test_the_time_before_publishing_is_the_last_moment(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        """The last check runs on the open connection: the server has it, and has read nothing of it."""
        seen: list[int] = []
        opened.publish(plain, {}, lambda: seen.append(len(server.requests)))
        before = len(server.requests) - 1
        assert seen == [before]


class TestLookingUp:
    def test_a_swallowed_answer_is_found_by_looking(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            opened.publish(plain, {}, nothing)
        found = opened.look_up(plain, plain.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == server.statuses[0].id

    def test_two_equal_texts_never_claim_one_publication(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        other = replace(plain, key=str(uuid.uuid4()))
        first = opened.publish(plain, {}, nothing)
        assert isinstance(opened.look_up(other, other.created_at, {first.remote_id}), NotFound)
        second = opened.publish(other, {}, nothing)
        found = opened.look_up(other, other.created_at, {first.remote_id})
        assert isinstance(found, Found)
        assert found.remote_id == second.remote_id

    def test_an_older_equal_text_is_not_this_one(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        opened.publish(plain, {}, nothing)
        server.statuses[0] = replace(server.statuses[0], at=plain.created_at - timedelta(hours=3))
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_what_other_accounts_publish_is_not_this_one(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        other = server.add_account("bousai")
        Mastodon(Mastodon.with_token(server.base, Secret(other.token), account="43")).publish(
            plain, {}, nothing
        )
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)

    def test_it_looks_through_all_pages_back_to_its_time(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.page = 20
        opened.publish(plain, {}, nothing)
        for number in range(70):
            text = {"text": f"{number}番のお知らせ：{chr(0x4E00 + number * 37) * 20}"}
            opened.publish(replace(plain, content=text, key=str(uuid.uuid4())), {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), Found)

    def test_a_list_too_long_to_be_seen_whole_tells_nothing(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.page = 3
        for number in range(20):
            text = {"text": chr(0x4E00 + number * 37) * 20}
            opened.publish(replace(plain, content=text, key=str(uuid.uuid4())), {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_a_list_that_lags_says_not_found_so_the_settle_time_must_be_waited(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.lag = 60
        opened.publish(plain, {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), NotFound)
        assert opened.settle_seconds >= 150

    def test_what_is_nearly_the_same_is_for_a_person(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        """A server may show a text changed more than we foresaw: never take that for proof of absence."""
        changed = replace(
            plain, content={"text": "防災訓練を <b>大きく</b> 行います。"}, key=str(uuid.uuid4())
        )
        opened.publish(changed, {}, nothing)
        assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_with_a_dead_token_it_cannot_tell(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.revoke(server.city)
        told = opened.look_up(plain, plain.created_at)
        assert isinstance(told, CannotTell)
        assert told.token_dead

    def test_rubbish_is_not_an_empty_list(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        for rubbish in ({}, [1], [{"id": "5"}], [{"id": "5", "created_at": "yesterday"}], "x", 7):
            server.list_answer = rubbish
            assert isinstance(opened.look_up(plain, plain.created_at), CannotTell)

    def test_a_server_that_is_away_cannot_tell(self, link: Link, plain: Outgoing) -> None:
        gone = Mastodon(replace(link, server="http://127.0.0.1:1"))
        assert isinstance(gone.look_up(plain, plain.created_at), CannotTell)


class TestCounting:
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("", 0),
            ("あいう", 3),
            ("葛󠄀飾区", 3),
            ("👨‍👩‍👧‍👦家族", 3),
            ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
            ("か\u3099", 1),
            ("https://www.city.iwata.shizuoka.jp/shisei/a/b/c/index.html?x=1#top", 23),
            ("見る https://a.jp", 3 + 23),
            ("詳しくはhttps://www.city.example.jp/a", 4 + 23),
            # On Mastodon an address goes on through Japanese words, up to the next space.
            ("https://www.city.example.jp/aをご覧ください。次 の文", 23 + 3),
            ("https://www.city.example.jpをご覧ください", 23 + 7),
            ("https://a.jp/(x)", 23),
            ("(https://a.jp/x)", 1 + 23 + 1),
            ("「https://a.jp/x」", 23 + 1 + 1),
            ("https://a.jp/x https://b.jp/y", 23 + 1 + 23),
            ("www.city.example.jp", 19),
            ("ahttps://a.jp/xyz", 17),
            ("@city@mstdn.example.jp です", 5 + 3),
            ("city@mail.example.jp", 20),
            ("1行目\n2行目", 7),
        ],
    )
    def test_a_text_counts_as_on_mastodon(self, text: str, length: int) -> None:
        assert Mastodon().count(text) == length

    def test_counting_a_hostile_text_takes_no_time(self) -> None:
        begun = time.monotonic()
        for piece in ("https://a.jp/", "(", "https://a.jp/" + "(" * 50, "a.", "@a", "/(/("):
            Mastodon().count(piece * 2000)
            Mastodon().count("https://a.jp/" + piece * 2000)
        assert time.monotonic() - begun < 5


class TestSecrecy:
    def test_no_failure_shows_the_token(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        token = server.city.token
        shown = [repr(opened), str(opened.link), repr(opened.link), f"{opened.link}"]
        for fault in ("401", "422", "500", "swallow", "rubbish", "429", "redirect"):
            server.faults.append(fault)
            try:
                opened.publish(plain, {}, nothing)
            except Exception as error:
                shown += [repr(error), str(error), "".join(traceback.format_exception(error))]
        assert len(shown) == 4 + 7 * 3
        assert not any(token in text for text in shown)

    def test_the_words_of_a_server_are_shown_short_and_without_what_could_deceive(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.faults.append("422")
        server.error_words = "だめ\x1b[31m\u202eです" + "長" * 5000
        with pytest.raises(Rejected, match="だめ\\[31mです長") as caught:
            opened.publish(plain, {}, nothing)
        assert len(caught.value.reason) < 300

    @pytest.mark.parametrize(
        "claimed",
        ["javascript:alert(1)//", "https://mstdn.example.jp/@iwata", "http://127.0.0.1.evil.example/@city"],
    )
    def test_a_server_cannot_pass_for_an_account_of_another(
        self, server: MastodonServer, claimed: str
    ) -> None:
        """Else whoever runs a server could connect it in place of the registered account."""
        server.claimed_address = claimed
        link = Mastodon.with_token(server.base, Secret(server.city.token), account="42")
        assert Mastodon(link).identity().url == ""
        assert link.facts["url"] == ""

    def test_an_address_that_is_none_of_the_web_is_never_shown_as_a_link(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.shown_address = "javascript:alert(1)//"
        assert opened.publish(plain, {}, nothing).url == ""
