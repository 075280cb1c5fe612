"""A text as the checks read it, and what one check sees in it. Nothing here asks the database or the net."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import regex

# One character for one: places in the folded text are places in the text itself.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_FOLD |= {ord(dash): 0x2D for dash in "‐‑‒–—―−﹣"} | {ord("〜"): ord("~")}
_WITH_VOWEL = _FOLD | {ord("ー"): 0x2D, ord("ｰ"): 0x2D}
_AROUND = 12
_SENTENCE_END = regex.compile(r"[。．！？!?\n]")


@dataclass(frozen=True)
class Known:
    """市の知っていること — against what a text is checked: the day it goes out, the city's own numbers and names."""

    day: date
    domains: tuple[str, ...] = ()
    telephones: frozenset[str] = frozenset()  # digits only
    postal_codes: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()  # divisions and facilities as the city writes them


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
    known: Known
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
        """From where to where the sentence goes in which this place stands."""
        before = [m.end() for m in _SENTENCE_END.finditer(self.folded, 0, at)]
        after = _SENTENCE_END.search(self.folded, at)
        return (before[-1] if before else 0), (after.start() if after else len(self.folded))


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

    check: str
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
        """The same thing said once more, in whatever place or revision, has the same key."""
        return hashlib.sha256(f"{self.check}\0{self.quote}".encode()).hexdigest()[:16]


def found(check: Check, text: Text, spot: Spot) -> Found:
    """What stands at a spot, with a few characters around it."""
    words = text.words
    return Found(check.name, check.clause, words[spot.start:spot.end],
                 words[max(0, spot.start - _AROUND):spot.start].rpartition("\n")[2],
                 words[spot.end:spot.end + _AROUND].partition("\n")[0],
                 spot.reason, spot.advice, check.asks)
