"""§5(1)–(9): words that may fall under the nine, and words that few understand. The words are data: words.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import regex

from koshiki.posts.checks.reading import Spot, Text


@dataclass(frozen=True)
class Rule:
    """One row of words.toml: what is looked for, in which sentences not, why, what to do; `instead`: §5(7)'s exception."""

    say: regex.Pattern[str]
    reason: str
    advice: str
    unless: regex.Pattern[str] | None = None
    instead: regex.Pattern[str] | None = None


def words_under(clause: str) -> Callable[[Text], Iterator[Spot]]:
    """What finds the words that stand under this clause."""

    def find(text: Text) -> Iterator[Spot]:
        for rule in _rules()[clause]:
            said = [match.span() for match in rule.say.finditer(text.folded)
                    if match[0] and not _is_meant_otherwise(rule, text, match)]
            exception = _exception(rule, text) if said else ""
            for start, end in said:
                yield Spot(start, end, rule.reason + exception, rule.advice)

    return find


def _is_meant_otherwise(rule: Rule, text: Text, match: regex.Match[str]) -> bool:
    return rule.unless is not None and rule.unless.search(text.folded, *text.sentence(match.start())) is not None


def _exception(rule: Rule, text: Text) -> str:
    """§5(7) lets a city ask its citizens widely: then it is the basis that is wanted."""
    asked = rule.instead and rule.instead.search(text.folded)
    return "市民に広く意見を求める場合に当たるときは、根拠が要ります。" if asked else ""


def _alone(words: Iterable[str]) -> Iterator[str]:
    """Katakana words that are no part of a longer one: ブス, and not カブス."""
    return (rf"(?<![ァ-ヺー]){word}(?![ァ-ヺー])" for word in words)


@cache
def _rules() -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for row in tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))["word"]:
        patterns = {name: regex.compile(row[name]) for name in ("unless", "instead") if name in row}
        said = regex.compile("|".join([*row["say"], *_alone(row.get("alone", ()))]))
        rule = Rule(said, row["reason"], row["advice"], **patterns)
        found.setdefault(row["clause"], []).append(rule)
    return found
