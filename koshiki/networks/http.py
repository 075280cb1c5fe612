"""The only way out to other servers, and the one place that knows whether a request was ever written.

http(s) only; each call has its own connection, made to an address that was checked (`reach.py`); time and
size are bounded; no cookies, no compression taken on trust, no redirect followed unless `fetch` or `trail` does.
"""

from __future__ import annotations

import functools
import json as json_format
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin

import httpcore
import httpx
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from koshiki.networks.credentials import Secret
from koshiki.networks.file_part import FilePart
from koshiki.networks.reach import Forbidden, NeverSent, Pinned, Way, way_to

__all__ = ["Answer", "Fetched", "Forbidden", "NeverSent", "NoAnswer", "call", "fetch", "retry_after", "trail"]

Files = Mapping[str, tuple[str, bytes | Path, str]]
"""Of a form: name, content (by a path: read while it is sent), kind."""

USER_AGENT = "koshiki/0.1"
MAX_BYTES = 1_000_000
SECONDS = 30.0
"""For one request and its whole answer, unless the caller says otherwise."""
MAX_HOPS = 5
MAX_RETRY_AFTER = 3600
_CONNECT_SECONDS = 10.0
_SHORTEST_SECRET = 8  # what is shorter would be found in any text


class NoAnswer(Exception):
    """The request was written, at least in part, and no answer to it came."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """A server's answer. `complete` is False where the body broke off or was larger than the limit.

    The body may hold a token: it never shows itself in a report of an error.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    complete: bool
    skew: float | None

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        if not self.complete:
            raise ValueError("the answer is not complete")
        return json_format.loads(self.body)


@dataclass(frozen=True)
class Fetched:
    """A page fetched by an address that a person or a service gave; `hops` are the addresses on the way."""

    status: int
    headers: httpx.Headers
    body: bytes
    final_url: str
    hops: tuple[str, ...]

    @property
    def text(self) -> str:
        response = httpx.Response(
            self.status, headers={"content-type": self._content_type}, content=self.body
        )
        text: str = response.text
        return text

    @property
    def _content_type(self) -> str:
        return str(self.headers.get("content-type", "text/html; charset=utf-8"))


def call(
    method: str,
    url: str,
    *,
    token: Secret | None = None,
    headers: Mapping[str, str | Secret] | None = None,
    json: object = None,
    form: Mapping[str, str | Secret] | None = None,
    files: Files | None = None,
    content: bytes | FilePart | None = None,
    last_check: Callable[[], None] | None = None,
    private: bool = False,
    seconds: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """One request and its answer; `last_check` runs on the open connection directly before the first byte.

    `content` is a body as it stands, its kind in `headers`; a part of a file, and what `files` name by a path, is read
    while it is sent. Secrets may be
    the token, headers, values of `form` and of a `json` object: then, as with `private`, it goes by https, or inside the
    networks that are allowed, only; and a server that says back a secret which it was sent is not quoted with it.
    Raises NeverSent (Forbidden), NoAnswer, and whatever `last_check` raises (then nothing was sent).
    """
    with _opened(files) as read:
        request = _request(
            method=method, url=url, token=token, headers=headers, json=json, form=form, files=read, content=content
        )
        seconds = SECONDS if seconds is None else seconds
        deadline = time.monotonic() + seconds
        host, port = request.url.host, request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        way = way_to(host, port, min(seconds, _CONNECT_SECONDS))
        secrets = _secrets_in({"token": token}, headers, form, json)
        if (secrets or private) and request.url.scheme == "http" and not way.inside:
            raise Forbidden("暗号化されない接続（http）では、認証情報を送りません。")
        with closing(_pool(way, deadline)) as pool:
            answer = _sent(pool, request, _Writing(last_check), max_bytes)
    return replace(answer, body=_without(answer.body, secrets))


def fetch(url: str, *, seconds: float = 15.0, max_bytes: int = MAX_BYTES) -> Fetched:
    """GET by an address given by a person or a service, without credentials; redirects are followed, each checked.

    Raises NeverSent (Forbidden) and NoAnswer, with words for the person.
    """
    deadline, hops = time.monotonic() + seconds, [url]
    while len(hops) <= MAX_HOPS + 1:
        answer = call("GET", hops[-1], seconds=deadline - time.monotonic(), max_bytes=max_bytes)
        onward = _onward(answer)
        if onward is None:
            return _fetched(answer, hops)
        hops.append(urljoin(hops[-1], onward))
    raise NoAnswer(f"転送が{MAX_HOPS}回を超えました。")


def trail(url: str, *, seconds: float = 5.0) -> tuple[str, ...]:
    """Where an address leads: itself, and each to which it is sent on, as far as somebody answers. Nothing there is read."""
    deadline, hops = time.monotonic() + seconds, [url]
    with suppress(NeverSent, NoAnswer):
        while len(hops) <= MAX_HOPS and (left := deadline - time.monotonic()) > 0:
            onward = _onward(call("GET", hops[-1], seconds=left, max_bytes=1))
            if onward is None:
                break
            hops.append(urljoin(hops[-1], onward))
    return tuple(hops)


def _onward(answer: Answer) -> str | None:
    return answer.headers.get("location") if answer.status in (301, 302, 303, 307, 308) else None


def retry_after(answer: Answer) -> int | None:
    """What the server asks to wait, in seconds: at least 1, at most an hour; None if it says nothing readable."""
    said = answer.headers.get("retry-after", "").strip()
    try:
        seconds = int(said) if said.isascii() and said.isdigit() else _until(said)
    except (ValueError, TypeError):
        return None
    return max(1, min(seconds, MAX_RETRY_AFTER))


def _until(date: str) -> int:
    return int((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())


# ---------------------------------------------------------------- one request


@contextmanager
def _opened(files: Files | None) -> Iterator[Mapping[str, tuple[str, bytes | BinaryIO, str]] | None]:
    """The files of a form, those named by a path open to be read. Raises NeverSent where one is not there."""
    with ExitStack() as stack:
        try:
            read = {key: (name, stack.enter_context(content.open("rb")) if isinstance(content, Path) else content, mime)
                    for key, (name, content, mime) in (files or {}).items()}
        except OSError:
            raise NeverSent("送るファイルを読めません。") from None
        yield read or None


def _request(
    *,
    method: str,
    url: str,
    token: Secret | None,
    headers: Mapping[str, str | Secret] | None,
    json: object,
    form: Mapping[str, str | Secret] | None,
    files: Mapping[str, tuple[str, bytes | BinaryIO, str]] | None,
    content: bytes | FilePart | None,
) -> httpx.Request:
    """Raises Forbidden for an address that is not one of the web, NeverSent for one that can't be written."""
    sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*", "Connection": "close"}
    sent |= {"Content-Length": str(content.length)} if isinstance(content, FilePart) else {}
    sent |= {name: _plain(value) for name, value in (headers or {}).items()}
    try:
        address = httpx.URL(url)
        if address.scheme not in ("http", "https") or not address.host or address.userinfo:
            raise Forbidden("http:// または https:// で始まるアドレスではありません。")
        return httpx.Request(
            method,
            address,
            headers=_with(sent, token),
            json=_revealed(json),
            data={key: _plain(value) for key, value in form.items()} if form else None,
            files=files,
            content=content,
        )
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise NeverSent("アドレスとして正しくありません。") from None


def _with(headers: dict[str, str], token: Secret | None) -> dict[str, str]:
    return headers | ({"Authorization": f"Bearer {token.reveal()}"} if token else {})


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _revealed(json: object) -> object:
    return {key: _plain(value) for key, value in json.items()} if isinstance(json, Mapping) else json


def _secrets_in(*places: object) -> list[Secret]:
    return [value for place in places if isinstance(place, Mapping) for value in place.values()
            if isinstance(value, Secret)]


@sensitive_variables()
def _without(body: bytes, sent: Iterable[Secret]) -> bytes:
    """The body with every secret that was sent made unreadable: its words end up on pages and in the log."""
    for secret in (value.reveal().encode() for value in sent):
        if len(secret) >= _SHORTEST_SECRET:
            body = body.replace(secret, b"***")
    return body


class _Writing:
    """Listens to the connection: knows when the first byte is due, and that it went."""

    def __init__(self, last_check: Callable[[], None] | None) -> None:
        self._last_check = last_check
        self.begun = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event != "http11.send_request_headers.started" or info["request"].method == b"CONNECT":
            return
        if self._last_check:
            self._last_check()
        self.begun = True


@sensitive_variables("body")
def _sent(pool: httpcore.ConnectionPool, request: httpx.Request, writing: _Writing, max_bytes: int) -> Answer:
    try:
        response = pool.handle_request(_core(request, writing))
    except httpcore.LocalProtocolError:
        raise NeverSent("要求を組み立てられません。") from None
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        OSError,
    ):
        if writing.begun:
            raise NoAnswer("要求を送りましたが、答えがありません。") from None
        raise NeverSent("サーバーに接続できません。") from None
    with closing(response):
        body, complete = _body(response, max_bytes)
    headers = httpx.Headers(response.headers)
    if complete:
        body, complete = _unpacked(body, headers, max_bytes)
    return Answer(response.status, headers, body, complete, _skew(headers))


def _core(request: httpx.Request, writing: _Writing) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"trace": writing, "timeout": {"connect": _CONNECT_SECONDS}},
    )


@sensitive_variables("read", "chunk")
def _body(response: httpcore.Response, max_bytes: int) -> tuple[bytes, bool]:
    read = bytearray()
    try:
        for chunk in response.iter_stream():
            read += chunk
            if len(read) > max_bytes:
                return bytes(read[:max_bytes]), False
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError):
        return bytes(read), False
    return bytes(read), True


@sensitive_variables("body", "unpacked")
def _unpacked(body: bytes, headers: httpx.Headers, max_bytes: int) -> tuple[bytes, bool]:
    """Compression was not asked for, but some send it: unpacked up to the same limit."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", "") or not body:
        return body, True
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return body, False
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        unpacked = unpacker.decompress(body, max_bytes)
    except zlib.error:
        return body, False
    return unpacked, unpacker.eof


def _skew(headers: httpx.Headers) -> float | None:
    try:
        return (parsedate_to_datetime(headers["date"]) - datetime.now(UTC)).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None


def _fetched(answer: Answer, hops: list[str]) -> Fetched:
    if not answer.complete:
        raise NoAnswer("ページが大きすぎるか、途中で切れました。")
    return Fetched(answer.status, answer.headers, answer.body, hops[-1], tuple(hops))


# ---------------------------------------------------------------- connections


@functools.cache
def _tls() -> ssl.SSLContext:
    """The usual authorities, or those that SSL_CERT_FILE names; made once, since loading them takes long."""
    return httpx.create_ssl_context()


def _pool(way: Way, deadline: float) -> httpcore.ConnectionPool:
    proxy = _proxy() if way.by_proxy else None
    addresses = () if way.by_proxy else way.addresses
    return httpcore.ConnectionPool(
        ssl_context=_tls(), proxy=proxy, max_connections=1, network_backend=Pinned(addresses, deadline)
    )


def _proxy() -> httpcore.Proxy:
    url = httpx.URL(settings.KOSHIKI_OUTBOUND_PROXY)
    auth = (url.username, url.password) if url.username else None
    return httpcore.Proxy(_bare(url), auth)


def _bare(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/")
