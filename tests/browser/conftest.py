"""One browser for all tests in it; koshiki, its worker and snac for those who ask."""

from tests.browser.desks import office, seat
from tests.browser.looking import browser
from tests.browser.working import worker
from tests.peers.snac import snac

__all__ = ["browser", "office", "seat", "snac", "worker"]
