"""Secrets of connections, sealed with a key ring that lies in a file outside the database.

AES-256-GCM; the account, the service and the key's id are bound in, so that sealed bytes that were moved to
another row do not open. A ring may hold several keys: the newest seals, all open, so that keys rotate online.
"""

from __future__ import annotations

import base64
import json
import os
import secrets as randomness
import stat
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

_VERSION = 1
_NONCE = 12


class Secret:
    """A text that never shows itself by accident: not in repr, str, format, JSON, pickle; only by `reveal()`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and randomness.compare_digest(
            self._text.encode(), other._text.encode()
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is sealed, not pickled")


class KeyRingTrouble(Exception):
    """The key ring is missing, readable by others, or not one."""


class DoesNotOpen(Exception):
    """Sealed bytes that this ring does not open for this account and service."""


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Keys by id; the last one seals."""

    keys: Mapping[str, bytes]

    @property
    def newest(self) -> str:
        return list(self.keys)[-1]


def key_ring_path() -> Path:
    return Path(settings.KOSHIKI_KEY_RING)


@sensitive_variables()
def ensure_key_ring(path: Path) -> None:
    """Makes a ring with one key at `path`, 0600, unless there is one. Two at once get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, {"keys": [_new_key()]}, replace=False)
    load_key_ring(path)


@sensitive_variables()
def add_key(path: Path) -> str:
    """Adds a key, which seals from now on; the older ones still open. Returns its id."""
    load_key_ring(path)
    ring = json.loads(path.read_text("utf-8"))
    ring["keys"].append(_new_key())
    _write(path, ring, replace=True)
    return str(ring["keys"][-1]["id"])


@sensitive_variables()
def drop_keys(path: Path, unneeded: Collection[str]) -> None:
    """Takes keys out of the ring that nothing is sealed with any more; never the newest. Raises KeyRingTrouble."""
    newest = load_key_ring(path).newest
    ring = json.loads(path.read_text("utf-8"))
    ring["keys"] = [key for key in ring["keys"] if key["id"] == newest or key["id"] not in unneeded]
    _write(path, ring, replace=True)


@sensitive_variables()
def load_key_ring(path: Path | None = None) -> KeyRing:
    """The ring at `path` (the installation's own by default). Raises KeyRingTrouble."""
    path = path or key_ring_path()
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except OSError as error:
        raise KeyRingTrouble(f"no key ring at {path}: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyRingTrouble(f"{path} can be read by others: chmod 600")
    return _parsed(path, text)


@sensitive_variables()
def seal(
    secret: Mapping[str, str | Secret], *, account: str, service: str, ring: KeyRing | None = None
) -> bytes:
    """The secret as sealed bytes that open for this account and service only. Raises KeyRingTrouble."""
    ring = ring or load_key_ring()
    plain = {key: value.reveal() if isinstance(value, Secret) else value for key, value in secret.items()}
    head = bytes([_VERSION, len(ring.newest)]) + ring.newest.encode()
    nonce = os.urandom(_NONCE)
    sealer = AESGCM(ring.keys[ring.newest])
    return head + nonce + sealer.encrypt(nonce, json.dumps(plain).encode(), _bound(head, account, service))


@sensitive_variables()
def unseal(
    sealed: bytes | memoryview, *, account: str, service: str, ring: KeyRing | None = None
) -> dict[str, Secret]:
    """The secret that was sealed for this account and service. Raises DoesNotOpen, KeyRingTrouble."""
    ring = ring or load_key_ring()
    head, nonce, body = _parts(bytes(sealed))
    key = ring.keys.get(head[2:].decode("ascii", "replace"))
    if key is None:
        raise DoesNotOpen("sealed with a key that is not in the ring")
    try:
        plain = AESGCM(key).decrypt(nonce, body, _bound(head, account, service))
    except InvalidTag:
        raise DoesNotOpen("not sealed for this account and service, or changed since") from None
    return {name: Secret(value) for name, value in json.loads(plain).items()}


def reseal(sealed: bytes | memoryview, *, account: str, service: str, ring: KeyRing | None = None) -> bytes:
    """The same secret under the newest key."""
    return seal(
        unseal(sealed, account=account, service=service, ring=ring),
        account=account,
        service=service,
        ring=ring,
    )


def sealed_with(sealed: bytes | memoryview) -> str:
    """The id of the key under which these bytes are sealed, to find those that still wait for a rotation."""
    return _parts(bytes(sealed))[0][2:].decode("ascii", "replace")


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < 2 + _NONCE or sealed[0] != _VERSION:
        raise DoesNotOpen("not sealed by koshiki")
    end = 2 + sealed[1]
    return sealed[:end], sealed[end : end + _NONCE], sealed[end + _NONCE :]


def _bound(head: bytes, account: str, service: str) -> bytes:
    return head + json.dumps(["koshiki credentials", account, service]).encode()


@sensitive_variables()
def _new_key() -> dict[str, str]:
    return {
        "id": f"{datetime.now(UTC):%Y%m%d}-{randomness.token_hex(3)}",
        "key": base64.b64encode(AESGCM.generate_key(256)).decode(),
    }


@sensitive_variables()
def _parsed(path: Path, text: str) -> KeyRing:
    try:
        keys = {str(k["id"]): base64.b64decode(k["key"], validate=True) for k in json.loads(text)["keys"]}
    except (ValueError, KeyError, TypeError):
        keys = {}
    if not keys or any(len(key) != 32 for key in keys.values()):
        raise KeyRingTrouble(f"{path} is not a key ring")
    return KeyRing(keys)


@sensitive_variables()
def _write(path: Path, ring: object, *, replace: bool) -> None:
    """Written beside, synced, then put in place whole; without `replace` whoever was first wins."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # 0600 by itself
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(ring, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(beside).replace(path)
        else:
            _link(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _link(beside: str, path: Path) -> None:
    try:
        os.link(beside, path)
    except FileExistsError:
        return
