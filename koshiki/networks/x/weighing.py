"""How X weighs a text: letters of the West 1, all others 2, an emoji 2, every address 23; 280 in all.

Where its own way is not certain (what it takes for an address without https://), a text weighs rather more here
than less: what passes here, passes there.
"""

from __future__ import annotations

import unicodedata

import regex

URL = 23
_LABEL = r"[a-z0-9](?:[a-z0-9_\-]*[a-z0-9])?"
_ADDRESS = regex.compile(
    rf"https?://[!-~]*[a-z0-9=_#/+&\-]|(?<![a-z0-9@._\-])(?:{_LABEL}\.)+[a-z]{{2,}}(?:/[!-~]*[a-z0-9=_#/+&\-])?",
    regex.IGNORECASE,
)
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


def weight(text: str) -> int:
    """The weighted length of a text, as X counts it."""
    text = unicodedata.normalize("NFC", text)
    found = list(_ADDRESS.finditer(text))
    addresses = sum(URL if "://" in match[0] else max(URL, len(match[0])) for match in found)
    rest = _ADDRESS.sub("", text)
    return addresses + sum(_of(match[0]) for match in regex.finditer(r"\X", rest))


def _of(character: str) -> int:
    if _EMOJI.search(character):
        return 2
    return sum(1 if any(first <= ord(c) <= last for first, last in _LIGHT) else 2 for c in character)
