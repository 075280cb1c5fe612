"""How long a text is on Mastodon."""

from __future__ import annotations

import time

import pytest

from koshiki.networks.mastodon import Mastodon


class TestCounting:
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("", 0),
            ("あいう", 3),
            ("葛󠄀飾区", 3),
            ("👨‍👩‍👧‍👦家族", 3),
            ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
            ("か\u3099", 1),
            ("https://www.city.iwata.shizuoka.jp/shisei/a/b/c/index.html?x=1#top", 23),
            ("見る https://a.jp", 3 + 23),
            ("詳しくはhttps://www.city.example.jp/a", 4 + 23),
            # On Mastodon an address goes on through Japanese words, up to the next space.
            ("https://www.city.example.jp/aをご覧ください。次 の文", 23 + 3),
            ("https://www.city.example.jpをご覧ください", 23 + 7),
            ("https://a.jp/(x)", 23),
            ("(https://a.jp/x)", 1 + 23 + 1),
            ("「https://a.jp/x」", 23 + 1 + 1),
            ("https://a.jp/x https://b.jp/y", 23 + 1 + 23),
            ("www.city.example.jp", 19),
            ("ahttps://a.jp/xyz", 17),
            ("@city@mstdn.example.jp です", 5 + 3),
            ("city@mail.example.jp", 20),
            ("1行目\n2行目", 7),
        ],
    )
    def test_a_text_counts_as_on_mastodon(self, text: str, length: int) -> None:
        assert Mastodon().count(text) == length

    def test_counting_a_hostile_text_takes_no_time(self) -> None:
        begun = time.monotonic()
        for piece in ("https://a.jp/", "(", "https://a.jp/" + "(" * 50, "a.", "@a", "/(/("):
            Mastodon().count(piece * 2000)
            Mastodon().count("https://a.jp/" + piece * 2000)
        assert time.monotonic() - begun < 5
