"""Rows held while an act decides about them."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


def lock(thing: M) -> M:
    """The same row, locked until the transaction ends and read anew."""
    return thing.__class__._default_manager.select_for_update(of=("self",)).get(pk=thing.pk)
