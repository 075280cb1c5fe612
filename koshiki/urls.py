"""Every address, chapter by chapter."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import include, path

CHAPTERS = ("public", "organization", "audit", "register", "posts", "backup", "desk")

urlpatterns = [
    path("", include(import_module(f"koshiki.{chapter}.urls")))
    for chapter in CHAPTERS
    if find_spec(f"koshiki.{chapter}.urls")
]

handler400 = "koshiki.errors.bad_request"
handler403 = "koshiki.errors.forbidden"
handler404 = "koshiki.errors.not_found"
handler500 = "koshiki.errors.server_error"
