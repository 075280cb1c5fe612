"""What a reader can press in a text: addresses, hashtags, mentions, each told by its bytes in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import regex

from koshiki.text import graphemes, located_links

Facet = dict[str, Any]

_LONGEST_TAG, _MOST_TAG_BYTES = 64, 640
_BEFORE = r"(?<![^\s(（「『【、。])"  # where a word begins
_TAG = regex.compile(rf"{_BEFORE}[#＃](?P<tag>[\p{{L}}\p{{M}}\p{{N}}_]*[\p{{L}}_][\p{{L}}\p{{M}}\p{{N}}_]*)")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MENTION = regex.compile(rf"{_BEFORE}@(?P<handle>(?:{_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9])(?![a-z0-9@_-])", regex.I)


def mentioned(text: str) -> list[str]:
    """The handles of the accounts that a text mentions, in order, each once."""
    return list(dict.fromkeys(match["handle"].lower() for match in _MENTION.finditer(text)))


def facets(text: str, dids: Mapping[str, str]) -> list[Facet]:
    """The facets of a text, in order; `dids` tells whose a handle is, and a handle of nobody's stays plain."""
    return sorted([*_links(text), *_tags(text), *_mentions(text, dids)], key=_start)


def _links(text: str) -> Iterator[Facet]:
    for begin, link in located_links(text):
        yield _facet(text, begin, begin + len(link.url), "link", uri=link.address)


def _tags(text: str) -> Iterator[Facet]:
    for match in _TAG.finditer(text):
        tag = match["tag"]
        if graphemes(tag) <= _LONGEST_TAG and len(tag.encode()) <= _MOST_TAG_BYTES:
            yield _facet(text, match.start(), match.end(), "tag", tag=tag)


def _mentions(text: str, dids: Mapping[str, str]) -> Iterator[Facet]:
    for match in _MENTION.finditer(text):
        if did := dids.get(match["handle"].lower()):
            yield _facet(text, match.start(), match.end(), "mention", did=did)


def _facet(text: str, begin: int, end: int, kind: str, **told: str) -> Facet:
    first, last = (len(text[:place].encode()) for place in (begin, end))
    return {"index": {"byteStart": first, "byteEnd": last},
            "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **told}]}


def _start(facet: Facet) -> int:
    return int(facet["index"]["byteStart"])
