"""A delivery goes out once, as it was approved, or says why it did not (delivery, points 3, 4, 6–9)."""

from __future__ import annotations

import pytest

from tests.cast import Cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery, run

pytestmark = pytest.mark.usefixtures("installed")


def test_what_was_approved_appears_on_the_service(cast: Cast, server: MastodonServer) -> None:
    row = run(due_delivery(cast, connected(cast, server), text="避難所を開設しました。"))
    assert (row.state, [s.text for s in server.statuses]) == ("sent", ["避難所を開設しました。"])
    assert row.remote_id == server.statuses[0].id
    assert row.url.endswith(row.remote_id)


def test_and_in_the_city_feed(cast: Cast) -> None:
    row = run(due_delivery(cast, official(cast)))
    assert row.state == "sent"
    assert "#e-" in row.url
