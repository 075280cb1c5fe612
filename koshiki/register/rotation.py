"""鍵の更新 — everything sealed is sealed anew under the newest key of the ring, while koshiki works; safe to end anywhere.

Each row is written by itself, and only if nobody has changed it meanwhile: what was sealed anew by its own worker is
under the newest key already.
"""

from __future__ import annotations

from dataclasses import dataclass

from koshiki.networks.credentials import KeyRing, load_key_ring, reseal, sealed_with
from koshiki.register.link import Sealed, everything_sealed


@dataclass(frozen=True)
class Rotated:
    """How many secrets were sealed anew, how many already were, and which keys nothing needs any more."""

    resealed: int
    fresh: int
    unneeded: tuple[str, ...]


def rotate() -> Rotated:
    """Seals anew what is under an older key. Raises KeyRingTrouble, DoesNotOpen (then a host's ring lacks a key)."""
    ring = load_key_ring()
    resealed = [_resealed(kept, ring) for kept in everything_sealed()]
    needed = {sealed_with(kept.sealed) for kept in everything_sealed()} | {ring.newest}
    return Rotated(sum(resealed), resealed.count(False), tuple(key for key in ring.keys if key not in needed))


def _resealed(kept: Sealed, ring: KeyRing) -> bool:
    if sealed_with(kept.sealed) == ring.newest:
        return False
    anew = reseal(kept.sealed, account=kept.account, service=kept.service, ring=ring)
    unchanged = type(kept.row)._default_manager.filter(pk=kept.row.pk, sealed=kept.sealed, ended_at=None)
    return bool(unchanged.update(sealed=anew))
