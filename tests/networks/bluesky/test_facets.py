"""What can be pressed in a text, told by its bytes."""

from __future__ import annotations

import time

import pytest

from koshiki.networks.bluesky.facets import facets, mentioned

DIDS = {"bousai.city.example.jp": "did:plc:bousai", "a.example": "did:plc:a"}


def pressed(text: str) -> list[tuple[str, str]]:
    """What stands in the text where something can be pressed, and where it leads."""
    raw, found = text.encode(), []
    for facet in facets(text, DIDS):
        [feature] = facet["features"]
        leads = next(value for key, value in feature.items() if key != "$type")
        found.append((raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), leads))
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("お知らせです。", []),
        ("葛󠄀飾区👨‍👩‍👧‍👦 https://www.city.example.jp/a?x=1#top をご覧ください",
         [("https://www.city.example.jp/a?x=1#top", "https://www.city.example.jp/a?x=1#top")]),
        ("詳しくは（https://a.jp/x）。", [("https://a.jp/x", "https://a.jp/x")]),
        ("詳しくはcity.example.jp へ", [("city.example.jp", "https://city.example.jp")]),
        ("https://a.jp/x https://a.jp/x", [("https://a.jp/x", "https://a.jp/x")] * 2),
        ("#磐田市 の #防災2026。 ＃訓練", [("#磐田市", "磐田市"), ("#防災2026", "防災2026"), ("＃訓練", "訓練")]),
        ("#1 番、C#言語、##重ね、# 空", []),
        ("「#磐田市」（#防災）", [("#磐田市", "磐田市"), ("#防災", "防災")]),
        (f"#{'長' * 64} #{'長' * 65}", [(f"#{'長' * 64}", "長" * 64)]),
        ("@bousai.city.example.jp へ", [("@bousai.city.example.jp", "did:plc:bousai")]),
        ("(@Bousai.City.Example.jp)。", [("@Bousai.City.Example.jp", "did:plc:bousai")]),
        ("@nobody.example.jp へ", []),
        ("mail@bousai.city.example.jp @city", []),
        ("#葛󠄀飾区 @a.example https://a.jp", [("#葛󠄀飾区", "葛󠄀飾区"), ("@a.example", "did:plc:a"), ("https://a.jp", "https://a.jp")]),
    ],
)  # fmt: skip
def test_a_text_can_be_pressed_where_it_should(text: str, found: list[tuple[str, str]]) -> None:
    assert pressed(text) == found


def test_mentioned_names_are_told_once_each() -> None:
    assert mentioned("@a.jp と @A.JP と @c.jp") == ["a.jp", "c.jp"]


def test_a_hostile_text_takes_no_time() -> None:
    begun = time.monotonic()
    for piece in ("#", "@a.", "#あ_", "@a-", "https://a.jp/", "@a.b"):
        facets(piece * 3000, DIDS)
        mentioned(piece * 3000)
    assert time.monotonic() - begun < 5
