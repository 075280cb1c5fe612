"""The Mastodon API over real sockets: connecting, publishing, the profile, and keeping secrets."""

from __future__ import annotations

import http.client
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from koshiki.networks import network
from koshiki.networks.base import (
    Link,
    Media,
    Network,
    NotSent,
    Outgoing,
    Rejected,
    TokenDead,
)
from koshiki.networks.mastodon import Mastodon
from tests.networks.contract import Contract, nothing
from tests.networks.mastodon_server import MastodonServer, connected

BACK = "https://koshiki.example/accounts/1/connected"


pytestmark = pytest.mark.usefixtures("loopback")


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
        beginning = Mastodon.begin({}, server.base, BACK)
        back = self.allowed(beginning.authorize_url, login="bousai")
        assert back["state"] == beginning.state
        link = Mastodon.finish({}, beginning.pending, back["code"], account="42", address="")
        identity = Mastodon(link).identity()
        assert identity.handle == f"@bousai@{server.base.removeprefix('http://')}"
        assert identity.url == f"{server.base}/@bousai"
        assert identity.remote_account_id == link.facts["remote_account_id"]
        assert link.account == "42"

    def test_a_code_of_another_beginning_opens_nothing_where_pkce_is_offered(
        self, server: MastodonServer
    ) -> None:
        """A code stolen on its way is worth nothing without the verifier that never left the server."""
        thief, victim = Mastodon.begin({}, server.base, BACK), Mastodon.begin({}, server.base, BACK)
        code = self.allowed(victim.authorize_url)["code"]
        mixed = dict(victim.pending) | {"verifier": thief.pending["verifier"]}
        with pytest.raises(Rejected, match="code is not valid"):
            Mastodon.finish({}, mixed, code, account="42", address="")

    def test_a_code_opens_once(self, server: MastodonServer) -> None:
        beginning = Mastodon.begin({}, server.base, BACK)
        code = self.allowed(beginning.authorize_url)["code"]
        Mastodon.finish({}, beginning.pending, code, account="42", address="")
        with pytest.raises(Rejected):
            Mastodon.finish({}, beginning.pending, code, account="42", address="")

    def test_without_pkce_at_the_server_none_is_asked(self, server: MastodonServer) -> None:
        server.pkce = False
        beginning = Mastodon.begin({}, server.base, BACK)
        assert "code_challenge" not in beginning.authorize_url
        code = self.allowed(beginning.authorize_url)["code"]
        assert Mastodon.finish({}, beginning.pending, code, account="42", address="").secrets["access_token"]

    def test_every_beginning_has_a_state_of_its_own(self, server: MastodonServer) -> None:
        states = {Mastodon.begin({}, server.base, BACK).state for _ in range(3)}
        assert len(states) == 3
        assert min(map(len, states)) >= 32

    def test_a_pasted_token_opens_its_account_with_the_limits_of_its_server(
        self, server: MastodonServer
    ) -> None:
        server.max_characters = 3000
        link = connected(f" {server.base}/@city ", f" {server.city.token}\n", account="42")
        opened = Mastodon(link)
        assert opened.fields[0].max == 3000
        assert opened.problems({"text": "あ" * 3001}, ())
        assert link.facts["software"] == "mastodon"

    @pytest.mark.parametrize("token", ["wrong", "", "two lines\nX-Evil: 1", "全角", "\x00"])
    def test_a_token_that_is_none_opens_nothing(self, server: MastodonServer, token: str) -> None:
        with pytest.raises((TokenDead, Rejected)):
            connected(server.base, token, account="42")

    @pytest.mark.parametrize(
        "typed", ["", "ftp://example.com", "https://user@example.com", "https://:80", "http://"]
    )
    def test_a_server_that_is_no_address_is_refused(self, typed: str) -> None:
        with pytest.raises(Rejected, match="サーバーのアドレス"):
            Mastodon.begin({}, typed, BACK)

    def test_nothing_secret_goes_unencrypted_beyond_the_allowed_networks(
        self, server: MastodonServer, settings: Any
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(NotSent):
            connected(server.base, server.city.token, account="42")
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
        link = connected(server.base, server.city.token, account="42")
        assert Mastodon(link).identity().url == ""
        assert link.facts["url"] == ""

    def test_an_address_that_is_none_of_the_web_is_never_shown_as_a_link(
        self, server: MastodonServer, opened: Mastodon, plain: Outgoing
    ) -> None:
        server.shown_address = "javascript:alert(1)//"
        assert opened.publish(plain, {}, nothing).url == ""


class TestFilms:
    @pytest.fixture
    def outgoing(self, plain: Outgoing, tmp_path: Path) -> Outgoing:
        (tmp_path / "film.mp4").write_bytes(bytes(range(251)) * 4000)
        item = Media(tmp_path / "film.mp4", "video/mp4", "放水する消防団員", 1280, 720, seconds=60)
        return replace(plain, media=(item,))

    def test_a_film_arrives_whole_with_its_words(
        self, server: MastodonServer, opened: Mastodon, outgoing: Outgoing
    ) -> None:
        opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _: None, nothing), nothing)
        [sent] = server.media.values()
        assert (sent["kind"], sent["alt"], sent["bytes"]) == ("video", "放水する消防団員", outgoing.media[0].bytes)
        assert len(server.statuses[0].media_ids) == 1

    def test_a_film_is_read_while_it_is_sent(
        self, server: MastodonServer, opened: Mastodon, outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def whole(_item: Media) -> bytes:
            raise AssertionError("held whole")

        monkeypatch.setattr(Media, "bytes", property(whole))
        assert opened.prepare(outgoing, {}, lambda _: None, nothing)["ready"] == 1

    def test_a_film_that_is_gone_was_never_sent(
        self, server: MastodonServer, opened: Mastodon, outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Media, "size", 7)
        outgoing.media[0].path.unlink()
        with pytest.raises(NotSent, match="ファイルを読めません"):
            opened.prepare(outgoing, {}, lambda _: None, nothing)
        assert [path for _method, path, _headers in server.requests if path == "/api/v2/media"] == []

    def test_the_server_says_what_films_it_takes(self, server: MastodonServer, outgoing: Outgoing) -> None:
        film = outgoing.media[0]
        large = replace(film, width=4096, height=2304)
        service = Mastodon(connected(server.base, server.city.token, account="42"))
        assert service.problems(outgoing.content, [film]) == []
        [told] = service.problems(outgoing.content, [large])
        assert told.message == "動画1：画面は829万画素までです（いま4096×2304）。"
        server.takes.remove("video/mp4")
        without = Mastodon(connected(server.base, server.city.token, account="42"))
        [told] = without.problems(outgoing.content, [film])
        assert told.message == "Mastodonへは、koshiki から動画を発信できません。"

    def test_of_a_server_that_says_nothing_the_least_is_expected(self, outgoing: Outgoing) -> None:
        film = replace(outgoing.media[0], width=3840, height=2160)
        assert len(Mastodon().problems(outgoing.content, [film])) == 1
