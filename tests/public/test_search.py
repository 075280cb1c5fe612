"""Searching the register as somebody types, without a server that answers; and the register of many accounts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from koshiki.audit.log import record
from koshiki.organization.models import Division
from koshiki.public import register, static_copy
from koshiki.register.models import Account
from tests.browser.looking import complaints_of, look_at
from tests.cast import Cast, official
from tests.public.browsing import Served, served
from tests.public.reading import get


@pytest.fixture
def city(cast: Cast) -> None:
    Division.objects.filter(pk=cast.suido.pk).update(name_en="Waterworks")
    official(cast, name="磐田市防災", service="x", url="https://x.com/iwata_bosai", handle="@iwata_bosai")
    official(cast, name="いわた図書館だより", service="instagram", url="https://www.instagram.com/iwata.toshokan/",
             handle="@iwata.toshokan")
    water = official(cast, name="断水のお知らせ", service="mastodon", url="https://sns.example/@suido", division=cast.suido)
    Account.objects.filter(pk=water.pk).update(state="listed", official_at=None)
    official(cast, name="まだ秘密の窓口", service="x", url="https://x.com/himitsu")
    Account.objects.filter(name="まだ秘密の窓口").update(state="received", official_at=None)


@pytest.fixture
def copy(city: None, cast: Cast, place: Path) -> Iterator[Served]:
    with transaction.atomic():
        record("test.act", cast.aoki, by=None)
    static_copy.refresh()
    with served(place / "current") as found:
        yield found


def many(cast: Cast, number: int, start: int = 0) -> None:
    """So many on Instagram, and one on the city's own pages."""
    first = official(cast)
    Account.objects.bulk_create(
        Account(division=cast.bosai, service="instagram", state="official", name=f"第{n}の窓口", created_by=cast.chiba,
                url=f"https://www.instagram.com/iwata{n}/", introduction="い" * 100, acquired_on=first.acquired_on,
                listed_at=first.listed_at, official_at=first.official_at) for n in range(start, start + number))


def test_the_index_holds_what_the_list_shows_and_nothing_else(city: None, client: Client) -> None:
    index = client.get("/official/search.json").json()
    names = {row[3]: (index["services"][row[1]][0], index["divisions"][row[2]][0], row[5]) for row in index["accounts"]}
    assert names == {"磐田市防災": ("X（旧Twitter）", "防災課", 1), "いわた図書館だより": ("Instagram", "防災課", 1),
                     "断水のお知らせ": ("Mastodon", "水道課", 0)}
    assert json.loads(gzip.decompress(client.get("/official/search.bin").content)) == index


def test_of_many_accounts_the_introductions_are_left_to_their_own_pages(cast: Cast) -> None:
    many(cast, register.WITH_INTRODUCTIONS - 1)
    assert "い" * 100 in get("").text
    many(cast, 1, start=1000)
    assert "い" * 100 not in get("").text
    assert "第0の窓口" in get("").text


def test_of_very_many_each_service_has_a_page(cast: Cast) -> None:
    many(cast, register.ON_ONE_PAGE)
    for path in ("", "check.html"):
        seen = get(path)
        assert "第0の窓口" not in seen.text
        assert f"{register.ON_ONE_PAGE}アカウント" in seen.text
        assert "./services/instagram.html" in seen.links
    page = get("services/instagram.html")
    assert page.text.count("https://www.instagram.com/iwata") == register.ON_ONE_PAGE
    assert "1 account" in get("en/").text


@pytest.mark.parametrize("path", ["services/line.html", "services/nothing.html", "services/.html"])
def test_a_service_without_accounts_has_no_page(city: None, client: Client, path: str) -> None:
    assert client.get(f"/official/{path}").status_code == 404


def test_a_thousand_accounts_are_under_sixty_kilobytes_a_page(cast: Cast, place: Path) -> None:
    many(cast, 1000)
    for path in ("", "en/", "check.html", "services/instagram.html"):
        assert len(Client().get(f"/official/{path}", headers={"accept-encoding": "gzip"}).content) < 30_000, path
    assert len(Client().get("/official/").content) < 10_000, "what is there at once is small even where nothing is compressed"


# ---------------------------------------------------------------- in a browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def type_in(page: Page, text: str) -> None:
    page.get_by_role("searchbox").fill(text)


@pytest.mark.peers
@pytest.mark.parametrize(("typed", "found"), [
    ("図書館", ["いわた図書館だより"]), ("だより", ["いわた図書館だより"]), ("ダヨリ", ["いわた図書館だより"]),
    ("としょかん", []),
    ("ＩＷＡＴＡ＿", ["磐田市防災"]), ("instagram", ["いわた図書館だより"]), ("水道課", ["断水のお知らせ"]),
    ("waterworks", ["断水のお知らせ"]), ("防災", ["磐田市防災", "いわた図書館だより"]), ("防災　Ｘ", ["磐田市防災"]),
    ("秘密", []), ("<img src=x>", []), ("市防災", ["磐田市防災"]),
])
def test_typing_finds(copy: Served, page: Page, typed: str, found: list[str]) -> None:
    page.goto(copy.base)
    type_in(page, typed)
    expect(page.get_by_role("status")).to_have_text(f"{len(found)}件見つかりました。" if found else
                                                    "見つかりません。ほかの言葉でも探してみてください。")
    assert sorted(page.locator("#matches a").all_text_contents()) == sorted(found)
    expect(page.locator("#all")).to_be_hidden()


@pytest.mark.peers
def test_an_empty_field_shows_the_whole_list_again(copy: Served, page: Page) -> None:
    page.goto(copy.base)
    type_in(page, "図書館")
    expect(page.locator("#all")).to_be_hidden()
    type_in(page, "　")
    expect(page.locator("#all")).to_be_visible()
    expect(page.locator("#matches a")).to_have_count(0)


@pytest.mark.peers
@pytest.mark.parametrize(("language", "said", "division"), [
    ("", "1件見つかりました。", "水道課"), ("en/", "1 account found.", "Waterworks")])
def test_what_is_found_leads_to_its_page_and_nothing_typed_is_sent(
    copy: Served, page: Page, language: str, said: str, division: str
) -> None:
    heard = complaints_of(page)
    page.goto(f"{copy.base}{language}")
    type_in(page, "断水")
    expect(page.get_by_role("status")).to_have_text(said)
    expect(page.locator("#matches")).to_contain_text(division)
    look_at(page, name=f"search-{language.strip('/')}")
    page.get_by_role("searchbox").press("Enter")
    assert page.url == f"{copy.base}{language}"
    page.locator("#matches a").click()
    assert page.url == f"{copy.base}{language}accounts/{Account.objects.get(name='断水のお知らせ').pk}/"
    assert not [line for line in copy.asked if "%E6%96%AD" in line]
    assert heard == []


@pytest.mark.peers
def test_while_letters_are_being_put_together_nothing_flickers(copy: Served, page: Page) -> None:
    page.goto(copy.base)
    type_in(page, "図書館")
    expect(page.locator("#matches a")).to_have_count(1)
    page.locator("#find").evaluate("""field => { field.value = '図書館ｄ'
      field.dispatchEvent(new InputEvent('input', { isComposing: true })) }""")
    assert page.locator("#matches a").count() == 1


@pytest.mark.peers
def test_a_browser_that_can_not_unpack_searches_too(copy: Served, page: Page) -> None:
    page.add_init_script("delete window.DecompressionStream")
    page.goto(copy.base)
    type_in(page, "図書館")
    expect(page.locator("#matches a")).to_have_count(1)


@pytest.mark.peers
def test_without_its_index_the_field_is_gone_and_the_list_is_there(copy: Served, page: Page) -> None:
    page.route("**/search.bin", lambda route: route.abort())
    page.goto(copy.base)
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.get_by_role("link", name="磐田市防災")).to_be_visible()
