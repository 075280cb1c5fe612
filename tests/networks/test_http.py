"""The way out: never longer nor larger than it may be, and it knows what was sent."""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from koshiki.networks import http
from koshiki.networks.credentials import Secret
from koshiki.networks.file_part import FilePart
from koshiki.networks.http import Forbidden, NeverSent, NoAnswer, call, fetch, retry_after
from tests.networks.peer import OK, Peer, peer, resolver, url


@pytest.fixture(autouse=True)
def usual(settings: Any) -> None:
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.KOSHIKI_OUTBOUND_PROXY = ""
    settings.KOSHIKI_SAMPLE = False


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

    def test_a_small_request_leaves_in_one_piece(self) -> None:
        """snac publishes an empty post when a caller dies between head and body."""
        with peer(OK) as running:
            call("POST", url(running), json={"status": "お知らせ"})
        head, _, body = running.received[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST")
        assert "お知らせ".encode() in body

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

    def test_a_secret_header_is_sent_and_never_said_back(self) -> None:
        def behave(connection: socket.socket, head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%b" % (len(head), head))

        with peer(behave) as running:
            answer = call("POST", url(running), headers={"Authorization": Secret("Basic c2VjcmV0LWFwcA==")})
            assert b"Authorization: Basic c2VjcmV0LWFwcA==" in running.received[0]
            assert b"Authorization: ***" in answer.body

    def test_a_secret_header_goes_unencrypted_inside_the_allowed_networks_only(self, settings: Any) -> None:
        settings.KOSHIKI_ALLOWED_NETWORKS = ()
        with pytest.raises(Forbidden, match="暗号化"):
            call("POST", "http://93.184.215.14/", headers={"Authorization": Secret("Basic c2VjcmV0")}, seconds=2)

    def test_it_says_who_it_is_and_keeps_no_cookies(self) -> None:
        with peer(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") as running:
            call("GET", url(running))
            call("GET", url(running))
            assert all(b"User-Agent: koshiki" in head and b"ookie" not in head for head in running.received)
            assert running.connections == 2

    def test_bytes_go_as_they_are_with_the_kind_that_is_told(self) -> None:
        with peer(OK) as running:
            call("POST", url(running), content=b"\x89PNG\r\n", headers={"Content-Type": "image/png"})
        head, _, body = running.received[0].partition(b"\r\n\r\n")
        assert body == b"\x89PNG\r\n"
        assert b"content-type: image/png" in head.lower()
        assert b"content-length: 6" in head.lower()

    def test_a_secret_in_a_json_is_sent_and_never_quoted(self) -> None:
        def echo(connection: socket.socket, head: bytes) -> None:
            body = head.partition(b"\r\n\r\n")[2]
            connection.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        with peer(echo) as running:
            answer = call("POST", url(running), json={"user": "city", "password": Secret("open-sesame")}, private=True)
        assert b"open-sesame" in running.received[0]
        assert answer.json() == {"user": "city", "password": "***"}


class Drain:
    """Reads a request to its end and keeps only how long it was and what it was, never the whole."""

    def __init__(self) -> None:
        self.head, self.length, self.digest = b"", 0, hashlib.sha256()

    def __call__(self, connection: socket.socket, first: bytes) -> None:
        self.head, _, piece = first.partition(b"\r\n\r\n")
        wanted = int(self.head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while True:
            self.length += len(piece)
            self.digest.update(piece)
            if self.length >= wanted or not (piece := connection.recv(65_536)):
                break
        connection.sendall(OK)


class TestPartsOfFiles:
    def test_a_part_of_a_file_is_sent_as_it_stands(self, tmp_path: Path) -> None:
        (tmp_path / "film").write_bytes(bytes(range(256)) * 1000)
        drain = Drain()
        with peer(drain) as running:
            call("PUT", url(running), content=FilePart(tmp_path / "film", 100, 200_000))
        assert drain.length == 200_000
        assert drain.digest.digest() == hashlib.sha256((bytes(range(256)) * 1000)[100:200_100]).digest()
        assert b"chunked" not in drain.head.lower()

    def test_bytes_are_sent_as_they_stand(self) -> None:
        drain = Drain()
        with peer(drain) as running:
            call("PUT", url(running), content=b"\x00\xff", headers={"Content-Type": "image/png"})
        assert (drain.length, drain.digest.digest()) == (2, hashlib.sha256(b"\x00\xff").digest())
        assert b"image/png" in drain.head

    def test_a_large_file_is_never_held_whole(self, tmp_path: Path) -> None:
        with (tmp_path / "film").open("wb") as film:
            film.truncate(64_000_000)
        drain = Drain()
        with peer(drain) as running:
            tracemalloc.start()
            call("PUT", url(running), content=FilePart(tmp_path / "film", 0, 64_000_000))
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert drain.length == 64_000_000
        assert most < 4_000_000

    @pytest.mark.parametrize("there", [True, False])
    def test_a_file_that_ends_too_early_is_no_success(self, tmp_path: Path, there: bool) -> None:
        if there:
            (tmp_path / "film").write_bytes(b"x" * 1000)
        with peer(Drain()) as running, pytest.raises(NoAnswer):
            call("PUT", url(running), content=FilePart(tmp_path / "film", 0, 200_000))


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
        resolver(monkeypatch, lambda _host: time.sleep(5) or [])
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
        resolver(monkeypatch, lambda _host: ["127.0.0.1"])
        with pytest.raises(NeverSent):
            call("POST", f"https://service.example:{secured.port}/", token=Secret("t"), json={})
        assert secured.received == []

    def test_the_name_is_checked_though_the_address_is_pinned(
        self, secured: Peer, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolver(monkeypatch, lambda _host: ["127.0.0.1"])
        trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        monkeypatch.setattr(http, "_tls", lambda: trusting)
        assert call("GET", f"https://service.example:{secured.port}/").body == b"ok"
        assert b"Host: service.example" in secured.received[0]
        with pytest.raises(NeverSent):
            call("GET", f"https://other.example:{secured.port}/")


def _wrapped(context: ssl.SSLContext, connection: socket.socket) -> socket.socket:
    try:
        return context.wrap_socket(connection, server_side=True)
    except OSError:
        return connection
