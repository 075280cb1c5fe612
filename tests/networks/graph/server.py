"""A small server of the tests' own that speaks the Graph API over real sockets on loopback, as its documents say.

Every call is held against Meta's own models (`models.py`): one that they don't know is refused and remembered, and
fails the test. Tokens must come in the header, each with its proof. What it accepted it counts, and it can be told to
misbehave as servers do. Here its state; door.py lets in and answers; facebook.py and instagram.py do what is asked.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from koshiki.networks.graph.api import VERSION
from tests.networks.graph.models import names_in
from tests.networks.stand_in import MARK, StandIn

APP_ID, APP_SECRET = "710000000000001", f"{MARK}app-secret-0123456789"

Given = dict[str, str]


class Refusal(Exception):
    """What the server answers instead, in Meta's own form."""

    def __init__(self, code: int, message: str = "refused", *, subcode: int = 0, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf"}}
        if subcode:
            self.body["error"]["error_subcode"] = subcode


@dataclass
class Node:
    """A thing with an id: `kind` is a key of `door.MODELS`, or one that they don't know (a container)."""

    id: str
    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class File:
    name: str
    kind: str
    bytes: bytes


Act = Callable[["GraphServer", Node, Given, "File | None"], Any]


class GraphServer(StandIn):
    """Start it with `door.running`. Its faults are also `code:190`, `code:100/33` (refused) and `transient-accepted`."""

    acts: dict[tuple[str, str, str], Act]
    """What is done for (kind of node, method, edge)."""
    faulty: Callable[[tuple[str, str, str], Given], bool]
    """Whether a call is the one that makes a publication seen, which is what faults befall."""

    def __init__(self) -> None:
        super().__init__()
        self.lag = 0.0
        """Seconds until a publication shows in lists."""
        self.page_size = 100
        self.list_answer: Any = None
        self.read_answer: Any = None
        """Instead of a publication that is read, as `list_answer` instead of a list."""
        self.declined: set[str] = set()
        """Permissions that the person does not allow."""
        self.nodes: dict[str, Node] = {}
        self.tokens: dict[str, Node] = {}
        self.codes: dict[str, tuple[Node, Given]] = {}
        self._ids = itertools.count(17_000_000_000_000_001)
        self.user = self.add("user", name="青木")

    @property
    def api(self) -> str:
        return f"{self.base}/{VERSION}"

    def new_id(self) -> str:
        return str(next(self._ids))

    def add(self, kind: str, node_id: str = "", **data: Any) -> Node:
        node = Node(node_id or self.new_id(), kind, data)
        self.nodes[node.id] = node
        return node

    def of(self, kind: str, **wanted: Any) -> list[Node]:
        """The nodes of a kind with these data, oldest first."""
        return [node for node in list(self.nodes.values())
                if node.kind == kind and all(node.data.get(key) == value for key, value in wanted.items())]

    def token_for(self, node: Node) -> str:
        token = f"{MARK}{secrets.token_urlsafe(24)}"
        self.tokens[token] = node
        return token

    def revoke_all(self) -> None:
        self.tokens.clear()

    def listed(self, nodes: list[Node], shown: Callable[[Node], dict[str, Any]], given: Given) -> dict[str, Any]:
        """A page of a list, newest first, with its cursor; what is too new is not seen yet."""
        seen = datetime.now(UTC) - timedelta(seconds=self.lag)
        newest = sorted((node for node in nodes if node.at <= seen), key=lambda node: node.at, reverse=True)
        start, size = int(given.get("after", 0)), min(int(given.get("limit", 25)), self.page_size)
        end = start + size
        paging = {"cursors": {"before": str(start), "after": str(end)}}
        onward = {"next": f"{self.api}/onward"} if end < len(newest) else {}
        return {"data": [picked(shown(node), given) for node in newest[start:end]], "paging": paging | onward}


def picked(data: dict[str, Any], given: Given) -> dict[str, Any]:
    """Only what was asked for, as the service does; `id` always."""
    asked = names_in(given.get("fields", "")) | {"id"}
    return {key: value for key, value in data.items() if key in asked}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")
