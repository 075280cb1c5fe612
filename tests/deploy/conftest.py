"""Fixtures of the tests about installations."""

from tests.posts.delivering import server

__all__ = ["server"]
