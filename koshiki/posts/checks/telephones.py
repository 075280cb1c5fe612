"""§4(4): telephone numbers that no telephone has, and such as are none of the city's known ones."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from koshiki.posts.checks.reading import Spot, Text

# Full numbers (0538-37-4800, 0538(37)4800, 0538 37 4800), and long ones without any mark between: no part of a key.
_NUMBER = regex.compile(r"(?<![\d\-/.,])\(?0\d{1,4}\)?[ \-(]{1,2}\d{1,4}[ \-)]{1,2}\d{3,4}(?![\d,]|-\d)"
                        r"|(?<![\dA-Za-z\-/.,])0\d{9,10}(?![\dA-Za-z,]|-\d)")
_LABELLED = regex.compile(r"(?:電話(?:番号)?|TEL|Tel|tel|℡|☎|FAX|Fax|ファクス|ファックス|問合せ先?"
                          r"|問い合わせ先?)\s?[:は.]?\s?"
                          r"(?P<number>\(?0\d{1,4}\)?[ \-(]{1,2}\d{1,5}[ \-)]{1,2}\d{1,5}(?!\d|-\d)|0\d{7,12}(?!\d))")
_MOBILE = ("090", "080", "070", "060")
_LONG = {"0120": 10, "0800": 11, "0570": 10, "0990": 10, "050": 11, "020": 11} | dict.fromkeys(_MOBILE, 11)


def impossible(text: Text) -> Iterator[Spot]:
    """桁数の合わない番号 — too many or too few digits, or parts of a length that no number has."""
    for start, end, digits in _numbers(text):
        if len(digits) != _length(digits) or digits.startswith("00"):
            if digits in text.known.telephones:
                continue
            yield Spot(start, end, f"電話番号の桁数（{len(digits)}桁）が合いません。",
                       "正しい番号を確かめて、直してください。")


def unknown(text: Text) -> Iterator[Spot]:
    """市の番号でないもの — well-formed, but none that the city's divisions and facilities have."""
    for start, end, digits in _numbers(text):
        whole = len(digits) == _length(digits)
        if whole and not digits.startswith(_MOBILE) and digits not in (text.known.telephones or {digits}):
            yield Spot(start, end, "市の電話番号の一覧にない番号です。",
                       "番号に誤りがないか、どこの番号かを確かめてください。")


def _length(digits: str) -> int:
    return next((length for head, length in _LONG.items() if digits.startswith(head)), 10)


def _numbers(text: Text) -> Iterator[tuple[int, int, str]]:
    """Each number once, where it stands and its digits."""
    seen: set[int] = set()
    for pattern, group in ((_NUMBER, 0), (_LABELLED, "number")):
        for match in pattern.finditer(text.dashed):
            start, end = match.span(group)
            if not seen & set(range(start, end)):
                seen |= set(range(start, end))
                yield start, end, regex.sub(r"\D", "", match[group])
