"""How long a text is on X: as its own twitter-text counts (version 3), or rather longer where that is not certain."""

from __future__ import annotations

import time

import pytest

from koshiki.networks import means, network
from koshiki.networks.x import X


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("abc 123", 7),
        ("あいう", 6),
        ("ｱｲｳ", 6),
        ("ＡＢ", 4),
        ("café", 4), ("cafe\u0301", 4),  # composed first
        ("1行目\n2行目", 11),
        ("「」。、", 8), ("“‘—…", 5),
        ("한글", 4), ("ไทย", 3), ("עברית", 5), ("Привет", 6), ("§", 1), ("→", 2), ("①", 2), ("€", 2),
        ("葛󠄀", 4),
        ("👾", 2), ("🙋🏽", 2), ("👨‍🎤", 2), ("👨‍👩‍👧‍👦", 2), ("🇯🇵", 2), ("1️⃣", 2), ("❤️", 2), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2),
        ("👨‍👩‍👧‍👦家族", 6),
        ("https://a.jp", 23), ("http://a.jp", 23),
        ("https://www.city.iwata.shizuoka.jp/shisei/a/b/c/index.html?x=1#top", 23),
        ("詳しくは https://a.jp/x をご覧ください。", 9 + 23 + 1 + 16),
        ("詳しくはhttps://a.jp/xをご覧ください。", 8 + 23 + 16),
        ("https://a.jp https://b.jp", 47),
        ("（https://a.jp/x）", 2 + 23 + 2),
        ("https://a.jp。", 25),
        ("city.jp", 23),
        ("www.city.iwata.shizuoka.jp", 26),  # X counts 23; rather more than less
        ("#磐田市 @iwata_city", 7 + 1 + 11),
        ("koho@city.jp", 12),
    ],
)  # fmt: skip
def test_a_text_weighs_as_on_x(text: str, weight: int) -> None:
    assert X().count(text) == weight


def test_it_weighs_the_same_whether_koshiki_or_a_person_posts_it() -> None:
    by_hand = means("x", connected=False)
    assert by_hand is not None
    assert by_hand is not X
    for text in ("あ" * 140, "https://a.jp 👨‍👩‍👧‍👦", "café"):
        assert by_hand().count(text) == network("x").count(text)


def test_a_text_that_is_too_long_becomes_a_thread_of_posts_that_fit() -> None:
    text = "避難所を開設しました。川の近くの方は、すぐに高い所へ移ってください。\n\n" * 12
    parts = [part["text"] for part in X().segments({"text": text})]
    assert len(parts) > 1
    assert all(X().count(part) <= 280 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert X().problems({"text": text}, ()) == []
    assert "10件まで" in X().problems({"text": text * 12}, ())[0].message


def test_weighing_a_hostile_text_takes_no_time() -> None:
    begun = time.monotonic()
    for piece in ("https://a.jp/", "a.", "a-", "-.", "//", "👨‍", "\u0301", "https://a.jp/a-"):
        X().count(piece * 3000)
    assert time.monotonic() - begun < 5
