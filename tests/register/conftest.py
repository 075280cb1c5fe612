"""Fixtures of the tests about accounts that are connected."""

from tests.posts.delivering import installed, server

__all__ = ["installed", "server"]
