"""What the city knows of itself, for the checks: its domains, its telephones, the names of its divisions and facilities."""

from __future__ import annotations

from datetime import date

from koshiki.guideline import guideline
from koshiki.organization.models import Division
from koshiki.posts.checks import Known


def known_on(day: date) -> Known:
    """For a text that goes out on this day. One question to the database."""
    city, divisions = guideline().city, list(Division.objects.values_list("name", "telephone"))
    telephones = [telephone for _, telephone in divisions] + [city["telephone"], *city["telephones"]]
    return Known(day, tuple(city["domains"]), frozenset(filter(None, map(_digits, telephones))),
                 frozenset(map(_digits, city["postal_codes"])), (*(name for name, _ in divisions), *city["facilities"]))


def private_on(day: date) -> Known:
    """For what somebody writes privately (§3): nobody's telephones are the city's there. No question to the database."""
    city = guideline().city
    return Known(day, tuple(city["domains"]), names=tuple(city["facilities"]))


def _digits(telephone: str) -> str:
    return "".join(filter(str.isdigit, telephone))
