"""A text as the checks read it, and what one check sees in it. Nothing here asks the database or the net."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import regex

# One character for one: places in the folded text are places in the text itself.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_FOLD |= {ord(dash): 0x2D for dash in "‐‑‒–—―−﹣"} | {ord("〜"): ord("~")}
_WITH_VOWEL = _FOLD | {ord("ー"): 0x2D, ord("ｰ"): 0x2D}
_AROUND = 12
_FOLLOWED = 300  # characters of a sentence before and after a place
_SENTENCE_END = regex.compile(r"[。．！？!?\n]")


class Knowing(Protocol):
    """市の知っていること — against what a text is checked. Numbers and names are asked for only where a text holds some."""

    @property
    def day(self) -> date:
        """The day on which the text goes out."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The city's own; what lies below them is the city's too."""

    @property
    def telephones(self) -> frozenset[str]:
        """The city's own, digits only; empty where nobody's are asked for."""

    @property
    def postal_codes(self) -> frozenset[str]:
        """Of the city's offices, digits only."""

    @property
    def names(self) -> tuple[str, ...]:
        """Divisions and facilities as the city writes them."""


@dataclass(frozen=True)
class Known:
    """What is known beforehand."""

    day: date
    domains: tuple[str, ...] = ()
    telephones: frozenset[str] = frozenset()
    postal_codes: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spot:
    """所 — from where to where in a text something stands, why it is pointed out, and what to do."""

    start: int
    end: int
    reason: str
    advice: str


@dataclass(frozen=True)
class Text:
    """One text with its folded form: full-width letters and digits as half-width ones, every dash as `-`."""

    words: str
    known: Knowing
    alt: bool = False  # describes an image or film
    memo: dict[str, Any] = field(default_factory=dict)  # what several checks read of it, read once

    @cached_property
    def folded(self) -> str:
        return self.words.translate(_FOLD)

    @cached_property
    def dashed(self) -> str:
        """Folded, and the long vowel mark a dash too: where digits stand around it, it is meant as one."""
        return self.words.translate(_WITH_VOWEL)

    def sentence(self, at: int) -> tuple[int, int]:
        """From where to where the sentence goes in which this place stands, as far as a reader would follow it."""
        place = bisect_right(self._ends, at)
        start = self._ends[place - 1] if place else 0
        end = self._ends[place] - 1 if place < len(self._ends) else len(self.folded)
        return max(start, at - _FOLLOWED), min(end, at + _FOLLOWED)

    @cached_property
    def _ends(self) -> list[int]:
        """Where each sentence is over, read once."""
        return [match.end() for match in _SENTENCE_END.finditer(self.folded)]


@dataclass(frozen=True)
class Check:
    """点検 — one thing that is looked for, under its clause. `asks`: the author must answer; else it is advice."""

    name: str
    clause: str
    find: Callable[[Text], Iterator[Spot]]
    asks: bool = True


@dataclass(frozen=True)
class Found:
    """見つかったこと — by which check and clause, where, what stands there with what is around it, why, what to do."""

    name: str
    clause: str
    quote: str
    before: str
    after: str
    reason: str
    advice: str
    asks: bool
    places: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> str:
        """The same thing said once more, in whatever place or revision, has the same key.

        What a word of §5 means, the words around it say: elsewhere it is another thing. A number is the same everywhere.
        """
        around = f"\0{self.before}\0{self.after}" if self.clause.startswith("§5") else ""
        return hashlib.sha256(f"{self.name}\0{self.quote}{around}".encode(errors="surrogatepass")).hexdigest()[:16]


def found(check: Check, text: Text, spot: Spot) -> Found:
    """What stands at a spot, with a few characters around it."""
    before, after = text.words[:spot.start].rpartition("\n")[2], text.words[spot.end:].partition("\n")[0]
    return Found(check.name, check.clause, text.words[spot.start:spot.end],
                 f"…{before[-_AROUND:]}" if len(before) > _AROUND else before,
                 f"{after[:_AROUND]}…" if len(after) > _AROUND else after,
                 spot.reason, spot.advice, check.asks)
