"""The WordPress adapter where a site does not answer as it should (a real one: tests/peers/test_wordpress.py)."""

from __future__ import annotations

import socket
import traceback
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from koshiki.networks.base import (
    CannotTell,
    Gone,
    Link,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Secret,
    TokenDead,
)
from koshiki.networks.wordpress import WordPress
from tests.networks.contract import nothing
from tests.networks.peer import Peer, peer, url

PASSWORD = "canary4Application5Password6"
NOBODY = "http://127.0.0.1:1"
"""No program listens there; a port that another test has just given back may be taken anew."""
STAGE = {"post": 7, "media": [], "written": True}
PUBLISHED = b'{"id": 7, "status": "publish", "link": "http://127.0.0.1/a/", "date_gmt": "2026-11-27T01:02:03"}'


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""


@pytest.fixture
def outgoing() -> Outgoing:
    return Outgoing({"title": "題名", "text": "本文です。"}, (), str(uuid.uuid4()), datetime.now(UTC))


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def said(code: int, message: str = "だめです") -> bytes:
    return answer(f"{code} X", f'{{"code": "x", "message": "{message}", "data": {{"status": {code}}}}}'.encode())


def opened(running: Peer, root: str = "/wp-json/") -> WordPress:
    facts = {"root": url(running, root), "user": "city", "user_id": 2}
    return WordPress(Link("42", url(running, "").rstrip("/"), {"password": Secret(PASSWORD)}, facts))


def flood(connection: socket.socket, _head: bytes) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"id": "')
    for _ in range(100):
        connection.sendall(b"1" * 1_000_000)


def front(connection: socket.socket, head: bytes) -> None:
    """A site whose front page says beside the posts whom to ask."""
    page = "<main><p>訓練のお知らせ</p></main><aside>個別には回答しません。<a href='https://city.example/1/'>掲載ページ</a></aside>"
    index = b'{"name": "\\u9632\\u707d", "description": "blog"}'
    connection.sendall(answer("200 OK", index, "Content-Type: application/json") if b"wp-json" in head.split(b"\r\n")[0]
                       else answer("200 OK", page.encode(), "Content-Type: text/html; charset=utf-8"))


@pytest.mark.clause("§8(2)ア")
def test_what_a_blog_says_of_itself_stands_on_its_front_page() -> None:
    with peer(front) as running:
        profile = opened(running).profile()
    assert profile.holds("https://city.example/1/")
    [front_page] = profile.fields
    assert "個別には回答しません。" in front_page.value


class TestOutcomes:
    """What each answer to the one call that publishes means (K-once)."""

    @pytest.mark.parametrize(
        ("behaviour", "outcome"),
        [
            (answer("200 OK", b"\xff{{"), OutcomeUnknown), (answer("200 OK"), OutcomeUnknown),
            (answer("200 OK", b"<html>maintenance</html>"), OutcomeUnknown), (answer("200 OK", b"[7]"), OutcomeUnknown),
            (answer("200 OK", b'{"status": "publish"}'), OutcomeUnknown),
            (answer("200 OK", PUBLISHED.replace(b"7,", b"8,")), OutcomeUnknown),
            (answer("200 OK", PUBLISHED.replace(b'"publish"', b'"pending"')), OutcomeUnknown),
            (answer("200 OK", PUBLISHED)[:-20], OutcomeUnknown), (flood, OutcomeUnknown),
            (lambda _connection, _head: None, OutcomeUnknown),
            (said(500), OutcomeUnknown), (answer("502 X"), OutcomeUnknown), (answer("503 X"), OutcomeUnknown),
            (answer("302 X", b"", "Location: /elsewhere"), OutcomeUnknown),
            (answer("503 X", b"", "Retry-After: 600"), NotSent),
            (answer("429 X", b"", "Retry-After: 99999999"), NotSent),
            (said(401), TokenDead), (said(403), TokenDead),
            (answer("403 X", b"<html>blocked</html>"), Rejected), (said(400), Rejected),
            (answer("301 X", b"", "Location: https://other.example/"), Rejected),
            (said(404), Gone),
        ],
    )  # fmt: skip
    def test_an_answer_means(
        self, outgoing: Outgoing, behaviour: Callable[[socket.socket, bytes], None] | bytes,
        outcome: type[Exception],
    ) -> None:  # fmt: skip
        with peer(behaviour) as running, pytest.raises(outcome) as caught:
            opened(running).publish(outgoing, STAGE, nothing)
        assert type(caught.value) is outcome
        assert running.connections == 1

    def test_a_site_that_is_not_there_was_never_sent_anything(self, outgoing: Outgoing) -> None:
        gone = WordPress(Link("42", NOBODY, {"password": Secret(PASSWORD)},
                              {"root": f"{NOBODY}/wp-json/", "user": "city", "user_id": 2}))
        with pytest.raises(NotSent):
            gone.publish(outgoing, STAGE, nothing)

    def test_what_a_site_says_is_told(self, outgoing: Outgoing) -> None:
        with peer(said(400, "Sorry")) as running, pytest.raises(Rejected, match="Sorry"):
            opened(running).publish(outgoing, STAGE, nothing)

    def test_an_address_that_is_not_the_sites_is_never_shown(self, outgoing: Outgoing) -> None:
        with peer(answer("200 OK", PUBLISHED)) as running:
            assert opened(running).publish(outgoing, STAGE, nothing).url == ""

    def test_it_is_published_by_one_call_on_its_draft(self, outgoing: Outgoing) -> None:
        for root, path in (("/wp-json/", "/wp-json/wp/v2/posts/7?"), ("/?rest_route=/", "/?rest_route=/wp/v2/posts/7&")):
            with peer(answer("200 OK", PUBLISHED)) as running:
                published = opened(running, root).publish(outgoing, STAGE, nothing)
            assert (published.remote_id, published.at) == ("7", datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC))
            assert running.received[0].startswith(f"POST {path}".encode())
            assert running.received[0].endswith(b'{"status":"publish"}')

    @pytest.mark.parametrize("rubbish", [b"{}", b"[1]", b'[{"slug": "x"}]', b'"x"', b"7", b"", b"<html></html>"])
    def test_rubbish_is_not_an_empty_list(self, outgoing: Outgoing, rubbish: bytes) -> None:
        with peer(answer("200 OK", rubbish)) as running:
            site = opened(running)
            assert isinstance(site.look_up(outgoing, outgoing.created_at), CannotTell)
            for look in (site.timeline, site.comments):
                with pytest.raises(NotSent):
                    look(outgoing.created_at)

    def test_an_empty_list_says_that_it_is_not_there(self, outgoing: Outgoing) -> None:
        with peer(answer("200 OK", b"[]")) as running:
            assert isinstance(opened(running).look_up(outgoing, outgoing.created_at), NotFound)

    def test_a_draft_that_got_another_name_is_not_gone_on_with(self, outgoing: Outgoing) -> None:
        """It could not be found again after a kill."""

        def renames(connection: socket.socket, head: bytes) -> None:
            draft = b'{"id": 7, "slug": "daimei", "status": "draft"}'
            connection.sendall(answer("200 OK", b"[]" if head.startswith(b"GET") else draft))

        with peer(renames) as running, pytest.raises(NotSent, match="スラッグ"):
            opened(running).prepare(outgoing, {}, lambda _stage: None, nothing)


class TestConnecting:
    @pytest.fixture
    def other(self) -> Iterator[Peer]:
        with peer(answer("200 OK", b"{}")) as running:
            yield running

    def connect(self, site: str, password: str = PASSWORD) -> Link:
        given = {"site": Secret(site), "user": Secret("city"), "password": Secret(password)}
        return WordPress.with_key(given, account="42", address="")

    @pytest.mark.parametrize(
        ("status", "header", "words"),
        [("200 OK", 'Link: <{0}>; rel="https://api.w.org/"', "別のサーバー"), ("301 X", "Location: {0}", "転送")],
    )
    def test_the_password_goes_to_no_other_server(self, other: Peer, status: str, header: str, words: str) -> None:
        with peer(answer(status, b"", header.format(url(other, "/wp-json/")))) as running:
            with pytest.raises(Rejected, match=words):
                self.connect(url(running))
            received = [*running.received, *other.received]
        assert received
        assert not any(b"Authorization" in head for head in received)

    def test_a_site_cannot_pass_for_another_on_its_host(self) -> None:
        """Each says where its interface is; who claims the other's address is asked there."""

        def two_sites(connection: socket.socket, head: bytes) -> None:
            path = head.split()[1].decode()
            site = "mine" if path.startswith("/mine") else "citys"
            base = f"http://127.0.0.1:{running.port}"
            if "wp-json" in path:
                connection.sendall(answer("200 OK", f'{{"home": "{base}/citys"}}'.encode()))
            else:
                connection.sendall(answer("200 OK", b"", f'Link: <{base}/{site}/wp-json/>; rel="https://api.w.org/"'))

        with peer(two_sites) as running, pytest.raises(Rejected, match="名乗る"):
            self.connect(url(running, "/mine/"))

    @pytest.mark.parametrize("password", ["", "two words!", "改行", "a\nX-Evil: 1", "x" * 300])
    def test_a_password_that_is_none_is_not_sent(self, other: Peer, password: str) -> None:
        with pytest.raises(Rejected):
            self.connect(url(other), password)
        assert other.received == []

    def test_nothing_secret_goes_unencrypted_beyond_the_allowed_networks(self, other: Peer, settings: Any) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(NotSent):
            self.connect(url(other))
        assert other.received == []

    def test_no_failure_shows_the_password(self, outgoing: Outgoing) -> None:
        shown: list[str] = []
        for code in (400, 401, 403, 500):
            with peer(said(code, f"no such password: {PASSWORD}")) as running:
                site = opened(running)
                shown += [repr(site), repr(site.link), str(site.link)]
                with pytest.raises((Rejected, TokenDead, OutcomeUnknown)) as caught:
                    site.publish(outgoing, STAGE, nothing)
                shown += [str(caught.value), "".join(traceback.format_exception(caught.value))]
        assert len(shown) == 4 * 5
        assert not any(PASSWORD in text for text in shown)
