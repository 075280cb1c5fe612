"""The real servers that tests here may ask for."""

from tests.peers.bluesky import bluesky, bluesky_network
from tests.peers.snac import snac
from tests.peers.wordpress import installed_wordpress, wordpress

__all__ = ["bluesky", "bluesky_network", "installed_wordpress", "snac", "wordpress"]
