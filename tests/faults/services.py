"""The services that the harness publishes to: one of its own that counts, and snac."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from tests.faults.ground import CountingServer, counting_server

LAG = 1.0  # seconds for which the counting service's lists lag: shorter than the settle time


@dataclass(frozen=True)
class Accepted:
    """A post as the service has it; `at` is at most a second early where the service tells whole seconds."""

    text: str
    account: str
    at: float


class Service(Protocol):
    secrets: list[str]

    def connect(self, account: Any, by: Any) -> None:
        """Opens a user of its own for the account."""

    def accepted(self) -> list[Accepted]: ...

    def calm(self) -> None:
        """Swallows no more answers."""


class Counting:
    """Our own: swallows answers after accepting, shows nothing in its lists before `LAG`, counts."""

    def __init__(self, server: CountingServer, honours_keys: bool) -> None:
        self.server, self.software = server, "mastodon" if honours_keys else "other"
        self.secrets = ["secret-city"]

    def connect(self, account: Any, by: Any) -> None:
        from tests.posts.delivering import connect

        connect(account, self.server.base, f"secret-city{account.pk}", by=by, software=self.software,
                remote_account_id=f"city{account.pk}")

    def accepted(self) -> list[Accepted]:
        return [Accepted(made["text"], made["account"].removeprefix("city"), made["at"])
                for made in self.server.accepted()]

    def calm(self) -> None:
        self.server.tell(swallow=0)


class RealSnac:
    """snac, with a user for each account; it honours no key."""

    def __init__(self, snac: Any) -> None:
        self.snac, self.tokens = snac, {}
        self.secrets: list[str] = []

    def connect(self, account: Any, by: Any) -> None:
        from koshiki.networks.credentials import Secret
        from koshiki.networks.mastodon import Mastodon
        from koshiki.register.link import kept
        from koshiki.register.models import Connection

        user = f"city{account.pk}"
        token = self.snac.token(user, self.snac.add_user(user))
        link = Mastodon.with_token(self.snac.base, Secret(token), account=str(account.pk))
        Connection.objects.create(account=account, remote_id=link.facts["remote_account_id"], connected_by=by,
                                  handle=link.facts["handle"], **kept(link, service="mastodon"))
        self.tokens[str(account.pk)] = token
        self.secrets.append(token)

    def accepted(self) -> list[Accepted]:
        return [Accepted(_plain(str(status["content"])), account,
                         datetime.fromisoformat(str(status["created_at"])).timestamp() + 1)
                for account, token in self.tokens.items() for status in self.snac.statuses(token)]

    def calm(self) -> None: ...


def _plain(content: str) -> str:
    return re.sub(r"<[^>]+>", "", content).strip()


@contextlib.contextmanager
def service(name: str, *, swallow: float, seed: int, folder: Path) -> Iterator[Service]:
    """`keys`, `no-keys` (our own server) or `snac`."""
    if name == "snac":
        from tests.peers.snac import running_snac

        with running_snac(folder / "snac") as snac:
            yield RealSnac(snac)
    else:
        keys = name == "keys"
        with counting_server(honour_keys=keys, delay=0.02, swallow=swallow, lag=LAG, seed=seed) as server:
            yield Counting(server, keys)
