"""How Mastodon counts: graphemes, every address as 23, a mention without its server.

An address begins at https:// and goes on to the next space, Japanese words included, as it does there.
"""

from __future__ import annotations

import regex

from koshiki.text import graphemes

URL_LENGTH = 23

_WITHIN = r"[^\p{White_Space}<>()?]"
_BRACKETS = rf"\((?:{_WITHIN}+|{_WITHIN}*\({_WITHIN}+\){_WITHIN}*)\)"
_END = rf"(?:[^\p{{White_Space}}()?!*\"'「」<>;:=,.$%\[\]~&|@]|{_BRACKETS})"
_PATH = rf"(?:{_WITHIN}*(?:{_BRACKETS}{_WITHIN}*)*{_END}|{_WITHIN}+/)"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?"
_QUERY = r"\?(?:[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^]|[^\x00-\x9f\s])*(?:[a-z0-9_&=#/\-]|[^\x00-\x9f\s])"
_ADDRESS = regex.compile(
    rf"(?<![a-z0-9@＠$#＃])https?://(?:{_LABEL}\.)+(?:[a-z]{{2,}}|xn--[a-z0-9-]+)(?![a-z0-9@])"
    rf"(?::[0-9]+)?(?:/{_PATH}*)?(?:{_QUERY})?",
    regex.IGNORECASE,
)
_MENTION = regex.compile(r"(?<![\w/])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\w.-]+\w", regex.IGNORECASE)


def length(text: str, url_length: int = URL_LENGTH) -> int:
    """The length of a status's text as a Mastodon server counts it."""
    return graphemes(_MENTION.sub(r"@\1", _ADDRESS.sub("x" * url_length, text)))
