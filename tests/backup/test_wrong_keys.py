"""A key ring that does not open what was sealed: nothing goes out, every page says so, and it heals with the file."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from koshiki.networks.credentials import ensure_key_ring
from koshiki.organization.models import Person
from koshiki.posts.models import Delivery
from tests.backup.commands import Place
from tests.cast import make_cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery
from tests.posts.test_delivery_worker import until, workers

WORDS = "鍵束が合わないため、何も発信していません"


def test_nothing_goes_out_and_pages_stay_up_until_the_right_ring_is_back(
    here: Place, server: MastodonServer, signed_in: Callable[[Person], Client],
) -> None:
    cast = make_cast()
    due_delivery(cast, connected(cast, server))
    ring, right = here.home / "keys.json", here.home / "right.json"
    assert WORDS not in signed_in(cast.abe).get("/").content.decode()
    ring.rename(right)
    ensure_key_ring(ring)
    said = here.refuses("worker", "--once", KOSHIKI_SECRET_KEY="of this test")
    assert "発信できません" in said
    assert str(ring) in said
    page = signed_in(cast.abe).get("/")
    assert (page.status_code, WORDS in page.content.decode()) == (200, True)
    assert (len(server.statuses), Delivery.objects.get().state) == (0, "waiting")

    right.replace(ring)
    with workers(1, {**here.environment}):
        assert until(lambda: Delivery.objects.get().state == "sent")
    assert WORDS not in signed_in(cast.abe).get("/").content.decode()


def test_a_lost_ring_is_never_replaced_in_silence(here: Place, server: MastodonServer) -> None:
    connected(make_cast(), server)
    (here.home / "keys.json").unlink()
    assert "別に保管していたものを置いてください" in here.does("setup_database")
    assert not (here.home / "keys.json").exists()
