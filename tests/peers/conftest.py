"""The real servers that tests here may ask for."""

from tests.peers.snac import snac

__all__ = ["snac"]
