"""K-readers: what is hard to read or to hear is advised on; nobody must answer it."""

from __future__ import annotations

import pytest

from koshiki.posts.checks import CHECKS
from tests.posts.checking import seen

pytestmark = pytest.mark.clause("K-readers")


@pytest.mark.parametrize(("words", "check"), [
    ("午前10時から午後３０分", "全角と半角"), ("㈱磐田商店", "古い機械で読めない文字"), ("ﾃﾞｰﾀ放送", "古い機械で読めない文字"),
    ("この計画は、" * 20, "長い文"), ("可及的速やかに提出を", "言い換え"), ("新しいスキームです", "言い換え"),
    ("#あ #い #う #え #お #か", "ハッシュタグ"), ("#2026", "ハッシュタグ"), ("祭りです🎉🎉🎉🎉", "絵文字"),
    ("お 知 ら せ", "読み上げ"), ("━━━━━━━━━━", "読み上げ"), ("どうぞ(^_^)", "読み上げ"), ("𝗦𝗔𝗟𝗘です", "読み上げ"),
])
def test_what_is_hard_is_advised_on(words: str, check: str) -> None:
    assert check in {found for found, _ in seen(words)}


@pytest.mark.parametrize("words", ["写真です", "画像1", "IMG_0123.jpg", "チラシ"])
def test_an_alt_text_says_what_is_to_be_seen(words: str) -> None:
    assert [found for found, _ in seen(words, alt=True)] == ["代替テキスト"]
    assert seen(words) == [], "only where an image is described"


@pytest.mark.parametrize("words", [
    "総合防災訓練を行います🚒", "日時：12月6日(日) 9時から", "A棟 B棟 C棟", "#磐田市 #防災訓練", "（雨天決行）",
    "東 西 南に分かれます", "1：00", "対象：小・中学生（保護者同伴）",
    "消防団員が放水している写真です。青い空に水しぶきが上がっている。", "磐田市の人口（令和8年11月1日現在）",
])
def test_plain_texts_are_left_in_peace(words: str) -> None:
    assert seen(words, alt=True) == seen(words) == []


def test_advice_asks_for_no_answer_and_all_else_does() -> None:
    assert {check.clause for check in CHECKS if not check.asks} == {"K-readers"}
