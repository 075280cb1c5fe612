"""K-readers: what makes a text hard to read, or to hear from a screen reader. Advice: nobody must answer it."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from koshiki.posts.checks.reading import Spot, Text
from koshiki.text import graphemes

LONGEST_SENTENCE, MOST_TAGS, MOST_EMOJI = 100, 5, 8
_SENTENCE = regex.compile(r"[^。！？!?\n]+")
_TAG = regex.compile(r"(?<![\w&/])[#＃](?P<tag>[\w・ー]+)")
_TELEPHONE = regex.compile(r"[789]\d{3}")  # #7119, #8000, #9110 are called by telephone
_EMOJI = regex.compile(r"(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)(?:[\p{M}\p{Emoji_Modifier}]"
                       r"|\u200D\p{Extended_Pictographic})*")
_IN_A_ROW = regex.compile(rf"(?:{_EMOJI.pattern}\s?){{4,}}")
_LETTER = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_SPACED = regex.compile(rf"(?<![^\s【「『]){_LETTER}(?:[ 　]{_LETTER}){{2,}}(?![^\s】」』。、!！])")
_LINE = regex.compile(r"([━─＝=＊*★☆◆■□●○～〜_＿#＃・…\-])\1{7,}")
_FACE = regex.compile(r"[(（][^()（）\s\p{Han}]{0,3}[\^＾;；・ωдДεT＿_▽∀][^()（）\p{Han}\p{Hiragana}]{1,6}[)）][ノ/♪]?"
                      r"|m\(_ _\)m|orz")
_FANCY = regex.compile(r"[\U0001D400-\U0001D7FF\u249C-\u24E9\U0001F130-\U0001F169]+")
_BAD_ALT = regex.compile(r"(?:(?:画像|写真|イメージ|動画|図|バナー|ポスター|チラシ)\d{0,3}(?:です)?。?"
                         r"|.*\.(?:jpe?g|png|gif|webp|mp4|mov)|(?:IMG|DSC|image)[_\-]?\d*)",
                         regex.I)


def long_sentences(text: Text) -> Iterator[Spot]:
    """長い文."""
    for match in _SENTENCE.finditer(text.words):
        words = match[0].strip()
        if len(words) > LONGEST_SENTENCE and (count := graphemes(words)) > LONGEST_SENTENCE and "://" not in words:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Spot(start, start + len(words), f"一つの文が{count}字あります。",
                       "二つか三つの文に分けると、読みやすくなります。")


def hashtags(text: Text) -> Iterator[Spot]:
    """ハッシュタグ — too many, or such as no service links."""
    tags = list(_TAG.finditer(text.words))
    if len(tags) > MOST_TAGS:
        yield Spot(tags[MOST_TAGS].start(), tags[-1].end(), f"ハッシュタグが{len(tags)}あります。",
                   f"{MOST_TAGS}までに絞ると、読みやすくなります。")
    for match in tags:
        if (match["tag"].isdecimal() and not _TELEPHONE.fullmatch(match["tag"])) or "・" in match["tag"]:
            yield Spot(match.start(), match.end(), "数字だけの、又は「・」を含むハッシュタグは、つながりません。",
                       "文字だけのハッシュタグに直してください。")


def emoji(text: Text) -> Iterator[Spot]:
    """絵文字の多用 — a screen reader says the name of each."""
    if text.words.isascii():
        return
    if row := _IN_A_ROW.search(text.words):
        yield Spot(row.start(), row.end(), "絵文字が続いています。読み上げでは、一つずつ名前が読まれます。",
                   "一つか二つにしてください。")
    elif len(every := list(_EMOJI.finditer(text.words))) > MOST_EMOJI:
        yield Spot(every[MOST_EMOJI].start(), every[MOST_EMOJI].end(), f"絵文字が{len(every)}あります。",
                   "要るものだけにすると、読み上げでも伝わります。")


def read_aloud(text: Text) -> Iterator[Spot]:
    """読み上げられない書き方 — spaced letters, drawn lines, faces, letters of mathematics."""
    for pattern, reason, advice in (
        (_SPACED, "文字の間を空けると、読み上げや検索で一つの言葉になりません。", "間を空けずに書いてください。"),
        (_LINE, "記号の線は、読み上げでは記号の名前が続きます。", "行を空けて区切ってください。"),
        (_FACE, "顔文字は、読み上げでは記号の名前が続きます。", "言葉で書いてください。"),
        (_FANCY, "飾り文字は、読み上げや検索で読めません。", "ふつうの文字で書いてください。"),
    ):
        for match in pattern.finditer(text.words):
            yield Spot(match.start(), match.end(), reason, advice)


def alt_texts(text: Text) -> Iterator[Spot]:
    """代替テキスト — that says nothing of what is to be seen."""
    if text.alt and _BAD_ALT.fullmatch(text.words.strip()):
        yield Spot(0, len(text.words), "何が写っているかが分かりません。",
                   "見えない人に電話で伝えるつもりで、写っているものと、画像の中の文字を書いてください。")
