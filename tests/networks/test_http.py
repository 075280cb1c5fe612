"""The way out: only to where it may go, never longer nor larger than it may be, and it knows what was sent."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpcore
import pytest

from koshiki.networks import http
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Forbidden, NeverSent, NoAnswer, call, fetch, retry_after

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(autouse=True)
def usual(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""
    settings.KOSHIKI_SAMPLE = False


class Peer:
    """A socket that hands each connection to `behave` and keeps what it was sent."""

    def __init__(self, behave: Callable[[socket.socket, bytes], None], family: int = socket.AF_INET) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0), family=family)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            head = connection.recv(65536)
            if head:
                self.received.append(head)
                self._behave(connection, head)
        except OSError:
            pass
        finally:
            connection.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()


@contextmanager
def peer(behave: Callable[[socket.socket, bytes], None] | bytes) -> Iterator[Peer]:
    answer = behave
    act = (lambda connection, _head: connection.sendall(answer)) if isinstance(answer, bytes) else answer
    running = Peer(act)
    try:
        yield running
    finally:
        running.close()


def url(running: Peer, path: str = "/") -> str:
    return f"http://127.0.0.1:{running.port}{path}"


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
            _resolver(monkeypatch, lambda _host: answers.pop(0))
            assert fetch(f"http://rebinding.example:{running.port}/").body == b"ok"
            assert b"Host: rebinding.example" in running.received[0]
        assert len(answers) == 2

    def test_one_inside_address_among_public_ones_is_enough_to_refuse(
        self, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        _resolver(monkeypatch, lambda _host: ["93.184.215.14", "192.168.0.1"])
        with pytest.raises(Forbidden):
            fetch("http://both.example/")

    def test_a_public_address_passes_the_check(self, settings: Any) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        from koshiki.networks.reach import way_to

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

    def test_a_token_goes_in_the_clear_only_inside_the_allowed_networks(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(Forbidden, match="暗号化"):
            call("GET", "http://93.184.215.14/", token=Secret("t"), seconds=2)


class TestWhatWasSent:
    def test_a_refused_connection_was_never_sent(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with pytest.raises(NeverSent):
                call("POST", f"http://127.0.0.1:{unused.getsockname()[1]}/", json={})

    def test_a_name_that_does_not_exist_was_never_sent(self) -> None:
        with pytest.raises(NeverSent, match="名前"):
            call("POST", "http://no-such-host.invalid/", json={})

    def test_a_connection_that_closes_after_reading_was_sent_without_answer(self) -> None:
        with peer(lambda _connection, _head: None) as running, pytest.raises(NoAnswer):
            call("POST", url(running), json={})

    def test_a_connection_closed_at_once_counts_as_sent(self) -> None:
        """Written into the buffer is written: whether it was read can't be known."""

        def reset(connection: socket.socket, _head: bytes) -> None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

        with peer(reset) as running, pytest.raises(NoAnswer):
            call("POST", url(running), json={})

    def test_rubbish_instead_of_an_answer_is_no_answer(self) -> None:
        with peer(b"SSH-2.0-OpenSSH\r\n\r\n") as running, pytest.raises(NoAnswer):
            call("POST", url(running), json={})

    def test_the_last_check_runs_on_the_open_connection_before_the_first_byte(self) -> None:
        with peer(OK) as running:
            seen = []

            def last_check() -> None:
                deadline = time.monotonic() + 2
                while not running.connections and time.monotonic() < deadline:
                    time.sleep(0.005)
                seen.append((running.connections, list(running.received)))

            call("POST", url(running), json={}, last_check=last_check)
            assert seen == [(1, [])]

    def test_what_the_last_check_raises_passes_and_nothing_is_sent(self) -> None:
        class Held(Exception):
            pass

        def last_check() -> None:
            raise Held

        with peer(OK) as running:
            with pytest.raises(Held):
                call("POST", url(running), json={}, last_check=last_check)
            time.sleep(0.05)
            assert running.received == []

    def test_no_redirect_of_a_publication_is_followed(self) -> None:
        with peer(b"HTTP/1.1 307 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n") as running:
            assert call("POST", url(running), json={}).status == 307
            assert len(running.received) == 1

    def test_it_says_who_it_is_and_keeps_no_cookies(self) -> None:
        with peer(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") as running:
            call("GET", url(running))
            call("GET", url(running))
            assert all(b"User-Agent: koshiki" in head and b"ookie" not in head for head in running.received)
            assert running.connections == 2


class TestBounds:
    def test_a_body_larger_than_the_limit_is_cut_and_says_so(self) -> None:
        def flood(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)

        with peer(flood) as running:
            answer = call("GET", url(running), max_bytes=100_000)
            assert not answer.complete
            assert len(answer.body) == 100_000
            with pytest.raises(NoAnswer, match="大きすぎる"):
                fetch(url(running), max_bytes=100_000)

    @pytest.mark.parametrize("part", ["head", "body"])
    def test_bytes_that_drip_do_not_outlive_the_time(self, part: str) -> None:
        def drip(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(
                b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 1000\r\n\r\n" if part == "body" else b"")
            )
            while True:
                connection.sendall(b"x" if part == "body" else b"X-A: b\r\n")
                time.sleep(0.05)

        begun = time.monotonic()
        with peer(drip) as running:
            if part == "head":
                with pytest.raises(NoAnswer):
                    call("POST", url(running), json={}, seconds=0.6)
            else:
                assert not call("POST", url(running), json={}, seconds=0.6).complete
        assert time.monotonic() - begun < 1.5

    def test_a_name_server_that_hangs_does_not_outlive_the_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _resolver(monkeypatch, lambda _host: time.sleep(5) or [])
        begun = time.monotonic()
        with pytest.raises(NeverSent):
            call("GET", "http://slow.example/", seconds=0.3)
        assert time.monotonic() - begun < 1

    def test_a_bomb_of_compressed_bytes_is_not_unpacked(self) -> None:
        bomb = gzip.compress(b"0" * 50_000_000)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
        with peer(head + bomb) as running:
            answer = call("GET", url(running))
        assert not answer.complete
        assert len(answer.body) <= http.MAX_BYTES

    def test_what_is_compressed_without_being_asked_is_read(self) -> None:
        body = gzip.compress("磐田市".encode())
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        with peer(head + body) as running:
            assert fetch(url(running)).text == "磐田市"

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ("5", 5), ("0", 1), ("99999999999999999999", 3600), ("-5", None), ("soon", None), ("", None), ("5.5", None),
            (format_datetime(datetime(2199, 1, 1, tzinfo=UTC), usegmt=True), 3600),
            (format_datetime(datetime(1999, 1, 1, tzinfo=UTC), usegmt=True), 1), ("１２", None), ("²", None),
        ],
    )  # fmt: skip
    def test_what_a_server_asks_to_wait(self, said: str, seconds: int | None) -> None:
        head = f"HTTP/1.1 429 Slow\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n"
        with peer(head.encode()) as running:
            assert retry_after(call("GET", url(running))) == seconds

    @pytest.mark.parametrize("apart", [-600, 0, 600])
    def test_how_far_the_clocks_are_apart(self, apart: int) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=apart), usegmt=True)
        with peer(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode()) as running:
            skew = call("GET", url(running)).skew
        assert skew is not None
        assert abs(skew - apart) < 3


class TestEncrypted:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key.pem"), "-out",
             str(tmp_path / "cert.pem"), "-days", "2", "-subj", "/CN=service.example", "-addext",
             "subjectAltName=DNS:service.example"], check=True, capture_output=True,
        )  # fmt: skip
        return tmp_path

    @pytest.fixture
    def secured(self, certificate: Path) -> Iterator[Peer]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

        def behave(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(OK)

        running = Peer(behave)
        plain = running._talk
        running._talk = lambda connection: plain(_wrapped(context, connection))  # type: ignore[method-assign]
        yield running
        running.close()

    def test_a_certificate_nobody_vouches_for_is_refused_before_a_byte_is_sent(
        self, secured: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _resolver(monkeypatch, lambda _host: ["127.0.0.1"])
        with pytest.raises(NeverSent):
            call("POST", f"https://service.example:{secured.port}/", token=Secret("t"), json={})
        assert secured.received == []

    def test_the_name_is_checked_though_the_address_is_pinned(
        self, secured: Peer, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _resolver(monkeypatch, lambda _host: ["127.0.0.1"])
        trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        monkeypatch.setattr(http, "_tls", lambda: trusting)
        assert call("GET", f"https://service.example:{secured.port}/").body == b"ok"
        assert b"Host: service.example" in secured.received[0]
        with pytest.raises(NeverSent):
            call("GET", f"https://other.example:{secured.port}/")


class TestProxy:
    def test_what_is_outside_goes_by_the_proxy_and_names_are_left_to_it(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _resolver(monkeypatch, _no_names)
        with peer(OK) as running:
            settings.KOSHIKI_OUTBOUND_PROXY = f"http://user:pw@127.0.0.1:{running.port}"
            assert fetch("http://service.example/page").body == b"ok"
            assert running.received[0].startswith(b"GET http://service.example/page")
            assert b"Proxy-Authorization: Basic" in running.received[0]

    def test_by_the_proxy_too_nothing_is_sent_before_the_tunnel_stands(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _resolver(monkeypatch, _no_names)
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


def _wrapped(context: ssl.SSLContext, connection: socket.socket) -> socket.socket:
    try:
        return context.wrap_socket(connection, server_side=True)
    except OSError:
        return connection


def _no_names(_host: str) -> list[str]:
    raise socket.gaierror("no name server in a closed network")


def _resolver(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], Any]) -> None:
    """The name server is the outside of this test; addresses written as numbers need none."""

    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return real(host, port, *more, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer(host)]

    monkeypatch.setattr("koshiki.networks.reach.socket.getaddrinfo", getaddrinfo)
