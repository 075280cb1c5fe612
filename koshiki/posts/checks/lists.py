"""The lists that the checks go by: lists.toml, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def listed(name: str) -> frozenset[str]:
    """One list of lists.toml by its name."""
    return frozenset(tomllib.loads(Path(__file__).with_name("lists.toml").read_text(encoding="utf-8"))[name])
