"""届いたもの — what services tell by themselves, committed before they are answered, and read as the account's comments.

It comes in directly (views/incoming.py) or by the receiver outside a closed network (emptying.py); both end here.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from koshiki import clock
from koshiki.networks import SERVICES, adapter, network
from koshiki.networks.base import Comment, Receives
from koshiki.register.link import NotConnected, link_of
from koshiki.register.models import Account, Connection, Incoming, Inlet

MOST_BYTES = 1_000_000  # of one request


def receives(service: str) -> type[Receives] | None:
    """The adapter of a service that tells by itself what came in; None for one that does not."""
    kind = adapter(service) if service in SERVICES else None
    return kind if kind is not None and issubclass(kind, Receives) else None


def inlet_at(service: str, path: str) -> Inlet | None:
    """The inlet in use at this address, of an account that is connected: what others tell, nobody could check."""
    live = Inlet.objects.filter(path=path, ended_at=None, account__service=service)
    connected = Connection.objects.filter(account=OuterRef("account"), ended_at=None)
    return live.filter(Exists(connected)).select_related("account").first()


def take_in(inlet: Inlet, body: bytes, signature: str) -> None:
    """Keeps what of it is to be kept, each thing once; when this returns, it is committed.

    Raises Forged, ValueError (not the service's form), NotConnected (the key ring does not open): nothing is kept.
    """
    arrived = _reader(inlet.account).received(body, signature)
    now = clock.now()
    with transaction.atomic(durable=True):
        Incoming.objects.bulk_create([
            Incoming(account=inlet.account, number=thing.number, text=thing.text, at=thing.at, received_at=now)
            for thing in arrived], ignore_conflicts=True)


def comments_since(account: Account, since: datetime) -> list[Comment]:
    """What people wrote to the account since then, oldest first, as `ShowsComments.comments` tells it elsewhere (§8(2)).

    Without what they took back. Raises KeyError for a service that tells nothing by itself.
    """
    kind = receives(account.service)
    if kind is None:
        raise KeyError(account.service)
    kept = Incoming.objects.filter(account=account, at__gte=since).order_by("at", "pk")
    return kind().comments_in(kept.values_list("text", flat=True))


def _reader(account: Account) -> Receives:
    opened = network(account.service, link_of(account))
    if not isinstance(opened, Receives):
        raise NotConnected("このサービスからは、届くものがありません。")
    return opened
