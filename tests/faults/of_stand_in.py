"""A stand-in of tests/networks as a service of the harness: stand_ins.py has one small entry for each.

It runs in a process of its own, so that a worker's death and birth touch none of its sockets. What an entry says is
asked there, where `state` is the stand-in: its own list of what it accepted is the truth.
"""

from __future__ import annotations

import multiprocessing
import random
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tests.faults.service import Accepted, Opened, Service

if TYPE_CHECKING:
    from tests.networks.stand_in import StandIn

LAG = 1.0  # seconds for which lists lag, where the service has any: shorter than the settle time
SWALLOWED = 0.05  # share of accepted posts whose answer never comes, in quiet times
TOKEN_SECONDS = 75  # koshiki begins nothing with a token that has less than a minute to go


class OfStandIn(Service):
    told = True
    usual: ClassVar[Mapping[str, Any]] = {"swallow": SWALLOWED, "fault": "", "clock_ahead": 0.0}
    state: Any

    @contextmanager
    def running(self) -> Iterator[Self]:
        """With the adapter pointed at it, here and in every worker that is forked from here."""
        from django.db import connections

        connections.close_all()
        self._line, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=self._serve, args=(theirs,), daemon=True)
        process.start()
        try:
            self.secrets = ["canary"]  # every secret of the stand-ins begins so
            for place, name, value in self.aims(self._line.recv()):
                setattr(place, name, value)
            self.tell(**self.usual)
            yield self
        finally:
            process.kill()
            process.join()

    def _serve(self, line: Connection) -> None:
        self.people = dict[str, Any]()
        self.chance = random.Random(self.seed)  # noqa: S311
        self.state = self.make()
        self.state.delay, self.state.lag, self.state.token_seconds = 0.02, LAG, TOKEN_SECONDS
        with self.state.running():
            line.send(self.state.base)
            while True:
                name, given = line.recv()
                with self.state.lock:
                    line.send(getattr(self, name)(*given))

    def _ask(self, name: str, *given: Any) -> Any:
        self._line.send((name, given))
        return self._line.recv()

    def open(self, name: str) -> Opened:
        opened: Opened = self._ask("_opened", name)
        return opened

    def revoke(self, names: list[str]) -> None:
        self._ask("_revoke", names)

    def accepted(self) -> list[Accepted]:
        return list(self._ask("_listed"))

    def begun(self) -> list[float]:
        return list(self._ask("_begun"))

    def complaints(self) -> list[str]:
        return list(self._ask("_complaints"))

    def tell(self, **wishes: Any) -> None:
        self._ask("_told", wishes)

    # ------------------------------------------------------------ in the stand-in's process

    def _opened(self, name: str) -> Opened:
        if name not in self.people:
            self.people[name] = self.add(name)
        return self.opened(self.people[name])

    def _revoke(self, names: list[str]) -> None:
        for name in names:
            self.shut(self.people[name])

    def _listed(self) -> list[Accepted]:
        return [Accepted(text, name.removeprefix("city"), at) for text, name, at in self.listed()]

    def _begun(self) -> list[float]:
        return list(self.state.begun)

    def _complaints(self) -> list[str]:
        return list(self.state.complaints)

    def _told(self, wishes: Mapping[str, Any]) -> None:
        self.wishes = {**getattr(self, "wishes", self.usual), **wishes}
        self.state.clock_ahead = self.wishes["clock_ahead"]
        self.state.fault_for = self._fault

    def _fault(self) -> str:
        return self.wishes["fault"] or ("swallow" if self.chance.random() < self.wishes["swallow"] else "")

    # ------------------------------------------------------------ what an entry says

    @abstractmethod
    def make(self) -> StandIn: ...

    def aims(self, base: str) -> Iterable[tuple[Any, str, str]]:
        """What of the adapter points to the service: places, names, values."""
        return ()

    @abstractmethod
    def add(self, name: str) -> Any:
        """A new account."""

    @abstractmethod
    def opened(self, account: Any) -> Opened: ...

    @abstractmethod
    def shut(self, account: Any) -> None:
        """What opens the account opens it no more."""

    @abstractmethod
    def listed(self) -> Iterable[tuple[str, str, float]]:
        """Text, name of the account, time of each post that can be seen."""
