"""Where koshiki connects to: only where it may, however it is written, whoever answers for the name."""

from __future__ import annotations

import socket
from typing import Any

import httpcore
import pytest

from koshiki.networks import http
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Forbidden, NeverSent, NoAnswer, call, fetch
from koshiki.networks.reach import way_to
from tests.networks.peer import OK, no_names, peer, resolver, url

pytestmark = pytest.mark.clause("K-address")


@pytest.fixture(autouse=True)
def usual(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""
    settings.KOSHIKI_SAMPLE = False


class TestWhereTo:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1",
            "0", "0.0.0", "0x0.0", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]",
            "[fec0::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]",
            "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
            "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
            "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "１２７．０．０．１", "①②⑦.0.0.1",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_nothing_inside_is_reached_however_it_is_written(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        tried: list[Any] = []

        def connect_tcp(*address: Any, **_named: Any) -> None:
            tried.append(address)
            raise httpcore.ConnectError

        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect_tcp)
        with pytest.raises(NeverSent):
            fetch(f"{scheme}://{host}:9/", seconds=2)
        assert tried == []

    @pytest.mark.parametrize(
        "address",
        [
            "", "x", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "javascript:alert(1)",
            "//127.0.0.1/", "http://", "http:///path", "https://user@127.0.0.1/", "http://user:pw@127.0.0.1/",
            "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://exa mple.jp/", "http://a\x00b/", "http://\ud800/",
            "http://" + "a" * 300 + ".jp/", "http://[::1/", "data:text/html,x", "HTTP//x",
        ],
    )  # fmt: skip
    def test_what_is_no_address_of_the_web_is_refused_before_any_connection(self, address: str) -> None:
        with pytest.raises(NeverSent):
            fetch(address, seconds=2)

    def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rebinding: a second answer, if it were asked for, would lead inside."""
        answers = [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]]
        with peer(OK) as running:
            resolver(monkeypatch, lambda _host: answers.pop(0))
            assert fetch(f"http://rebinding.example:{running.port}/").body == b"ok"
            assert b"Host: rebinding.example" in running.received[0]
        assert len(answers) == 2

    def test_one_inside_address_among_public_ones_is_enough_to_refuse(
        self, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        resolver(monkeypatch, lambda _host: ["93.184.215.14", "192.168.0.1"])
        with pytest.raises(Forbidden):
            fetch("http://both.example/")

    def test_a_public_address_passes_the_check(self, settings: Any) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        for host in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"):
            assert way_to(host, 443, 1).addresses == (host,)

    def test_every_redirect_is_checked_again(self) -> None:
        answer = (
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"
        )
        with peer(answer) as running, pytest.raises(Forbidden):
            fetch(url(running))

    @pytest.mark.parametrize(
        "onward", ["file:///etc/passwd", "//10.0.0.1/", "http://[::ffff:10.0.0.1]/", "gopher://x/"]
    )
    def test_a_redirect_leads_nowhere_else_either(self, onward: str) -> None:
        answer = f"HTTP/1.1 301 Moved\r\nLocation: {onward}\r\nContent-Length: 0\r\n\r\n".encode()
        with peer(answer) as running, pytest.raises(NeverSent):
            fetch(url(running))

    def test_redirects_are_followed_and_told(self) -> None:
        def behave(connection: socket.socket, head: bytes) -> None:
            step = int(head.split(b" ")[1].strip(b"/") or b"0")
            more = b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % (step + 1)
            connection.sendall(more if step < 3 else OK)

        with peer(behave) as running:
            fetched = fetch(url(running, "/0"))
            assert fetched.final_url == url(running, "/3")
            assert fetched.hops == tuple(url(running, f"/{n}") for n in range(4))

    def test_a_circle_of_redirects_ends(self) -> None:
        with peer(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n") as running:
            with pytest.raises(NoAnswer, match="転送"):
                fetch(url(running))
            assert running.connections == http.MAX_HOPS + 1

    def test_a_sample_reaches_nothing_but_loopback(self, settings: Any) -> None:
        settings.KOSHIKI_SAMPLE = True
        with peer(OK) as running:
            assert fetch(url(running)).status == 200
        with pytest.raises(Forbidden):
            fetch("http://93.184.215.14/", seconds=2)

    def test_nor_asks_for_a_name(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.KOSHIKI_SAMPLE = True
        asked, real = [], socket.getaddrinfo

        def getaddrinfo(host: str, port: int, *, type: int, flags: int) -> list[Any]:  # noqa: A002
            if not flags & socket.AI_NUMERICHOST:
                asked.append(host)
            return real(host, port, type=type, flags=flags)

        monkeypatch.setattr("koshiki.networks.reach.socket.getaddrinfo", getaddrinfo)
        with pytest.raises(NeverSent, match="名前が見つかりません"):
            fetch("http://hibi.iwata-mihon.example/", seconds=5)
        assert asked == []

    def test_a_token_goes_in_the_clear_only_inside_the_allowed_networks(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(Forbidden, match="暗号化"):
            call("GET", "http://93.184.215.14/", token=Secret("t"), seconds=2)


class TestProxy:
    def test_what_is_outside_goes_by_the_proxy_and_names_are_left_to_it(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolver(monkeypatch, no_names)
        with peer(OK) as running:
            settings.KOSHIKI_OUTBOUND_PROXY = f"http://user:pw@127.0.0.1:{running.port}"
            assert fetch("http://service.example/page").body == b"ok"
            assert running.received[0].startswith(b"GET http://service.example/page")
            assert b"Proxy-Authorization: Basic" in running.received[0]

    def test_by_the_proxy_too_nothing_is_sent_before_the_tunnel_stands(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolver(monkeypatch, no_names)
        checks: list[int] = []
        with peer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as running:
            settings.KOSHIKI_OUTBOUND_PROXY = f"http://127.0.0.1:{running.port}"
            with pytest.raises(NeverSent):
                call("POST", "https://service.example/", json={}, last_check=lambda: checks.append(1))
            assert running.received[0].startswith(b"CONNECT service.example:443")
        assert checks == []

    @pytest.mark.parametrize("host", ["10.0.0.1", "0x0a000001", "localhost", "[::ffff:10.0.0.1]", "intranet"])
    def test_the_proxy_is_no_way_inside(self, settings: Any, host: str) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with peer(OK) as running:
            settings.KOSHIKI_OUTBOUND_PROXY = f"http://127.0.0.1:{running.port}"
            with pytest.raises(NeverSent):
                fetch(f"http://{host}/", seconds=3)
            assert running.received == []

    def test_what_is_allowed_inside_is_reached_without_it(self, settings: Any) -> None:
        settings.KOSHIKI_OUTBOUND_PROXY = "http://127.0.0.1:1"
        with peer(OK) as running:
            assert fetch(url(running)).body == b"ok"
