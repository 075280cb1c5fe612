"""「これは公式ですか」 never blesses an impostor, and accuses nobody."""

from __future__ import annotations

import pytest
from django.test import Client

from koshiki.posts.models import Delivery
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.public.reading import Read, get
from tests.public.saying import said

OFFICIAL = "市の公式アカウントのアドレスです"
LISTED = "市の一覧に掲載していますが、まだ公式アカウントではありません"
NOT_LISTED = "このアドレスは、市の一覧に掲載されていません"
NAME = "名前やユーザー名だけでは、公式かどうか分かりません"
PUBLISHED = "市が発信した投稿のアドレスです"
UNKNOWN_POST = "この投稿が市のものかは確認できません"
SHORT = "短縮URLでは確認できません"
NO_ADDRESS = "アカウントや投稿のアドレスではありません"
TITLES = (OFFICIAL, LISTED, NOT_LISTED, NAME, PUBLISHED, UNKNOWN_POST, SHORT, NO_ADDRESS)


@pytest.fixture
def accounts(cast: Cast) -> dict[str, Account]:
    """What the city has; on YouTube it is listed and not yet official, on Facebook it is only being opened."""
    made = {
        service: official(cast, service=service, name=name, url=url, handle=handle)
        for service, name, url, handle in [
            ("x", "磐田市", "https://x.com/iwata_city", "@iwata_city"),
            ("mastodon", "磐田市防災", "https://sns.example/@bosai", "@bosai@sns.example"),
            ("facebook", "磐田市役所", "https://www.facebook.com/iwata.city", ""),
            ("youtube", "磐田市公式チャンネル", "https://www.youtube.com/@iwata-channel", "@iwata-channel"),
            ("line", "磐田市", "https://page.line.me/iwata", "@iwata"),
            ("city_feed", "市のお知らせ", "", ""),
        ]
    }
    Account.objects.filter(pk=made["youtube"].pk).update(state="listed", official_at=None)
    Account.objects.filter(pk=made["facebook"].pk).update(state="received", official_at=None)
    return made


def asked(q: str) -> Read:
    return get("check.html", q=q)


def verdict(seen: Read) -> str:
    [found] = [title for title in TITLES if title in seen.text]
    return found


@pytest.mark.parametrize("q", [
    "https://x.com/iwata_city", "x.com/iwata_city", "https://twitter.com/Iwata_City", "http://mobile.twitter.com/iwata_city/",
    "https://x.com/iwata_city?utm_source=flyer", "　https://x.com/iwata_city　",
    "ｈｔｔｐｓ：／／ｘ．ｃｏｍ／ｉｗａｔａ＿ｃｉｔｙ", "https://x.com/iwata_city/media", "「https://x.com/iwata_city」",
    "https://sns.example/@bosai", "@bosai@sns.example", "https://sns.example/users/bosai", "HTTPS://SNS.EXAMPLE/@BOSAI",
    "https://page.line.me/iwata", "https://line.me/R/ti/p/@iwata", "https://www.city.example.jp/official/feed/",
])
def test_the_address_of_an_official_account_is_official(accounts: dict[str, Account], q: str) -> None:
    assert verdict(asked(q)) == OFFICIAL


@pytest.mark.parametrize("q", [
    "https://x.com/iwata_c1ty", "https://x.com/iwata_city_", "https://x.co/iwata_city", "https://x.com.example/iwata_city",
    "https://x.com@evil.example/iwata_city", "https://evil.example/https://x.com/iwata_city", "https://х.com/iwata_city",
    "https://x.com:8443/iwata_city", "https://sns.example.evil.example/@bosai", "https://evil.example/@bosai",
    "@bosai@evil.example", "https://sns.example:4443/@bosai", "https://user:pass@sns.example/@bosai",
    "https://x.com/evil/../iwata_city", "https://www.facebook.com/iwata.city", "https://evil.example/?u=https://x.com/iwata_city",
    "https://evil.example/#https://x.com/iwata_city", "https://bsky.app/profile/iwata_city",
])
def test_any_other_address_is_not_on_the_register_which_accuses_nobody(accounts: dict[str, Account], q: str) -> None:
    seen = asked(q)
    assert verdict(seen) == NOT_LISTED
    assert "偽物であるという意味ではありません" in seen.text


def test_a_look_alike_is_shown_where_it_leads_and_the_real_one_beside(accounts: dict[str, Account]) -> None:
    assert "このアドレスの行き先: evil.example" in asked("https://x.com@evil.example/iwata_city").text
    assert "調べた結果" in asked("https://x.com/iwata_c1ty").text
    assert asked("https://x.com/iwata_c1ty").text.count("https://x.com/iwata_city") == 2  # in the answer, in the list


def test_a_listed_account_is_not_official_yet(accounts: dict[str, Account]) -> None:
    assert verdict(asked("https://www.youtube.com/@iwata-channel")) == LISTED


@pytest.mark.parametrize("q", ["磐田市", "@iwata_city", "iwata_city", "ＩＷＡＴＡ＿ＣＩＴＹ", "磐田市 公式", "@iwata_city@x.com"])
def test_a_name_is_never_official_and_lists_who_bears_it(accounts: dict[str, Account], q: str) -> None:
    seen = asked(q)
    assert verdict(seen) == NAME
    assert seen.text.count("https://x.com/iwata_city") == 2


def test_a_name_that_no_account_bears_lists_none(accounts: dict[str, Account]) -> None:
    assert asked("浜松市").text.count("https://x.com/iwata_city") == 1  # in the list below only


@pytest.mark.parametrize("q", ["https://bit.ly/iwata_city", "https://t.co/abc", "https://lin.ee/abc"])
def test_a_shortened_address_is_not_confirmed(accounts: dict[str, Account], q: str) -> None:
    assert verdict(asked(q)) == SHORT


@pytest.mark.parametrize("q", ["https://x.com/iwata\u200b_city", "https://x.com\\@evil.example/iwata_city", "https://x.com/",
                               "ftp://x.com/iwata_city", "https://", "https://x.com/\u202eytic_atawi"])
def test_what_is_no_address_is_told_so(accounts: dict[str, Account], q: str) -> None:
    assert verdict(asked(q)) == NO_ADDRESS


@pytest.mark.parametrize("q", ["javascript:alert('https://x.com/iwata_city')", "mailto:iwata_city@x.com", "data:,iwata_city"])
def test_what_opens_no_page_is_never_official(accounts: dict[str, Account], q: str) -> None:
    assert verdict(asked(q)) in (NAME, NO_ADDRESS)


@pytest.fixture
def posts(cast: Cast, accounts: dict[str, Account]) -> dict[str, Delivery]:
    """A post on X, on Mastodon and in the city's feed, each as its service names it."""
    known = {"x": ("1234567890", "https://x.com/i/status/1234567890"),
             "mastodon": ("111222333", "https://sns.example/@bosai/111222333")}
    made = {}
    for service in ("x", "mastodon", "city_feed"):
        [made[service]] = said(cast, accounts[service], text=f"{service}での発信です。")
        remote_id, url = known.get(service) or (str(made[service].key), (
            f"https://www.city.example.jp/official/feed/2026-11-22.html#e-{made[service].key}"))
        Delivery.objects.filter(pk=made[service].pk).update(remote_id=remote_id, url=url)
        made[service].refresh_from_db()
    return made


@pytest.mark.parametrize(("service", "q"), [
    ("x", "https://x.com/iwata_city/status/1234567890"), ("x", "https://twitter.com/iwata_city/status/1234567890?s=20"),
    ("x", "https://x.com/somebody_else/status/1234567890"), ("x", "https://x.com/i/web/status/1234567890"),
    ("mastodon", "https://sns.example/@bosai/111222333"), ("mastodon", "https://sns.example/users/bosai/statuses/111222333"),
])
def test_a_post_is_the_citys_if_koshiki_published_it(posts: dict[str, Delivery], service: str, q: str) -> None:
    seen = asked(q)
    assert verdict(seen) == PUBLISHED
    assert f"{service}での発信です。" in seen.text


def test_so_is_an_entry_of_the_citys_own_feed(posts: dict[str, Delivery]) -> None:
    assert verdict(asked(posts["city_feed"].url)) == PUBLISHED


@pytest.mark.parametrize("q", [
    "https://x.com/iwata_city/status/9999999999", "https://x.com/iwata_city/status/123456789", "https://x.com/iwata_city/status/0",
    "https://evil.example/@bosai/111222333", "https://sns.example/@bosai/1112223334", "https://www.youtube.com/watch?v=1234567890",
    "https://note.com/iwata_city/n/n1234567890",
])
def test_the_handle_in_a_posts_address_proves_nothing(posts: dict[str, Delivery], q: str) -> None:
    assert verdict(asked(q)) == UNKNOWN_POST


def test_what_was_never_sent_or_is_no_longer_listed_is_not_confirmed(posts: dict[str, Delivery]) -> None:
    Delivery.objects.filter(pk=posts["mastodon"].pk).update(state="failed")
    Account.objects.filter(pk=posts["x"].account_id).update(state="received", official_at=None)
    assert verdict(asked("https://sns.example/@bosai/111222333")) == UNKNOWN_POST
    assert verdict(asked("https://x.com/iwata_city/status/1234567890")) == UNKNOWN_POST


def test_what_was_asked_stays_in_the_field(accounts: dict[str, Account], client: Client) -> None:
    page = client.get("/official/check.html", {"q": "https://x.com/iwata\u202e_city&<x>"}).content.decode()
    assert 'value="https://x.com/iwata_city&amp;&lt;x&gt;"' in page


def test_without_a_question_nothing_is_answered(accounts: dict[str, Account]) -> None:
    for path in ("check.html", "check.html?q=", "check.html?q=%20"):
        assert "調べた結果" not in get(path).text
