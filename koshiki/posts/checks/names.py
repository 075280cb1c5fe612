"""§4(4): names of divisions and facilities, as the city writes them and nearly so."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from koshiki.posts.checks.links import apart
from koshiki.posts.checks.reading import Spot, Text

_NAME = regex.compile(r"[\p{Han}ァ-ヺー・]{3,30}(?:課|室|局|部|館|舘|センター|ホール|病院|公園|支所|庁舎|プラザ)")
_SHORTEST = 5  # of shorter names too many others differ by one letter


def misspelt(text: Text) -> Iterator[Spot]:
    """名前の書き誤り — a name that is nearly one of the city's list, and none of it."""
    for match in _NAME.finditer(text.words):
        written = match[0]
        if any(name in written or written in name for name in text.known.names):
            continue
        near = next((name for name in text.known.names if len(name) >= _SHORTEST and _is_near(written, name)), "")
        if near:
            yield Spot(match.start(), match.end(), f"市の一覧では「{near}」です。",
                       "正しい名前か、別の施設や課かを確かめてください。")


def _is_near(written: str, name: str) -> bool:
    return 0 < apart(written, name) <= (1 if len(name) < 10 else 2)
