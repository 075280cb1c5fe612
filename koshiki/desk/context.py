"""What the frame around every staff page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from koshiki.desk.bars import bars
from koshiki.desk.navigation import navigation
from koshiki.guideline import guideline
from koshiki.organization.models import Person


def frame(request: HttpRequest) -> dict[str, Any]:
    """The city, whether this is the sample; for whom the page is, where they can go, what is stopped."""
    around = {"city": guideline().city, "guideline": guideline(), "sample": settings.KOSHIKI_SAMPLE}
    person = getattr(request, "user", None)
    return {**around, **_of(request, person)} if isinstance(person, Person) else around


def _of(request: HttpRequest, person: Person) -> dict[str, Any]:
    known = {"person": person, "sign_out_url": reverse("sign_out"), "divisions": "・".join(person.standing.names)}
    if person.must_change_password:
        return known
    return {**known, "navigation": navigation(request, person), "bars": bars(person)}
