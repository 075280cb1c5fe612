"""What the tests of the checks know: one day, one city; and which checks see something in a text."""

from __future__ import annotations

from datetime import date

from koshiki.posts.checks import Known, examine

DAY = date(2026, 11, 28)  # a Saturday
KNOWN = Known(DAY, ("city.iwata.shizuoka.jp",), frozenset({"0538000110", "0538000500"}), frozenset({"4388650"}),
              ("防災課", "水道課", "広報広聴シティプロモーション課", "磐田市民文化会館", "竜洋海洋公園"))


def seen(words: str, *, alt: bool = False, day: date = DAY) -> list[tuple[str, str]]:
    """The check and what it points at, for everything that is seen."""
    known = Known(day, KNOWN.domains, KNOWN.telephones, KNOWN.postal_codes, KNOWN.names)
    return [(found.name, found.quote) for found in examine(words, known, alt=alt)]


def clauses(words: str) -> set[str]:
    """The clauses under which something is seen."""
    return {found.clause for found in examine(words, KNOWN)}
