"""Every service that the harness publishes to, by name. Another is one line here, and its entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults import real, stand_ins
from tests.faults.of_stand_in import OfStandIn
from tests.faults.service import Service

SERVICES: dict[str, type[Service]] = {
    "no-keys": stand_ins.WithoutKeys,
    "keys": stand_ins.WithKeys,
    "bluesky": stand_ins.Bluesky,
    "x": stand_ins.X,
    "facebook": stand_ins.Facebook,
    "instagram": stand_ins.Instagram,
    "line": stand_ins.Line,
    "city-feed": real.CityFeed,
    "snac": real.Snac,
    "real-bluesky": real.RealBluesky,
    "wordpress": real.RealWordPress,
}
STAND_INS = tuple(name for name, kind in SERVICES.items() if issubclass(kind, OfStandIn))


@contextmanager
def services(names: str, *, seed: int, folder: Path) -> Iterator[list[Service]]:
    """Those of these names, joined by "+", running."""
    with ExitStack() as stack:
        yield [stack.enter_context(SERVICES[name](seed, folder).running()) for name in names.split("+")]
