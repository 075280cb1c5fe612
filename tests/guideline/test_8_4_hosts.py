"""§8(4): where a link truly leads: shorteners and hosts that look like the city's are pointed out, quotes of others too."""

from __future__ import annotations

import pytest

from tests.posts.checking import seen

pytestmark = pytest.mark.clause("§8(4)")


@pytest.mark.parametrize(("words", "check"), [
    ("詳しくは https://bit.ly/3abc へ", "短縮されたアドレス"), ("x.gd/AbCdを見て", "短縮されたアドレス"),
    ("https://www.tinyurl.com/a", "短縮されたアドレス"),
    ("https://t.co/abc", "短縮されたアドレス"),
    ("https://city.iwata.shizuoka.jp.evil.com/", "市に似たアドレス"), ("https://www.city-iwata.jp/", "市に似たアドレス"),
    ("https://city.iwata.shizuoka.jp@evil.com/", "市に似たアドレス"), ("https://сity.iwata.shizuoka.jp/", "市に似たアドレス"),
    ("https://city.iwata.shizuoka.co.jp/", "市に似たアドレス"), ("https://city.lwata.shizuoka.jp/", "市に似たアドレス"),
    ("http://192.0.2.1/a", "市に似たアドレス"),
    ("RT @someone よい話です", "市以外の投稿の引用"), ("引用元：@some_one", "市以外の投稿の引用"),
])
def test_where_it_leads_is_pointed_out(words: str, check: str) -> None:
    assert [found for found, _ in seen(words)] == [check]


@pytest.mark.parametrize("words", [
    "https://www.city.iwata.shizuoka.jp/bosai/", "https://www.jma.go.jp/bosai/", "https://www.pref.shizuoka.jp/",
    "https://www.city.hamamatsu.shizuoka.jp/",
    "https://habit.ly.example/", "https://www.youtube.com/watch?v=abc", "START @ホール",
    "https://www.city.fukuroi.shizuoka.jp/",
])
def test_honest_addresses_are_left_in_peace(words: str) -> None:
    assert seen(words) == []
