"""Stand-ins (`stand_in.py`) that answer by routes.

One derives from `ServiceServer` and names its `routes`. What a route does returns a `Reply`; a route that
publishes goes through the faults that the server was told to have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.networks.stand_in import WAITS, Handler, StandIn


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def form(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; `data` None for one without a body."""

    data: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Act = Callable[[Any, Request], Reply]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    act: Act
    publishes: bool = False


class ServiceServer(StandIn):
    requests: list[Request]

    routes: tuple[Route, ...] = ()

    def asked(self, method: str, path: str) -> list[Request]:
        """What came for this path, in order."""
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    def error(self, status: int, words: str) -> Reply:
        """An error as this service says it."""
        raise NotImplementedError

    def without_id(self, reply: Reply) -> Reply:
        """A success that names nothing."""
        raise NotImplementedError


class _Handler(Handler):
    state: ServiceServer
    asked: Request

    def noted(self, method: str) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked = Request(method, self.path.partition("?")[0], self.many, headers, self.body)
        return self.asked

    def answer(self, method: str, path: str) -> None:
        fitting = (r for r in self.state.routes if r.method == method and re.fullmatch(r.path, path))
        if (route := next(fitting, None)) is None:
            self.give(self.state.error(404, "Not found"))
        elif route.publishes:
            self.publishing(lambda: self._done(route), self.give)
        else:
            self.give(self._done(route))

    def _done(self, route: Route) -> Reply:
        with self.state.lock:
            return route.act(self.state, self.asked)

    def give(self, reply: Reply) -> None:
        body = b"" if reply.data is None else json.dumps(reply.data).encode()
        self.send_body(body, reply.status, **reply.headers)

    # -------------------------------------------------------- faults

    def refuse(self, fault: str) -> None:
        reply = self.state.error(int(fault[:3]), f"told to answer {fault}")
        self.give(Reply(reply.data, reply.status, {"Retry-After": WAITS[fault]}) if fault in WAITS else reply)

    def misanswered(self, fault: str, accepted: Reply) -> None:
        if fault == "no-id":
            self.give(self.state.without_id(accepted))
        else:
            super().misanswered(fault, accepted)

    def give_broken(self, body: bytes, accepted: Reply) -> None:
        self.send_body(body, **accepted.headers)


ServiceServer.handler = _Handler
