"""Connecting a Bluesky account: to the server that keeps it and no other, by an app password, refreshed in time."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from koshiki.networks.addresses import same_account
from koshiki.networks.base import Link, NotSent, Outgoing, Rejected, Secret, TokenDead
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.bluesky.connecting import PROFILE, Directories
from tests.networks.bluesky.conftest import connected
from tests.networks.bluesky_server import METHODS, BlueskyServer
from tests.networks.contract import nothing


class TestConnecting:
    def test_an_app_password_opens_the_registered_account(self, server: BlueskyServer) -> None:
        link = connected(server.city, f" {server.city.app_password}\n")
        identity = Bluesky(link).identity()
        assert identity.remote_account_id == server.city.did
        assert identity.handle == "@city.test"
        assert same_account(identity.url, f"{PROFILE}City.Test/")
        assert (link.account, link.server) == ("42", server.base)

    def test_an_account_may_be_registered_by_its_number(self, server: BlueskyServer) -> None:
        """A handle can be given up; the number stays. Posts' addresses are as the register knows the account."""
        link = connected(server.city, address=PROFILE + server.city.did)
        assert same_account(Bluesky(link).identity().url, PROFILE + server.city.did)
        assert Bluesky(link).identity().handle == "@city.test"

    def test_the_password_goes_only_to_the_server_that_keeps_the_account(self, server: BlueskyServer) -> None:
        """Nobody can name a server of their own: the directory does."""
        server.homes[server.city.did] = "http://127.0.0.1:1"
        with pytest.raises(NotSent):
            connected(server.city)
        assert not any("createSession" in path for _, path, _ in server.requests)

    def test_a_name_that_bluesky_shows_as_somebody_elses_opens_theirs_or_nothing(self, server: BlueskyServer) -> None:
        other = server.add_account("other.test")
        server.owners["city.test"] = other.did
        with pytest.raises(Rejected, match="サインインできません"):
            connected(server.city)

    def test_a_session_of_another_account_is_not_taken(
        self, server: BlueskyServer, link: Link, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = server.add_account("other.test")
        for method in ("createSession", "refreshSession"):
            monkeypatch.setitem(METHODS, ("POST", f"com.atproto.server.{method}"), lambda _self: server.sign_in(other))
        with pytest.raises(Rejected, match="台帳のアカウントと違います"):
            connected(server.city)
        with pytest.raises(TokenDead, match="違います"):
            Bluesky(link).refresh()

    @pytest.mark.parametrize("password", ["", "wrong-wrong-wrong"])
    def test_a_wrong_password_opens_nothing(self, server: BlueskyServer, password: str) -> None:
        with pytest.raises(Rejected, match="アプリパスワード"):
            connected(server.city, password or " ")

    def test_the_main_password_is_not_taken_and_its_session_ended(self, server: BlueskyServer) -> None:
        with pytest.raises(Rejected, match="本来のパスワード"):
            connected(server.city, server.city.main_password)
        assert server.sessions == {}

    @pytest.mark.parametrize(
        "address", ["https://x.com/city", "https://bsky.app/profile/city.test/post/3k", "", "https://bsky.app/"]
    )
    def test_an_address_that_is_no_account_there_is_refused(self, server: BlueskyServer, address: str) -> None:
        with pytest.raises(Rejected, match="プロフィール"):
            Bluesky.with_key({"app_password": Secret(server.city.app_password)}, account="42", address=address)
        assert server.requests == []

    @pytest.mark.parametrize("name", ["nobody.test", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did:key:zabc"])
    def test_an_account_that_nobody_has_is_refused(self, server: BlueskyServer, name: str) -> None:
        with pytest.raises(Rejected):
            connected(server.city, address=PROFILE + name)

    def test_nothing_secret_goes_unencrypted_beyond_the_allowed_networks(
        self, server: BlueskyServer, settings: Any
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(NotSent):
            connected(server.city)
        assert server.requests == []

    def test_a_directory_that_is_away_is_for_later(
        self, server: BlueskyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Directories, "accounts", "http://127.0.0.1:1")
        with pytest.raises(NotSent):
            connected(server.city)


class TestRefreshing:
    def test_the_link_says_when_its_credentials_run_out(self, server: BlueskyServer, link: Link) -> None:
        expires = datetime.fromisoformat(link.facts["expires_at"])
        assert timedelta(hours=1) < expires - datetime.now(UTC) <= timedelta(hours=2)

    def test_refreshing_gives_new_credentials_for_the_same_account(
        self, server: BlueskyServer, link: Link, plain: Outgoing
    ) -> None:
        server.token_seconds = 9000
        fresh = Bluesky(link).refresh()
        assert fresh.secrets["access_token"] != link.secrets["access_token"]
        assert fresh.secrets["refresh_token"] != link.secrets["refresh_token"]
        assert fresh.facts["expires_at"] > link.facts["expires_at"]
        assert {**fresh.facts, "expires_at": ""} == {**link.facts, "expires_at": ""}
        assert (fresh.account, fresh.server) == (link.account, link.server)
        assert Bluesky(fresh).publish(plain, {}, nothing)

    @pytest.mark.parametrize("ended", ["expired", "revoked"])
    def test_what_can_no_longer_be_refreshed_is_dead(self, server: BlueskyServer, ended: str) -> None:
        server.refresh_seconds = -1 if ended == "expired" else 7200
        link = connected(server.city)
        if ended == "revoked":
            server.sessions.clear()
        with pytest.raises(TokenDead):
            Bluesky(link).refresh()

    def test_a_server_that_is_away_is_asked_again_later(
        self, server: BlueskyServer, link: Link
    ) -> None:
        with pytest.raises(NotSent):
            Bluesky(replace(link, server="http://127.0.0.1:1")).refresh()


class TestSecrecy:
    def test_no_failure_shows_a_secret(self, server: BlueskyServer, link: Link, plain: Outgoing) -> None:
        opened = Bluesky(link)
        secrets = [secret.reveal() for secret in link.secrets.values()]
        shown = [repr(opened), str(link), repr(link), f"{link}"]
        for fault in ("401", "422", "500", "swallow", "rubbish", "429", "redirect"):
            server.faults.append(fault)
            try:
                opened.publish(plain, {}, nothing)
            except Exception as error:
                shown += [repr(error), str(error), "".join(traceback.format_exception(error))]
        assert len(shown) == 4 + 7 * 3
        assert not any(secret in text for text in shown for secret in secrets)
