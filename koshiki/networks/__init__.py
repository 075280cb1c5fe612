"""Every service an account may live on. A service that koshiki can publish to = one module + its name here.

A service that koshiki can't publish to is served by hand-over (hand_over/): a person posts, koshiki records and compares.
"""

from __future__ import annotations

from dataclasses import dataclass

from koshiki.networks.base import Link, Network, Publishes
from koshiki.networks.city_feed import CityFeed
from koshiki.networks.hand_over import services as by_hand
from koshiki.networks.mastodon import Mastodon


@dataclass(frozen=True)
class Service:
    """ソーシャルメディアのサービス — its key, its name as citizens know it, its adapter if there is one."""

    key: str
    label: str
    adapter: type[Network] | None = None


SERVICES: dict[str, Service] = {
    service.key: service
    for service in (
        Service("mastodon", "Mastodon", Mastodon),
        Service("city_feed", "市の発信一覧", CityFeed),
        *(Service(kind.key, kind.label, kind) for kind in by_hand.ALL),
    )
}


def service_choices() -> list[tuple[str, str]]:
    """For a form's list of services."""
    return [(service.key, service.label) for service in SERVICES.values()]


def service_label(key: str) -> str:
    return SERVICES[key].label if key in SERVICES else key


def adapter(key: str) -> type[Network] | None:
    """The adapter's class; None for a service that is none of these."""
    service = SERVICES.get(key)
    return service.adapter if service else None


def network(key: str, link: Link | None = None) -> Network:
    """The adapter for a connection, or, without one, with the service's usual limits. Raises KeyError."""
    kind = adapter(key)
    if kind is None:
        raise KeyError(f"no adapter for {key}")
    return kind(link)


def publishing(key: str, link: Link | None = None) -> Publishes:
    """The same, for a service that can publish. Raises KeyError where it can't."""
    opened = network(key, link)
    if not isinstance(opened, Publishes):
        raise KeyError(f"{key} does not publish")
    return opened
