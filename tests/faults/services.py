"""The services that the harness publishes to: one of its own that counts, snac, and the city's own feed."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from tests.faults.ground import CountingServer, counting_server

LAG = 1.0  # seconds for which the counting service's lists lag: shorter than the settle time
SWALLOWED = 0.05  # share of accepted posts whose answer never comes, in quiet times


@dataclass(frozen=True)
class Accepted:
    """A post as the service has it; `at` is at most a second early where the service tells whole seconds."""

    text: str
    account: str
    at: float


class Service(Protocol):
    key: str
    secrets: list[str]
    usual: dict[str, Any]

    def connect(self, account: Any, by: Any) -> None:
        """Opens a user of its own for the account; again, after its token was revoked."""

    def accepted(self) -> list[Accepted]: ...

    def begun(self) -> list[float]:
        """When calls that publish came in, as far as the service tells."""

    def tell(self, **wishes: Any) -> None:
        """Behave otherwise from now on, where the service can be told."""

    def calm(self) -> None:
        """Swallow no more answers."""


class Counting:
    """Our own: swallows answers after accepting, shows nothing in its lists before `LAG`, counts."""

    key = "mastodon"

    def __init__(self, server: CountingServer) -> None:
        self.server = server
        self.secrets = ["secret-city"]
        self.usual: dict[str, Any] = {"swallow": SWALLOWED, "answer": "", "date": 0}

    def connect(self, account: Any, by: Any) -> None:
        from koshiki.register.actions.connect import connect_with_key
        from tests.networks.mastodon_server import pasted

        type(account).objects.filter(pk=account.pk).update(url=f"{self.server.base}/@city{account.pk}")
        account.refresh_from_db()
        connect_with_key(account, pasted(self.server.base, f"secret-city{account.pk}"), by=by)

    def accepted(self) -> list[Accepted]:
        return [Accepted(made["text"], made["account"].removeprefix("city"), made["at"])
                for made in self.server.accepted()]

    def begun(self) -> list[float]:
        return self.server.begun()

    def tell(self, **wishes: Any) -> None:
        self.server.tell(**wishes)

    def calm(self) -> None:
        self.tell(**self.usual | {"swallow": 0})


class Untold:
    """A service that can't be told to misbehave."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.usual: dict[str, Any] = {}

    def begun(self) -> list[float]:
        return []

    def tell(self, **wishes: Any) -> None:
        raise NotImplementedError

    def calm(self) -> None: ...


class RealSnac(Untold):
    """snac, with a user for each account; it honours no key."""

    key = "mastodon"

    def __init__(self, snac: Any) -> None:
        super().__init__()
        self.snac, self.tokens = snac, dict[str, str]()

    def connect(self, account: Any, by: Any) -> None:
        from koshiki.register.link import kept
        from koshiki.register.models import Connection
        from tests.networks.mastodon_server import connected

        user = f"city{account.pk}"
        token = self.snac.token(user, self.snac.add_user(user))
        link = connected(self.snac.base, token, account=str(account.pk))
        Connection.objects.create(account=account, remote_id=link.facts["remote_account_id"], connected_by=by,
                                  handle=link.facts["handle"], **kept(link, service="mastodon"))
        self.tokens[str(account.pk)] = token
        self.secrets.append(token)

    def accepted(self) -> list[Accepted]:
        return [Accepted(_plain(str(status["content"])), account,
                         datetime.fromisoformat(str(status["created_at"])).timestamp() + 1)
                for account, token in self.tokens.items() for status in self.snac.statuses(token)]


class CityFeed(Untold):
    """The city's own feed: entries in a folder."""

    key = "city_feed"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder / "feed/entries"

    def connect(self, account: Any, by: Any) -> None: ...

    def accepted(self) -> list[Accepted]:
        found = []
        for path in self.folder.glob("*.json"):
            entry = json.loads(path.read_text("utf-8"))
            found.append(Accepted(entry["content"]["text"], entry["account"], path.stat().st_mtime))
        return found


def _plain(content: str) -> str:
    return re.sub(r"<[^>]+>", "", content).strip()


@contextlib.contextmanager
def service(name: str, *, seed: int, folder: Path) -> Iterator[Service]:
    """`keys`, `no-keys` (our own server), `snac` or `city-feed`."""
    if name == "city-feed":
        yield CityFeed(folder)
    elif name == "snac":
        from tests.peers.snac import running_snac

        with running_snac(folder / "snac") as snac:
            yield RealSnac(snac)
    else:
        wishes = {"honour_keys": name == "keys", "delay": 0.02, "swallow": SWALLOWED, "lag": LAG}
        with counting_server(seed=seed, **wishes) as server:
            yield Counting(server)
