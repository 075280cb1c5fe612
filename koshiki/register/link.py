"""An account's connection, opened for its adapter, and the form in which it is kept: secrets sealed, facts in the clear."""

from __future__ import annotations

import json
from typing import Any

from koshiki.networks import adapter
from koshiki.networks.base import Link
from koshiki.networks.credentials import DoesNotOpen, KeyRingTrouble, load_key_ring, seal, sealed_with, unseal
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
    """Raises KeyRingTrouble where the ring is missing, or lacks a key under which a live connection is sealed."""
    keys = load_key_ring().keys
    live = Connection.objects.filter(ended_at=None).values_list("sealed", flat=True)
    if missing := {sealed_with(sealed) for sealed in live.iterator()} - {*keys}:
        raise KeyRingTrouble(f"接続を封印した鍵がない: {', '.join(sorted(missing))}")
