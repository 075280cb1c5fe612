"""Which addresses may be connected to: the open internet, and what the installation allows by name.

A host is resolved once; every address it has is checked; the connection is made to a checked one.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Routed in the open, yet leading into other networks or nowhere; not all Python versions know them.
_NOT_ORDINARY = tuple(
    map(ipaddress.ip_network, ("192.88.99.0/24", "192.0.0.0/24", "2001::/23", "2002::/16", "3fff::/20"))
)
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
IN_ONE_PIECE = 65_536
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NeverSent(Exception):
    """No byte of the request left this machine; `reason` is Japanese, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Forbidden(NeverSent):
    """An address that koshiki does not connect to."""


@dataclass(frozen=True)
class Way:
    """How a host is reached: its checked addresses, or by the proxy; `inside` if all are allowed by setting."""

    addresses: tuple[str, ...]
    inside: bool
    by_proxy: bool = False


def way_to(host: str, port: int, seconds: float) -> Way:
    """Resolves the host once and checks every address. Raises Forbidden, NeverSent."""
    try:
        addresses = [_plain(ipaddress.ip_address(text)) for text in _resolve(host, port, seconds)]
    except NeverSent:
        if settings.KOSHIKI_OUTBOUND_PROXY and not _only_inside() and "." in host:
            return Way((), inside=False, by_proxy=True)  # a closed network: names are the proxy's to resolve
        raise
    inside = all(map(_is_allowed_inside, addresses))
    if not inside and (_only_inside() or not all(_may_connect(a) for a in addresses)):
        raise Forbidden(
            "このアドレスには接続できません（内部のネットワークを指しているか、設定で許されていません）。"
        )
    by_proxy = bool(settings.KOSHIKI_OUTBOUND_PROXY) and not inside
    return Way(tuple(map(str, addresses)), inside, by_proxy)


def _only_inside() -> bool:
    """A sample never reaches outside of what its setting names."""
    return bool(settings.KOSHIKI_SAMPLE)


def _may_connect(address: Address) -> bool:
    return _is_allowed_inside(address) or _is_ordinary(address)


def _is_ordinary(address: Address) -> bool:
    """Global unicast, and nothing that stands for another address."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if address.version == 6 and address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _NOT_ORDINARY if network.version == address.version)


def _is_allowed_inside(address: Address) -> bool:
    if address == ipaddress.IPv6Address("::1"):
        address = ipaddress.IPv4Address("127.0.0.1")  # the same machine, whichever way it is named
    return any(address in network for network in _allowed_networks() if network.version == address.version)


def _allowed_networks() -> Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text.strip()) for text in settings.KOSHIKI_ALLOWED_NETWORKS]


def _plain(address: Address) -> Address:
    """The address that is meant: IPv4 may be written inside IPv6."""
    if address.version == 6:
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """All addresses of the host. The system's resolver knows no time limit, so it runs beside."""
    # A sample asks nobody for a name, not even what answers for this machine.
    flags = socket.AI_NUMERICHOST if _only_inside() and host.lower() != "localhost" else 0
    answer: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        found = answer.get(timeout=max(seconds, 0))
    except queue.Empty:
        found = OSError("timed out")
    if not isinstance(found, list):
        raise NeverSent("サーバーの名前が見つかりません。")
    return list(dict.fromkeys(str(info[4][0]).split("%")[0] for info in found))


# ---------------------------------------------------------------- sockets


class Pinned(httpcore.NetworkBackend):
    """Connects to checked addresses only, whatever the name says by now; ends everything at the deadline."""

    def __init__(self, addresses: tuple[str, ...], deadline: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError("no address")
        for address in self._addresses or (host,):
            try:
                left = _left(self._deadline, timeout, httpcore.ConnectTimeout)
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
                return _Timed(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


class _Timed(httpcore.NetworkStream):
    """A stream that can't outlive the deadline, however slowly its bytes drip.

    What is written is held until an answer is wanted, so that a small request leaves in one piece: a process that
    is killed leaves nothing of it or all of it. (There are servers that publish half a request as an empty post.)
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline
        self._held = bytearray()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._flush(timeout)
        return self._stream.read(max_bytes, _left(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held += buffer
        if len(self._held) > IN_ONE_PIECE:
            self._flush(timeout)

    def _flush(self, timeout: float | None) -> None:
        if self._held:
            piece, self._held = bytes(self._held), bytearray()
            self._stream.write(piece, _left(self._deadline, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout, httpcore.ConnectTimeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None, late: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the time for this call is over")
    return left if timeout is None else min(left, timeout)
