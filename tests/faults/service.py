"""What the harness knows of a service: how an account is opened and connected, what a post needs, what was accepted.

An entry derives from `Service`; stand_ins.py has those of our own, real.py those that are not, services.py names all.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

import httpx

BACK = "https://koshiki.example.jp/accounts/connect/callback/"


@dataclass(frozen=True)
class Accepted:
    """A post as the service has it; `at` is at most a second early where the service tells whole seconds."""

    text: str
    account: str
    at: float


@dataclass(frozen=True)
class Opened:
    """An account at the service: its address, and what a person pastes to connect it, or as whom they sign in there."""

    url: str
    pasted: Mapping[str, str] = field(default_factory=dict)
    login: str = ""


class Service(ABC):
    """Where a run publishes to. Used within `running()`."""

    key: ClassVar[str]
    publishes: ClassVar[re.Pattern[bytes]] = re.compile(rb"(?!)")
    """The call that makes a post seen: `POST /path`."""
    told: ClassVar[bool] = False
    """Whether it can be told to misbehave, and to revoke."""
    uploads: ClassVar[bool] = True
    """Whether pictures are taken one by one before the post."""
    pictured: ClassVar[bool] = False
    """Whether there is no post without a picture."""
    short_lived: ClassVar[bool] = False
    """Whether what connects runs out so soon that it is renewed in mid-run."""
    most_accounts: ClassVar[int | None] = None
    usual: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder, self.secrets = seed, folder, list[str]()

    @classmethod
    def is_installed(cls) -> bool:
        return True

    @contextmanager
    def running(self) -> Iterator[Self]:
        yield self

    @property
    def adapter(self) -> Any:
        """koshiki's class for it."""
        from koshiki.networks import adapter

        return adapter(self.key)

    # ------------------------------------------------------------ accounts

    def content(self, text: str) -> dict[str, str]:
        """What goes to an account of it, for this text."""
        return {"text": text}

    def open(self, name: str) -> Opened:
        """A new account of this name; the same again with fresh keys, after its own were revoked."""
        raise NotImplementedError

    def connect(self, account: Any, cast: Any) -> None:
        """The registered account, by koshiki's own ways; also again."""
        from koshiki.networks.base import Secret
        from koshiki.register.actions.connect import connect_with_key

        opened = self.open(name_of(account))
        type(account).objects.filter(pk=account.pk).update(url=opened.url)
        account.refresh_from_db()
        if opened.login:
            self._sign_in(account, opened.login, cast)
        else:
            pasted = {key: Secret(value) for key, value in opened.pasted.items()}
            connect_with_key(account, pasted, by=cast.chiba)

    def app(self) -> Mapping[str, str]:
        """What IT registered there, where accounts are connected by signing in."""
        return {}

    def _sign_in(self, account: Any, login: str, cast: Any) -> None:
        from koshiki.networks.base import Secret
        from koshiki.register.actions.apps import live_app, register_app
        from koshiki.register.actions.connect import begin_connection, finish_connection

        if live_app(self.key) is None:
            register_app(self.key, {key: Secret(value) for key, value in self.app().items()}, by=cast.noda)
        address = begin_connection(account, "", session="harness", redirect_uri=BACK, by=cast.chiba)
        onward = httpx.get(f"{address}&login={login}").headers["location"]
        back = parse_qs(urlsplit(onward).query)
        finish_connection(back["state"][0], back["code"][0], session="harness", by=cast.chiba)

    # ------------------------------------------------------------ what it says

    @abstractmethod
    def accepted(self) -> list[Accepted]:
        """All that can be seen there now."""

    def as_listed(self, text: str) -> str:
        """How a text is recognised in `accepted`."""
        return text

    def begun(self) -> list[float]:
        """When calls that publish came in, as far as the service tells."""
        return []

    def complaints(self) -> list[str]:
        """What it was asked otherwise than its own models allow."""
        return []

    # ------------------------------------------------------------ what it is told

    def tell(self, **wishes: Any) -> None:
        """Behave otherwise from now on: any of `usual`."""
        raise NotImplementedError

    def revoke(self, names: list[str]) -> None:
        """The keys of these accounts open nothing any more."""
        raise NotImplementedError

    def calm(self) -> None:
        """Swallow no more answers."""
        if self.told:
            self.tell(**{**self.usual, "swallow": 0.0})


def name_of(account: Any) -> str:
    """What the registered account is called at its service."""
    return f"city{account.pk}"


def squeezed(text: str) -> str:
    """Without white space, for services that show it as they like."""
    return "".join(text.split())
