"""Every service an account may live on. A service that koshiki can publish to = one module + its name here.

Where an account is not connected, and for a service that koshiki can't publish to, a person posts (hand_over/);
koshiki records and compares.
"""

from __future__ import annotations

from dataclasses import dataclass

from koshiki.networks.base import HandsOver, Link, Network, Publishes
from koshiki.networks.bluesky import Bluesky
from koshiki.networks.city_feed import CityFeed
from koshiki.networks.facebook import Facebook
from koshiki.networks.hand_over import services as by_hand
from koshiki.networks.instagram import Instagram
from koshiki.networks.line import Line
from koshiki.networks.mastodon import Mastodon
from koshiki.networks.wordpress import WordPress
from koshiki.networks.x import X
from koshiki.networks.youtube import YouTube


@dataclass(frozen=True)
class Service:
    """ソーシャルメディアのサービス — its key, its name as citizens know it, and the means by which posts get there."""

    key: str
    label: str
    adapter: type[Publishes] | None = None
    by_hand: type[HandsOver] | None = None

    def means(self, *, connected: bool) -> type[Network] | None:
        """koshiki itself where the account is connected or there is nothing to connect; else a person, where one can."""
        if self.adapter and (connected or self.by_hand is None or not self.adapter.needs_connection):
            return self.adapter
        return self.by_hand


def _of(adapter: type[Publishes], by_hand: type[HandsOver] | None = None) -> Service:
    return Service(adapter.key, adapter.label, adapter, by_hand)


SERVICES: dict[str, Service] = {
    service.key: service
    for service in (
        _of(Mastodon),
        _of(CityFeed),
        _of(Facebook, by_hand.Facebook),
        _of(X, by_hand.X),
        _of(Instagram, by_hand.Instagram),
        _of(YouTube, by_hand.YouTube),
        _of(Line, by_hand.Line),
        _of(Bluesky, by_hand.Bluesky),
        _of(WordPress, by_hand.Blog),
    )
}


def service_choices() -> list[tuple[str, str]]:
    """For a form's list of services."""
    return [(service.key, service.label) for service in SERVICES.values()]


def service_label(key: str) -> str:
    return SERVICES[key].label if key in SERVICES else key


def adapter(key: str) -> type[Publishes] | None:
    """The class by which koshiki itself publishes to this service; None where it can't."""
    service = SERVICES.get(key)
    return service.adapter if service else None


def means(key: str, *, connected: bool) -> type[Network] | None:
    """How posts get to an account of this service; None for a service that is none of these."""
    service = SERVICES.get(key)
    return service.means(connected=connected) if service else None


def network(key: str, link: Link | None = None) -> Publishes:
    """The adapter for a connection, or, without one, with the service's usual limits. Raises KeyError."""
    kind = adapter(key)
    if kind is None:
        raise KeyError(f"no adapter for {key}")
    return kind(link)
