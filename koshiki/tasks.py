"""Every job, chapter by chapter: Procrastinate finds them here. The functions live in their chapters."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

CHAPTERS = ("database", "organization", "register", "posts", "public", "desk")

for chapter in CHAPTERS:
    if find_spec(f"koshiki.{chapter}.jobs"):
        import_module(f"koshiki.{chapter}.jobs")
