"""Fixtures of the tests about posts."""

from tests.posts.delivering import installed, quick, server

__all__ = ["installed", "quick", "server"]
