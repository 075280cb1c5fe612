"""Connecting an account of X, and renewing what runs out every two hours."""

from __future__ import annotations

import http.client
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from koshiki.networks.base import Beginning, Link, NotSent, Outgoing, Rejected, Secret, TokenDead
from koshiki.networks.x import X
from tests.networks.contract import nothing
from tests.networks.x.conftest import linked
from tests.networks.x_server import XServer

BACK = "https://koshiki.example/accounts/1/connected"


def allowed(beginning: Beginning, **more: str) -> dict[str, str]:
    """What comes back with the person who allowed it."""
    parts = urlsplit(beginning.authorize_url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}&{urlencode(more)}")
    came_back = urlsplit(connection.getresponse().getheader("Location", ""))
    connection.close()
    return {key: values[0] for key, values in parse_qs(came_back.query).items()}


def finish(server: XServer, beginning: Beginning, code: str) -> Link:
    return X.finish(server.app, beginning.pending, code, account="42", address="https://x.com/iwata_city")


def test_the_code_flow_opens_the_account_that_was_allowed(server: XServer) -> None:
    bousai = server.add_account("iwata_bosai")
    beginning = X.begin(server.app, "", BACK)
    back = allowed(beginning, login="iwata_bosai")
    assert back["state"] == beginning.state
    link = finish(server, beginning, back["code"])
    identity = X(link).identity()
    assert (identity.handle, identity.url) == ("@iwata_bosai", "https://x.com/iwata_bosai")
    assert identity.remote_account_id == link.facts["remote_account_id"] == bousai.id
    assert link.account == "42"


def test_what_is_allowed_is_enough_for_all_that_it_can(server: XServer, plain: Outgoing) -> None:
    """A scope that is missing shows only when it is used: X then forbids it."""
    beginning = X.begin(server.app, "", BACK)
    opened = X(finish(server, beginning, allowed(beginning)["code"]))
    sent = opened.publish(plain, {}, nothing)
    asked = server.write(server.add_account("shimin"), "何時からですか。", answers=sent.remote_id)
    opened.hide(asked.id)
    opened.reply(asked.id, replace(plain, content={"text": "9時からです。"}), nothing)
    assert opened.timeline(plain.created_at - timedelta(minutes=5))
    assert opened.comments(plain.created_at - timedelta(minutes=5))
    assert opened.search("shimin")
    opened.delete(sent.remote_id, nothing)
    assert X(opened.refresh()).identity().handle == "@iwata_city"


def test_the_address_holds_no_secret_and_a_challenge_of_its_own(server: XServer) -> None:
    beginnings = [X.begin(server.app, "", BACK) for _ in range(3)]
    queries = [parse_qs(urlsplit(beginning.authorize_url).query) for beginning in beginnings]
    assert all(query["code_challenge_method"] == ["S256"] for query in queries)
    assert len({query["code_challenge"][0] for query in queries}) == len({b.state for b in beginnings}) == 3
    for beginning in beginnings:
        assert server.app["client_secret"].reveal() not in beginning.authorize_url
        assert beginning.pending["verifier"].reveal() not in beginning.authorize_url


def test_a_code_of_another_beginning_opens_nothing(server: XServer) -> None:
    """A code stolen on its way is worth nothing without the verifier that never left the server."""
    thief, victim = X.begin(server.app, "", BACK), X.begin(server.app, "", BACK)
    with pytest.raises(Rejected, match="invalid"):
        finish(server, thief, allowed(victim)["code"])


def test_a_code_opens_once(server: XServer) -> None:
    beginning = X.begin(server.app, "", BACK)
    code = allowed(beginning)["code"]
    finish(server, beginning, code)
    with pytest.raises(Rejected):
        finish(server, beginning, code)


def test_a_wrong_secret_of_the_app_is_named(server: XServer) -> None:
    beginning = X.begin(server.app, "", BACK)
    wrong = {**server.app, "client_secret": Secret("something else")}
    with pytest.raises(Rejected, match="クライアントシークレット"):
        X.finish(wrong, beginning.pending, allowed(beginning)["code"], account="42", address="")


@pytest.mark.parametrize("app", [{}, {"client_id": Secret("city-app")}, {"client_id": Secret("a"), "client_secret": Secret("")}])
def test_what_it_did_not_register_at_x_is_named_before_anything_is_sent(server: XServer, app: dict[str, Secret]) -> None:
    with pytest.raises(Rejected, match="クライアントシークレットが、設定されていません"):
        X.begin(app, "", BACK)
    with pytest.raises(Rejected, match="設定されていません"):
        X.finish(app, X.begin(server.app, "", BACK).pending, "code", account="42", address="")
    assert server.requests == []


@pytest.mark.parametrize("fault", ["500", "503", "swallow", "cut", "html", "empty", "huge", "list", "null", "429"])
def test_what_x_does_not_answer_properly_connects_nothing(server: XServer, fault: str) -> None:
    beginning = X.begin(server.app, "", BACK)
    code = allowed(beginning)["code"]
    server.faulty["token"] = fault
    with pytest.raises(NotSent):
        finish(server, beginning, code)


def test_without_a_token_to_renew_with_it_is_no_connection(server: XServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koshiki.networks.x.connecting.SCOPES", "tweet.read users.read")
    beginning = X.begin(server.app, "", BACK)
    with pytest.raises(Rejected, match="更新"):
        finish(server, beginning, allowed(beginning)["code"])


def ends(link: Link) -> timedelta:
    return datetime.fromisoformat(link.facts["expires_at"]) - datetime.now(UTC)


class TestRenewing:
    def test_it_is_told_when_the_token_ends(self, server: XServer) -> None:
        beginning = X.begin(server.app, "", BACK)
        link = finish(server, beginning, allowed(beginning)["code"])
        assert timedelta(minutes=119) < ends(link) <= timedelta(hours=2)
        server.token_seconds = 60
        assert ends(X(link).refresh()) <= timedelta(seconds=60)

    @pytest.mark.parametrize("told", [10**30, -5, 0, "soon", None, [], 1e400])
    def test_an_absurd_end_is_taken_for_the_usual_one(self, server: XServer, opened: X, told: object) -> None:
        server.instead["token"] = {"access_token": "canary-1", "refresh_token": "canary-2", "expires_in": told}
        assert timedelta(minutes=119) < ends(opened.refresh()) <= timedelta(hours=2)

    def test_both_tokens_are_new_and_the_rest_is_as_it_was(self, server: XServer, opened: X, link: Link) -> None:
        new = opened.refresh()
        assert {key for key in link.secrets if new.secrets[key] != link.secrets[key]} == {"access_token", "refresh_token"}
        assert (new.account, new.app) == (link.account, link.app)
        assert {**link.facts, "expires_at": new.facts["expires_at"]} == new.facts
        assert X(new).identity().handle == "@iwata_city"

    def test_a_refresh_token_works_once(self, server: XServer, opened: X) -> None:
        new = opened.refresh()
        with pytest.raises(TokenDead):
            opened.refresh()
        assert X(X(new).refresh()).identity()

    @pytest.mark.parametrize("fault", ["500", "503", "503-retry", "swallow", "refuse", "cut", "html", "empty", "429", "null"])
    def test_what_is_unclear_is_tried_again_later(self, server: XServer, opened: X, fault: str) -> None:
        server.faulty["token"] = fault
        with pytest.raises(NotSent):
            opened.refresh()
        server.faulty.clear()
        assert opened.refresh().secrets

    def test_a_wrong_secret_of_the_app_needs_a_new_connection(self, server: XServer, link: Link) -> None:
        with pytest.raises(TokenDead):
            X(replace(link, app={**link.app, "client_secret": Secret("something else")})).refresh()

    def test_without_the_app_registered_nothing_is_sent(self, server: XServer, link: Link) -> None:
        with pytest.raises(NotSent, match="設定されていません"):
            X(replace(link, app={})).refresh()
        assert server.requests == []

    def test_without_a_refresh_token_it_must_be_connected_again(self, server: XServer) -> None:
        with pytest.raises(TokenDead, match="つなぎ直して"):
            X(linked(server, server.city, scopes="tweet.read users.read")).refresh()
