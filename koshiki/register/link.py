"""An account's connection, opened for its adapter, and the form in which it is kept: secrets sealed, facts in the clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from koshiki import clock
from koshiki.networks import adapter
from koshiki.networks.base import Link, Secret, SignsIn
from koshiki.networks.credentials import (
    DoesNotOpen,
    KeyRingTrouble,
    key_ring_path,
    load_key_ring,
    seal,
    sealed_with,
    unseal,
)
from koshiki.register.models import Account, Connection, ServiceApp

APP = "app"  # what stands for the account where a secret belongs to a service as a whole
EARLY = timedelta(days=1)


class NotConnected(Exception):
    """The account has no connection that opens; `reason` is Japanese, for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def kept(link: Link, *, service: str) -> dict[str, Any]:
    """The columns of a Connection that hold this link. Raises KeyRingTrouble."""
    facts = {**link.facts, "server": link.server}
    expires_at = datetime.fromisoformat(facts["expires_at"]) if facts.get("expires_at") else None
    return {"sealed": seal(link.secrets, account=link.account, service=service),
            "server": json.dumps(facts, ensure_ascii=False, sort_keys=True),
            "expires_at": expires_at, "refresh_at": _in_good_time(expires_at) if expires_at else None}


def _in_good_time(expires_at: datetime) -> datetime:
    """When to refresh: with a quarter of the time still to come, at most a day before it runs out."""
    now = clock.now()
    return expires_at - min((expires_at - now) / 4, EARLY)


def app_of(service: str) -> dict[str, Secret]:
    """What IT registered at the service; empty where nothing is. Raises NotConnected where it doesn't open."""
    row = ServiceApp.objects.filter(service=service, ended_at=None).first()
    return _unsealed(row.sealed, account=APP, service=service) if row else {}


def _unsealed(sealed: bytes | memoryview, *, account: str, service: str) -> dict[str, Secret]:
    try:
        return unseal(sealed, account=account, service=service)
    except (DoesNotOpen, KeyRingTrouble):
        raise NotConnected("保存された接続の鍵を開けません。鍵束のファイルを確かめてください。") from None


def link_of(account: Account) -> Link:
    """The account's live connection, opened; a service that needs none gets an empty one. Raises NotConnected."""
    kind, bound = adapter(account.service), str(account.pk)
    if kind is not None and not kind.needs_connection:
        return Link(account=bound)
    row = Connection.objects.filter(account=account, ended_at=None).first()
    if row is None:
        raise NotConnected("アカウントがサービスに接続されていません。")
    return opened(row, account)


def opened(row: Connection, account: Account) -> Link:
    """This connection's link. Raises NotConnected."""
    facts, bound = json.loads(row.server), str(account.pk)
    secrets = _unsealed(row.sealed, account=bound, service=account.service)
    return Link(bound, str(facts.get("server", "")), secrets, facts, app_of(account.service) if _has_app(account) else {})


def _has_app(account: Account) -> bool:
    kind = adapter(account.service)
    return kind is not None and issubclass(kind, SignsIn) and bool(kind.app_fields)


def refuse_foreign_ring() -> None:
    """Raises KeyRingTrouble where the ring is missing, or does not open a live connection."""
    ring = load_key_ring()
    closed = [kept.sealed for kept in everything_sealed()
              if not _opens(kept.sealed, account=kept.account, service=kept.service, ring=ring)]
    if closed:
        raise KeyRingTrouble(f"接続を封印した鍵がない: {len(closed)}件、{', '.join(sorted({*map(_key_of, closed)}))}")


@dataclass(frozen=True)
class Sealed:
    """One secret as it is kept: its row, and what is bound into it."""

    row: Connection | ServiceApp
    sealed: bytes
    account: str
    service: str


def everything_sealed() -> Iterator[Sealed]:
    """All secrets that are in use: those of connections and those of the services' apps."""
    for row in Connection.objects.filter(ended_at=None).select_related("account").order_by("pk").iterator():
        yield Sealed(row, bytes(row.sealed), str(row.account_id), row.account.service)
    for app in ServiceApp.objects.filter(ended_at=None).order_by("pk"):
        yield Sealed(app, bytes(app.sealed), APP, app.service)


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
    if not any(model.objects.filter(ended_at=None).exists() for model in (Connection, ServiceApp)):
        return ""
    try:
        refuse_foreign_ring()
    except KeyRingTrouble as trouble:
        return str(trouble)
    return ""
