"""A channel is connected: the registered one and no other, and no failure shows a secret."""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from koshiki.networks.base import (
    Link,
    NotSent,
    Outgoing,
    Rejected,
    Secret,
    TokenDead,
)
from koshiki.networks.youtube import YouTube
from tests.networks.contract import nothing
from tests.networks.youtube_server import BACK, CHANNEL, YouTubeServer, app_of, connected

pytestmark = pytest.mark.usefixtures("loopback")


class TestConnecting:
    def test_the_code_flow_opens_the_channel(self, server: YouTubeServer, link: Link) -> None:
        identity = YouTube(link).identity()
        assert (identity.remote_account_id, identity.handle) == (CHANNEL, "@iwata-city")
        assert identity.url == f"https://www.youtube.com/channel/{CHANNEL}"
        assert set(link.secrets) == {"access_token", "refresh_token"}
        until = datetime.fromisoformat(link.facts["expires_at"])
        assert timedelta(minutes=58) < until - datetime.now(UTC) <= timedelta(hours=1)

    @pytest.mark.parametrize(
        ("registered", "told"),
        [("https://www.youtube.com/@Iwata-City", "https://www.youtube.com/@iwata-city"),
         (f"https://m.youtube.com/channel/{CHANNEL}", f"https://www.youtube.com/channel/{CHANNEL}"),
         ("https://www.youtube.com/@another", f"https://www.youtube.com/channel/{CHANNEL}"),
         ("https://www.youtube.com/user/iwata-city", f"https://www.youtube.com/channel/{CHANNEL}")],
    )  # fmt: skip
    def test_the_channel_is_named_as_the_register_names_it(
        self, server: YouTubeServer, registered: str, told: str
    ) -> None:
        assert YouTube(connected(server, address=registered)).identity().url == told

    def test_a_code_of_another_beginning_opens_nothing(self, server: YouTubeServer) -> None:
        """A code stolen on its way is worth nothing without the verifier that never left the server."""
        thief, victim = (YouTube.begin(app_of(server), "", BACK) for _ in range(2))
        code = server.allow(victim.authorize_url)["code"]
        with pytest.raises(Rejected, match="Malformed"):
            YouTube.finish(app_of(server), thief.pending, code, account="42", address="")

    def test_every_beginning_has_a_state_of_its_own(self, server: YouTubeServer) -> None:
        beginnings = [YouTube.begin(app_of(server), "", BACK) for _ in range(3)]
        assert len({beginning.state for beginning in beginnings}) == 3
        for beginning in beginnings:
            assert server.allow(beginning.authorize_url)["state"] == beginning.state

    def test_without_an_application_there_is_nothing_to_begin(self) -> None:
        with pytest.raises(Rejected, match="登録"):
            YouTube.begin({}, "", BACK)

    def test_what_was_not_all_allowed_opens_nothing(self, server: YouTubeServer) -> None:
        server.grants = "https://www.googleapis.com/auth/youtube.upload"
        with pytest.raises(Rejected, match=r"youtube\.force-ssl"):
            connected(server)

    def test_without_a_token_to_renew_with_nothing_is_opened(self, server: YouTubeServer) -> None:
        server.gives_refresh = False
        with pytest.raises(Rejected, match="取り消し"):
            connected(server)

    def test_an_account_without_a_channel_is_told_so(self, server: YouTubeServer) -> None:
        server.has_channel = False
        with pytest.raises(Rejected, match="チャンネルがありません"):
            connected(server)

    def test_a_renewed_token_works_with_the_old_one_to_renew_again(self, server: YouTubeServer, link: Link) -> None:
        server.tokens.clear()
        renewed = YouTube(replace(link, app=app_of(server))).refresh()
        assert YouTube(renewed).identity().remote_account_id == CHANNEL
        assert renewed.secrets["refresh_token"] == link.secrets["refresh_token"]
        assert renewed.secrets["access_token"] != link.secrets["access_token"]

    def test_what_was_revoked_at_google_must_be_connected_again(self, server: YouTubeServer, link: Link) -> None:
        server.refresh_tokens.clear()
        with pytest.raises(TokenDead, match="revoked"):
            YouTube(link).refresh()

    def test_google_away_is_tried_later(self, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(YouTube, "tokens", "http://127.0.0.1:1/token")
        with pytest.raises(NotSent):
            YouTube(link).refresh()


class TestSecrecy:
    def test_no_failure_shows_a_secret(self, server: YouTubeServer, opened: YouTube, plain: Outgoing) -> None:
        stage = opened.prepare(plain, {}, lambda _: None, nothing)
        told = [repr(opened), str(opened.link), repr(opened.link), json.dumps(stage)]
        for fault in ("401", "400", "500", "swallow", "rubbish", "429", "redirect"):
            server.faults.append(fault)
            try:
                opened.publish(plain, stage, nothing)
            except Exception as error:
                told += [repr(error), str(error), "".join(traceback.format_exception(error))]
        assert len(told) == 4 + 7 * 3
        secrets = [secret.reveal() for secret in (*opened.link.secrets.values(), *opened.link.app.values())][:3]
        assert not any(secret in text for text in told for secret in secrets)
        assert not any(secret in str(request.query) for request in server.requests for secret in secrets)

    def test_a_wrong_secret_of_the_application_opens_nothing(self, server: YouTubeServer) -> None:
        app = app_of(server)
        beginning = YouTube.begin(app, "", BACK)
        code = server.allow(beginning.authorize_url)["code"]
        with pytest.raises(TokenDead):
            YouTube.finish({**app, "client_secret": Secret("wrong-secret")}, beginning.pending, code, account="42", address="")
