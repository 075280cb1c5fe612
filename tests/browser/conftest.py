"""koshiki, its worker and snac for those who ask."""

from tests.browser.desks import office, seat
from tests.browser.working import worker
from tests.peers.snac import snac

__all__ = ["office", "seat", "snac", "worker"]
