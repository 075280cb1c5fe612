"""What may stand in a text, how long it is to a person, and where its links lead (K-text, §8(4))."""

from __future__ import annotations

import unicodedata

import pytest
from django import forms
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from koshiki.forms import LineField, TextField
from koshiki.text import BadText, clean, graphemes, links, located_links, outside, true_host

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = "👨\u200d👩\u200d👧\u200d👦"
BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
CITY = ["city.iwata.shizuoka.jp"]


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        ("磐田市の公式です。", 9),
        (ENGLAND, 1),
        (FAMILY, 1),
        ("🇯🇵🇧🇷", 2),
        ("👍🏽", 1),
        ("☂️", 1),
        ("葛\U000e0100城", 2),
        ("﨑髙", 2),
        ("か\u3099ぎ", 2),
        ("São Paulo", 9),
        ("行\n行", 3),
        ("", 0),
    ],
)
def test_what_people_write_passes_and_counts_as_they_count(seen: str, count: int) -> None:
    assert clean(seen) == unicodedata.normalize("NFC", seen)
    assert graphemes(clean(seen)) == count


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n", "\u2028", "\u2029"])
def test_every_line_end_becomes_the_plain_one(line_end: str) -> None:
    assert clean(f"一行目{line_end}二行目\t続き") == "一行目\n二行目\t続き"


@pytest.mark.parametrize(
    ("hidden", "named"),
    [
        *[(chr(c), "文字の向きを変える制御文字") for c in BIDI],
        *[(chr(c), "見えないタグ文字") for c in (0xE0000, 0xE0001, 0xE0041, 0xE007F)],
        ("\U0001f3f4\U000e0067\U000e0062", "見えないタグ文字"),  # a flag that does not end
        ("👍\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "見えないタグ文字"),
        ("\U0001f3f4" + "\U000e0061" * 40 + "\U000e007f", "見えないタグ文字"),  # a sentence behind a flag
        *[(chr(c), "制御文字") for c in (0x00, 0x07, 0x0B, 0x0C, 0x1B, 0x7F, 0x80, 0x85, 0x9F)],
        *[(chr(c), "文字として成り立たない符号") for c in (0xD800, 0xDFFF, 0xFDD0, 0xFFFE, 0xFFFF, 0x10FFFF)],
    ],
)
def test_what_hides_or_breaks_text_is_refused_with_its_place(hidden: str, named: str) -> None:
    before = "一行目\r\n髙い"
    with pytest.raises(BadText) as refused:
        clean(before + hidden + "。")
    assert named in refused.value.message
    assert "2行目の" in refused.value.message
    assert refused.value.position >= len("一行目\n髙い")


@given(st.text(st.characters(codec=None)))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        once = clean(text)
    except BadText:
        return
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once
    once.encode("utf-8")


class Notice(forms.Form):
    title = LineField(limit=10)
    body = TextField(limit=5, required=False)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            {"title": "催し\u202e", "body": ""},
            "1行目の3文字目に、文字の向きを変える制御文字（U+202E）があります。取り除いてください。",
        ),
        ({"title": "二行の\n題", "body": ""}, "改行は入れられません。一行で書いてください。"),
        ({"title": "あ" * 11, "body": ""}, "10字以内で書いてください（いま11字です）。"),
        ({"title": "題\x00", "body": ""}, "1行目の2文字目に、制御文字（U+0000）があります。取り除いてください。"),
        ({"title": "　", "body": ""}, "入力してください。"),
    ],
)
def test_a_refused_line_is_told_at_the_field_and_kept(typed: dict[str, str], message: str) -> None:
    form = Notice(typed)
    assert form.errors == {"title": [message]}
    assert form["title"].value() == typed["title"]


def test_a_limit_counts_a_family_once_but_no_tower_of_marks() -> None:
    assert Notice({"title": "題", "body": FAMILY * 5}).is_valid()
    assert not Notice({"title": "題", "body": "あ" + "\u0301" * 200}).is_valid()


def test_a_field_gives_its_text_cleaned_and_tells_its_limit_to_the_live_count() -> None:
    form = Notice({"title": " か\u3099ぎ\t屋 ", "body": "一\r\n二"})
    assert form.is_valid()
    assert form.cleaned_data == {"title": "がぎ 屋", "body": "一\n二"}
    assert 'data-limit="10"' in str(form["title"])


LINKS = [
    ("https://www.city.iwata.shizuoka.jp/を御覧ください。", "https://www.city.iwata.shizuoka.jp/", "www.city.iwata.shizuoka.jp"),
    ("HTTPS://WWW.City.Iwata.Shizuoka.JP:8443/A。", "HTTPS://WWW.City.Iwata.Shizuoka.JP:8443/A", "www.city.iwata.shizuoka.jp"),
    ("詳細はexample.jpへ", "example.jp", "example.jp"),
    ("www.example.com/a?b=c#d.", "www.example.com/a?b=c#d", "www.example.com"),
    ("（https://example.jp/a_(b)）", "https://example.jp/a_(b)", "example.jp"),
    ("(https://example.jp/a)", "https://example.jp/a", "example.jp"),
    ("https://例え.jpを見て", "https://例え.jp", "xn--r8jz45g.jp"),
    ("https://city.iwata.shizuoka.jp@evil.example/", "https://city.iwata.shizuoka.jp@evil.example/", "evil.example"),
    ("https://evil.com\\@city.iwata.shizuoka.jp/", "https://evil.com\\@city.iwata.shizuoka.jp/", "evil.com"),
    ("https://city.iwata.shizuoka.jp.evil.com", "https://city.iwata.shizuoka.jp.evil.com", "city.iwata.shizuoka.jp.evil.com"),
    ("https://evil．com/", "https://evil．com/", "evil.com"),
    ("https://%65vil.com", "https://%65vil.com", "evil.com"),
    ("https://evil.com%2f.iwata.jp", "https://evil.com%2f.iwata.jp", "evil.com/.iwata.jp"),
    ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80/x", "2001:db8::1"),
    ("https://t.co/abc!", "https://t.co/abc", "t.co"),
]


@pytest.mark.parametrize(("text", "url", "host"), LINKS)
def test_a_link_is_found_with_its_true_host(text: str, url: str, host: str) -> None:
    [link] = links(text)
    assert (link.url, link.host) == (url, host)
    [(start, _)] = located_links(text)
    assert text[start : start + len(url)] == url
    assert true_host(url) == host


@pytest.mark.parametrize("text", ["", "info@example.com", "@koho@social.example.com", "3.14 No.5 p.m.", "報告書.txt版", "https://"])
def test_what_is_no_link_is_none(text: str) -> None:
    assert links(text) == []


def test_each_address_comes_once_in_order() -> None:
    found = links("https://b.jp/ https://a.jp/ https://b.jp/")
    assert [link.url for link in found] == ["https://b.jp/", "https://a.jp/"]


@pytest.mark.parametrize(
    ("url", "mixed"),
    [
        ("https://аррӏе.com/", True),
        ("https://city.iwаta.shizuoka.jp/", True),  # one Cyrillic letter
        ("https://city.iwata.shizuoka.jpノevil.com/", True),
        ("https://www.city.iwata.shizuoka.jp/", False),
        ("https://磐田.みんな/", False),
        ("https://磐田.jp/", False),
    ],
)
def test_a_host_of_mixed_scripts_is_marked(url: str, mixed: bool) -> None:
    [link] = links(url)
    assert link.mixed is mixed


@pytest.mark.clause("§8(4)")
@pytest.mark.parametrize(
    ("url", "is_outside"),
    [
        ("https://city.iwata.shizuoka.jp/", False),
        ("https://www.city.iwata.shizuoka.jp./a", False),
        ("https://notcity.iwata.shizuoka.jp/", True),
        ("https://city.iwata.shizuoka.jp.example/", True),
        ("https://city.iwata.shizuoka.jp@example.com/", True),
        ("https://example.com／.city.iwata.shizuoka.jp/", True),
        ("https://example.com%2f.city.iwata.shizuoka.jp/", True),
        ("https://bit.ly/abc", True),
    ],
)
def test_a_link_outside_the_citys_domains_is_told(url: str, is_outside: bool) -> None:
    found = links(url)
    assert outside(found, CITY) == (found if is_outside else [])


@given(st.text())
def test_looking_for_links_never_fails(text: str) -> None:
    for start, link in located_links(text):
        assert text[start:].startswith(link.url)
        assert link.host == link.host.lower()


def test_a_page_shows_where_a_link_leads() -> None:
    shown = Template("{{ words|linked }}").render(Context({"words": "<b> https://city.iwata.shizuoka.jp@example.com/。"}))
    assert shown == (
        '&lt;b&gt; <a href="https://city.iwata.shizuoka.jp@example.com/" rel="noopener noreferrer nofollow">'
        "https://city.iwata.shizuoka.jp@example.com/</a>"
        '<span class="host">［市以外のページ: example.com］</span>。'
    )


def test_a_page_warns_of_a_look_alike_and_completes_a_bare_host() -> None:
    shown = Template("{{ words|linked }}").render(Context({"words": "https://аррӏе.com と example.jp"}))
    assert "［市以外のページ: аррӏе.com・まぎらわしい文字を含む（xn--80ak6aa92e.com）］" in shown
    assert '<a href="https://example.jp"' in shown
