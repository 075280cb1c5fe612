"""X over real sockets: the contract, and what it takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from koshiki.networks import network
from koshiki.networks.base import Link, Network
from tests.networks.contract import Contract
from tests.networks.x_server import XServer


class TestX(Contract):
    letter = "a"

    @pytest.fixture
    def opened(self, link: Link) -> Network:
        return network("x", link)

    @pytest.fixture
    def visible(self, server: XServer) -> Callable[[], int]:
        return lambda: len(server.posts)
