"""What the city knows of itself, for the checks: its domains, its telephones, the names of its divisions and facilities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from koshiki.guideline import guideline
from koshiki.organization.models import Division
from koshiki.posts.checks import Knowing, Known


@dataclass
class OfTheCity:
    """市の知っていること — for a text that goes out on `day`. The divisions are asked for once, where a text needs them."""

    day: date

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(guideline().city["domains"])

    @cached_property
    def telephones(self) -> frozenset[str]:
        city = guideline().city
        written = [telephone for _, telephone in self._divisions] + [city["telephone"], *city["telephones"]]
        return frozenset(filter(None, map(_digits, written)))

    @property
    def postal_codes(self) -> frozenset[str]:
        return frozenset(map(_digits, guideline().city["postal_codes"]))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return (*(name for name, _ in self._divisions), *guideline().city["facilities"])

    @cached_property
    def _divisions(self) -> list[tuple[str, str]]:
        return list(Division.objects.values_list("name", "telephone"))


def private_on(day: date) -> Knowing:
    """For what somebody writes privately (§3): the telephones in it are none of the city's. Asks no database."""
    city = guideline().city
    return Known(day, tuple(city["domains"]), names=tuple(city["facilities"]))


def _digits(telephone: str) -> str:
    return "".join(filter(str.isdigit, telephone))
