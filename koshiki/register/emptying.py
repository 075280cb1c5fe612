"""The receiver outside (deploy/receiver) is emptied from inside: fetched, stored, committed, and only then acknowledged there.

Killed in between, the same is fetched again and stored once (register/incoming.py). Nothing outside is believed: every
signature is checked here, with the secret that only this side has to have.
"""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django.conf import settings

from koshiki.networks.base import Forged, NotSent, Secret
from koshiki.networks.http import NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of
from koshiki.networks.outcomes import Outcome
from koshiki.register.incoming import inlet_at, take_in

ROUNDS = 50  # in one job
_MOST_BYTES = 8_000_000  # of one answer: the receiver gives half of it, in base64
log = logging.getLogger("koshiki.incoming")


@dataclass(frozen=True)
class Lying:
    """One request that lies in the receiver, by the name under which it lies."""

    name: str
    service: str
    path: str
    signature: str
    body: bytes


def is_outside() -> bool:
    """Does a receiver outside take in what services tell?"""
    return bool(settings.KOSHIKI_INCOMING_URL and settings.KOSHIKI_RECEIVER_KEY)


def empty_receiver() -> None:
    """Takes over all that lies there, oldest first. Raises NotSent, Rejected, TokenDead where the receiver does not answer
    as one; NotConnected where the key ring does not open: what is not stored stays there."""
    for _ in range(ROUNDS):
        lying = _fetched()
        if not lying:
            return
        stored: list[str] = []
        try:
            for thing in lying:
                _store(thing)
                stored.append(thing.name)
        finally:
            if stored:
                _asked("POST", "spool/taken/", json={"names": stored})


def _store(thing: Lying) -> None:
    """What nobody signed, or what is nobody's, is left behind as it would be at the door. Raises NotConnected."""
    inlet = inlet_at(thing.service, thing.path)
    if inlet is None:
        return log.warning("what came in for an address that is not in use is dropped: %s", thing.name)
    try:
        take_in(inlet, thing.body, thing.signature)
    except (Forged, ValueError):
        log.warning("what came in for account %s is not signed or not readable, and is dropped: %s", inlet.account_id, thing.name)
    return None


def _fetched() -> list[Lying]:
    told = _asked("GET", "spool/")
    listed = told.get("lying") if isinstance(told, dict) else None
    try:
        return [_lying(entry) for entry in listed or ()]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise NotSent("受信機の答えを読み取れません。") from None


def _lying(entry: dict[str, Any]) -> Lying:
    texts = {name: str(entry[name])[:200] for name in ("name", "service", "path", "signature")}
    return Lying(**texts, body=base64.b64decode(entry["body"], validate=True))


def _asked(method: str, path: str, **sent: Any) -> Any:
    try:
        answer = call(method, urljoin(settings.KOSHIKI_INCOMING_URL, path), token=Secret(settings.KOSHIKI_RECEIVER_KEY),
                      private=True, max_bytes=_MOST_BYTES, **sent)
        return judged(answer)
    except (NeverSent, NoAnswer) as failure:
        raise harmless(outcome_of(failure)) from None
    except Outcome as outcome:
        raise harmless(outcome) from None
