"""What the frame around every staff page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from koshiki.guideline import guideline


def frame(request: HttpRequest) -> dict[str, Any]:
    """The city, and whether this is the sample."""
    return {"city": guideline().city, "guideline": guideline(), "sample": settings.KOSHIKI_SAMPLE}
