"""The public pages: for everybody, without login, cookie or script, and never with a staff member's name."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from koshiki import clock
from koshiki.organization.models import Division, Person
from koshiki.public import site, static_copy
from koshiki.register.models import Account, Verification
from tests.cast import Cast, official
from tests.public.reading import get, read
from tests.public.saying import policy_of, said

HOSTILE = '"><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>'


@pytest.fixture
def city(cast: Cast) -> Account:
    """A city with two accounts, policies and something said on both."""
    Division.objects.update(name_en="Division")
    bosai = official(cast, service="mastodon", handle="@bosai@sns.example", url="https://sns.example/@bosai")
    feed = official(cast, name="磐田市からのお知らせ")
    for account in (bosai, feed):
        policy_of(account, by=cast.chiba)
        Verification.objects.create(account=account, available="yes", looked_on=clock.today(),
                                    granted_on=clock.today(), by=cast.chiba)
    said(cast, bosai, feed, pictures=("避難所の地図",))
    said(cast, feed, text="https://example.com/ を御覧ください。", at=clock.now() - timedelta(days=400))
    return bosai


def test_everybody_reads_every_page_without_a_cookie(city: Account, client: Client) -> None:
    client.cookies["session"] = "somebodys"
    for path in site.paths():
        response = client.get(f"/official/{path}")
        assert response.status_code == 200, path
        assert "Set-Cookie" not in response.headers, path
        assert response.get("Vary", "Accept-Encoding") == "Accept-Encoding", path
        assert "default-src 'none'" in response["Content-Security-Policy"]


DATA = '<script type="application/ld+json">'  # of an official account (proofs.py): no browser runs it


def test_two_pages_bring_a_script_of_the_citys_own_and_none_holds_one(city: Account) -> None:
    for path in site.paths():
        page = Client().get(f"/official/{path}").content.decode(errors="replace")
        of_account = re.fullmatch(r"(?:en/)?accounts/[0-9]+/index\.html", path)
        expected = {"index.html": "search.js", "check.html": "check.js"}.get(path.removeprefix("en/"))
        own = f'<script type="module" src="{"../" if path.startswith("en/") else "./"}assets/{expected}">'
        assert re.findall("<script[^>]*>", page) == ([own] if expected else [DATA] if of_account else [])
        assert not {"style", "iframe"} & set(read(page).elements) if path.endswith(".html") else True, path


def test_a_signed_in_person_sees_the_same_as_everybody(city: Account, cast: Cast, signed_in: Any) -> None:
    assert signed_in(cast.chiba).get("/official/").content == Client().get("/official/").content


@pytest.mark.clause("§6(3)イ")
def test_names_of_staff_are_nowhere(city: Account, cast: Cast) -> None:
    for number, person in enumerate(Person.objects.all()):
        Person.objects.filter(pk=person.pk).update(name=f"磯部{number}号{HOSTILE[:40]}", email=f"isobe{number}@city.example")
    for path in site.paths():
        body = Client().get(f"/official/{path}").content.decode(errors="replace")
        assert "磯部" not in body, path
        assert "isobe" not in body, path


@pytest.mark.clause("§6(3)イ")
def test_an_account_that_is_not_listed_is_nowhere(city: Account, cast: Cast) -> None:
    hidden = [_hidden(cast, state) for state in set(Account.State.values) - {*Account.PUBLIC, *Account.GONE}]  # §7(2)
    for path in site.paths():
        assert "秘密" not in Client().get(f"/official/{path}").content.decode(errors="replace"), path
    for account in hidden:
        for path in (f"accounts/{account.pk}/", f"accounts/{account.pk}/policy.html", f"en/accounts/{account.pk}/"):
            assert Client().get(f"/official/{path}").status_code == 404, account.state


def _hidden(cast: Cast, state: str) -> Account:
    hidden = official(cast, name="まだ秘密の窓口", url=f"https://sns.example/@{state}", service="mastodon")
    policy_of(hidden, by=cast.chiba)
    said(cast, hidden, text="まだ秘密の発信です。")
    Account.objects.filter(pk=hidden.pk).update(state=state, official_at=None)
    hidden.refresh_from_db()
    return hidden


def test_hostile_words_are_shown_and_never_obeyed(city: Account, cast: Cast) -> None:
    Account.objects.filter(pk=city.pk).update(
        name=HOSTILE[:100], introduction=HOSTILE, handle=HOSTILE, url="javascript:alert(1)")
    Division.objects.update(telephone=HOSTILE[:30])
    policy_of(city, by=cast.chiba, version=2, purpose=HOSTILE)
    said(cast, city, text=HOSTILE, title=HOSTILE, link="javascript:alert(1)", pictures=(HOSTILE,))
    for path in site.paths():
        if not path.endswith(".html"):
            continue
        seen = get(path)
        assert seen.elements.count("script") <= 1, path
        assert not [link for link in seen.links if link.startswith("javascript:")], path
        assert not {"onerror", "style"} & seen.attributes, path


@pytest.mark.parametrize("asked", [HOSTILE, "\0", "https://x.com/%00", "\ud800", "あ" * 5000, "https://" + "a" * 3000,
                                   "http://[", "https://例え\u202e.jp/", "@" * 100, "https://sns.example/@%ff"])
def test_whatever_is_asked_gets_an_answer(city: Account, client: Client, asked: str) -> None:
    response = client.get("/official/check.html", {"q": asked.encode("utf-8", "surrogatepass")})
    assert response.status_code == 200
    assert response.content.decode().count("<script") == 1
    assert "市の公式アカウントのアドレスです" not in read(response.content.decode()).text
    assert response["Cache-Control"] == "no-store"


def test_the_frame_is_english_where_the_page_says_so(city: Account, settings: Any) -> None:
    settings.KOSHIKI_SAMPLE = True
    for path in site.paths():
        if path.startswith("en/"):
            assert get(path).foreign() == [], path
    for asked in ("磐田市防災", "https://sns.example/@bosai", "https://sns.example/@bosei", "https://bit.ly/x", "!?",
                  "https://x.com/a/status/1", Account.objects.get(pk=city.pk).deliveries.get().url):
        assert [text for text in get("en/check.html", q=asked).foreign() if text != asked] == []


def test_the_sample_says_so_and_stays_out_of_search_engines(city: Account, client: Client, settings: Any) -> None:
    settings.KOSHIKI_SAMPLE = True
    for path in site.paths():
        response = client.get(f"/official/{path}")
        assert response["X-Robots-Tag"] == "noindex"
        if path.endswith(".html"):
            assert 'name="robots" content="noindex"' in response.content.decode()
            assert ("Sample" if path.startswith("en/") else "これは見本です") in response.content.decode()
    assert "見本" in client.get("/official/feed/atom.xml").content.decode()
    assert client.get("/official/accounts.json").json()["sample"] is True


@pytest.mark.parametrize("path", ["nothing.html", "accounts/999999/", "accounts/0/", "feed/2001-02-29.html", "feed/1901.html",
                                  "en/en/", "media/nothing.jpg", "assets/settings.py", "../", "accounts.json/", "m/", "404.html",
                                  "accounts/9999999999999999999/", "feed/0000-00-00.html", "feed/0000.html"])
def test_where_there_is_nothing_both_languages_say_so(city: Account, client: Client, path: str) -> None:
    response = client.get(f"/official/{path}")
    assert response.status_code == 404
    seen = read(response.content.decode())
    assert "ページがありません" in seen.text
    assert "This page does not exist" in seen.text
    assert "Set-Cookie" not in response.headers


def test_a_folder_leads_to_its_index_as_on_a_server_of_files(city: Account, client: Client) -> None:
    assert client.get("/official")["Location"] == "/official/"
    assert client.get("/official/en")["Location"] == "/official/en/"
    assert client.get(f"/official/accounts/{city.pk}")["Location"] == f"/official/accounts/{city.pk}/"


def test_nothing_can_be_sent_to_a_public_page(client: Client) -> None:
    for path in ("", "check.html", "assets/koshiki.css", "media/x.jpg"):
        assert client.post(f"/official/{path}").status_code == 405


def test_a_page_is_small_enough_for_an_old_phone(city: Account, cast: Cast) -> None:
    """60 kB with its style sheets and script; a page's length is that of twenty posts and forty accounts."""
    for number in range(40):
        official(cast, name=f"磐田市の{number}番目の窓口", service="mastodon", url=f"https://sns.example/@user{number}",
                 handle=f"@user{number}@sns.example")
    for number in range(40):
        said(cast, city, text="あ" * 139 + str(number), at=clock.now() - timedelta(hours=number))
    Account.objects.update(introduction="い" * 100)
    for path in ("", "feed/", f"feed/{clock.today()}.html", "check.html", f"accounts/{city.pk}/", "about.html",
                 f"accounts/{city.pk}/policy.html", f"feed/{clock.today().year}.html"):
        for prefix in ("", "en/"):
            page = Client().get(f"/official/{prefix}{path}").content
            brought = {link.rpartition("/")[2] for link in read(page.decode()).links if "assets/" in link}
            assert {"tokens.css", "koshiki.css", "mark.svg"} <= brought
            assert len(page) + sum(len(static_copy.asset(name).read_bytes()) for name in brought) <= 60_000, path


def test_with_a_hundred_accounts_a_page_is_sent_small(city: Account, cast: Cast, client: Client) -> None:
    for number in range(100):
        official(cast, name=f"磐田市の{number}番目の窓口", service="mastodon", url=f"https://sns.example/@user{number}")
    for path in ("", "check.html"):
        sent = client.get(f"/official/{path}", headers={"accept-encoding": "gzip"})
        assert len(sent.content) < 15_000
        assert "磐田市の99番目の窓口" in gzip.decompress(sent.content).decode()


def _queries(path: str) -> int:
    with CaptureQueriesContext(connection, ) as queries:
        assert Client().get(f"/official/{path}").status_code == 200
    return len(queries)


def test_the_number_of_queries_does_not_grow(city: Account, cast: Cast) -> None:
    today = f"feed/{clock.today()}.html"
    paths = ["", "feed/", f"feed/{clock.today().year}.html", today, "check.html?q=https://sns.example/@bosai", "accounts.json",
             "feed/atom.xml", f"accounts/{city.pk}/", f"accounts/{city.pk}/policy.html"]
    _fill(cast, city, 10)
    before = [_queries(path) for path in paths]
    _fill(cast, city, 100)
    assert [_queries(path) for path in paths] == before
    assert max(before) <= 8


def _fill(cast: Cast, account: Account, number: int) -> None:
    for row in range(number):
        new = official(cast, name=f"窓口{number}-{row}", service="mastodon", url=f"https://sns.example/@u{number}x{row}")
        Verification.objects.create(account=new, available="no", looked_on=clock.today(), by=cast.chiba)
        said(cast, account, new, text=f"{number}-{row}")
