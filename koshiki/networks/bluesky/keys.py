"""The key of a record (TID), chosen once for a delivery, and the addresses that are made of it.

A TID is thirteen letters: 53 bits of microseconds and 10 bits of the chooser's own, in an order that sorts by time.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

POSTS, REPOSTS, GATES = "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.feed.threadgate"
PROFILES = "app.bsky.actor.profile"

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID = re.compile(r"[234567a-j][234567a-z]{12}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Uri:
    """A record's own address: whose it is, what kind it is, its key."""

    did: str
    collection: str
    key: str

    def __str__(self) -> str:
        return f"at://{self.did}/{self.collection}/{self.key}"


def read_uri(said: str) -> Uri | None:
    """The parts of an at:// address; None for what is none."""
    match = re.fullmatch(r"at://(did:[a-z0-9]+:[A-Za-z0-9._:%-]+)/([A-Za-z0-9.-]+)/([A-Za-z0-9._~:-]+)", said)
    return Uri(*match.groups()) if match else None


def chosen_key(delivery: str, at: datetime) -> str:
    """The record key of a delivery whose intent was written at `at`: the same over all tries and look-ups.

    The time goes by milliseconds, as the record tells it; the delivery's own key makes up the rest.
    """
    own = int.from_bytes(hashlib.sha256(delivery.encode()).digest()[:8], "big")
    micros = (at - _EPOCH) // timedelta(milliseconds=1) * 1000 + own % 1000
    number = micros << 10 | own // 1000 % 1024
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(13)))


def time_of(key: str) -> datetime | None:
    """When a record's key was chosen; None for a key that doesn't tell."""
    if not _TID.fullmatch(key):
        return None
    number = sum(_LETTERS.index(letter) << 5 * place for place, letter in enumerate(reversed(key)))
    return _EPOCH + timedelta(microseconds=number >> 10)
