"""An account's connection, opened for its adapter, and the form in which it is kept: secrets sealed, facts in the clear."""

from __future__ import annotations

import json
from typing import Any

from koshiki.networks import adapter
from koshiki.networks.base import Link
from koshiki.networks.credentials import (
    DoesNotOpen,
    KeyRingTrouble,
    key_ring_path,
    load_key_ring,
    seal,
    sealed_with,
    unseal,
)
from koshiki.register.models import Account, Connection


class NotConnected(Exception):
    """The account has no connection that opens; `reason` is Japanese, for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def kept(link: Link, *, service: str) -> dict[str, Any]:
    """The columns of a Connection that hold this link. Raises KeyRingTrouble."""
    facts = {**link.facts, "server": link.server}
    return {"sealed": seal(link.secrets, account=link.account, service=service),
            "server": json.dumps(facts, ensure_ascii=False, sort_keys=True)}


def link_of(account: Account) -> Link:
    """The account's live connection, opened; a service that needs none gets an empty one. Raises NotConnected."""
    kind, bound = adapter(account.service), str(account.pk)
    if kind is not None and not kind.needs_connection:
        return Link(account=bound)
    row = Connection.objects.filter(account=account, ended_at=None).first()
    if row is None:
        raise NotConnected("アカウントがサービスに接続されていません。")
    facts = json.loads(row.server)
    try:
        secrets = unseal(row.sealed, account=bound, service=account.service)
    except (DoesNotOpen, KeyRingTrouble):
        raise NotConnected("保存された接続の鍵を開けません。鍵束のファイルを確かめてください。") from None
    return Link(account=bound, server=str(facts.get("server", "")), secrets=secrets, facts=facts)


def refuse_foreign_ring() -> None:
    """Raises KeyRingTrouble where the ring is missing, or does not open a live connection."""
    ring = load_key_ring()
    live = Connection.objects.filter(ended_at=None).values_list("sealed", "account_id", "account__service")
    closed = [sealed for sealed, account, service in live.iterator()
              if not _opens(sealed, account=str(account), service=service, ring=ring)]
    if closed:
        raise KeyRingTrouble(f"接続を封印した鍵がない: {len(closed)}件、{', '.join(sorted({*map(_key_of, closed)}))}")


def _key_of(sealed: bytes | memoryview) -> str:
    try:
        return sealed_with(sealed)
    except DoesNotOpen:
        return "封印が壊れています"


def _opens(sealed: bytes | memoryview, **bound: Any) -> bool:
    try:
        unseal(sealed, **bound)
    except DoesNotOpen:
        return False
    return True


_looked_at: list[tuple[object, str]] = []  # the ring's file as it was when it was last tried, and what was found


def ring_trouble() -> str:
    """Why no worker works with this host's key ring; empty where all is well. Asks the database when the file changes."""
    path = key_ring_path()
    try:
        found = path.stat()
        file: object = (str(path), found.st_ino, found.st_mtime_ns, found.st_mode)
    except OSError:
        file = str(path)
    if not _looked_at or _looked_at[-1][0] != file:
        _looked_at[:] = [(file, _trouble())]
    return _looked_at[-1][1]


def _trouble() -> str:
    if not Connection.objects.filter(ended_at=None).exists():
        return ""
    try:
        refuse_foreign_ring()
    except KeyRingTrouble as trouble:
        return str(trouble)
    return ""
