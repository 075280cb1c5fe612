"""§4(4): amounts and digits that may be misread."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from koshiki.posts.checks.reading import Spot, Text

_GROUPED = regex.compile(r"(?<![\d,.])\d+(?:,\d+)+(?![\d,])(?=\s?(?:円|人|名|件|冊|個|世帯|万|億|千"
                         r"|平方|トン|キロ|部|本|台|枚|ポイント))")
_WELL = regex.compile(r"\d{1,3}(?:,\d{3})+")
_TWICE = regex.compile(r"(?<![\d,])\d[\d,]*+(?:\s?[千万億]?円){2,}|[¥\\]\s?\d[\d,]*+\s?円"
                       r"|(?<![\d,])\d[\d,]*+\s?(?:万万|億億|千千|万億|千億万)円?")
_FULL, _HALF = regex.compile(r"[０-９]{2,}"), regex.compile(r"(?<![A-Za-z0-9:/._\-=?&#@])[0-9]+(?![A-Za-z0-9:/._\-=?&#@])")
_HALF_KANA = regex.compile(r"[\uFF66-\uFF9F]+")
_ENTITY = r"&(?:amp|lt|gt|quot|nbsp|#\d+);"
_GARBLED = regex.compile(r"[\uE000-\uF8FF\U000F0000-\U0010FFFD\uFFFD]|縺[^\s]{2,}|繧[^\s]{2,}"
                         rf"|(?<=[\p{{L}}\d]){_ENTITY}|{_ENTITY}(?=[\p{{L}}\d])")
_OLD_MACHINES = regex.compile(r"[\u2460-\u2473\u2160-\u217F\u3220-\u32FF\u3300-\u33FF]")


def grouping(text: Text) -> Iterator[Spot]:
    """桁の区切り — 1,00円, 10,0000円; a unit said twice."""
    for match in _GROUPED.finditer(text.folded):
        if not _WELL.fullmatch(match[0]):
            yield Spot(match.start(), match.end(), "3桁ごとの区切りになっていません。",
                       "数字を元の資料で確かめて、直してください。")
    for match in _TWICE.finditer(text.folded):
        yield Spot(match.start(), match.end(), "金額の書き方が重なっています。",
                   "金額を元の資料で確かめて、直してください。")


def widths(text: Text) -> Iterator[Spot]:
    """全角と半角の数字 — both in one text: a search finds only one of them."""
    if (full := _FULL.search(text.words)) and _HALF.search(text.words):
        yield Spot(full.start(), full.end(), "全角の数字と半角の数字が混じっています。",
                   "半角にそろえると、検索や読み上げで扱いやすくなります。")


def garbled(text: Text) -> Iterator[Spot]:
    """文字化け — characters that no font shares, signs of a text read in a wrong code."""
    for match in _GARBLED.finditer(text.words):
        yield Spot(match.start(), match.end(), "文字化けした、又はほかの機械で表示できない文字です。",
                   "正しい文字に書き直してください。")


def old_machines(text: Text) -> Iterator[Spot]:
    """機種により読み上げられない文字 — ① ㈱ Ⅲ ㎡, half-width kana."""
    for pattern in (_OLD_MACHINES, _HALF_KANA):
        for match in pattern.finditer(text.words):
            yield Spot(match.start(), match.end(), "古い機械や読み上げでは、正しく伝わらないことがあります。",
                       "「(1)」「株式会社」「3」「平方メートル」、全角の片仮名のように書いてください。")
