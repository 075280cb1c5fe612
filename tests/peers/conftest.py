"""The real servers that tests here may ask for."""

from tests.peers.snac import snac
from tests.peers.wordpress import installed_wordpress, wordpress

__all__ = ["installed_wordpress", "snac", "wordpress"]
