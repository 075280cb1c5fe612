"""What the city said: all of it, once, on the page of its day."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from koshiki import clock, store
from koshiki.posts.models import Delivery, Medium
from koshiki.public import site
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.delivering import due_delivery, installed, run
from tests.public.reading import get
from tests.public.saying import TEXT, said

__all__ = ["installed"]
ATOM = "{http://www.w3.org/2005/Atom}"
# These need more than a row.
UNDER_WAY = (Delivery.State.CLAIMED, Delivery.State.SENDING, Delivery.State.UNKNOWN, Delivery.State.TAKEN)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def elsewhere(cast: Cast) -> Account:
    return official(cast, service="mastodon", name="磐田市防災（SNS）", url="https://sns.example/@bosai")


def test_what_was_approved_and_sent_stands_in_the_feed_at_its_address(cast: Cast, installed: None) -> None:
    account = official(cast)
    delivery = run(due_delivery(cast, account, text="避難所を開設しました。"))
    path, _, anchor = delivery.url.removeprefix("https://www.city.example.jp/official/").partition("#")
    for page in (path, "feed/", f"accounts/{account.pk}/", f"en/{path}"):
        seen = get(page)
        assert "避難所を開設しました。" in seen.text
        assert anchor in seen.ids


def test_what_was_not_sent_is_nowhere(cast: Cast) -> None:
    for state in set(Delivery.State) - {Delivery.State.SENT, *UNDER_WAY}:
        said(cast, official(cast, name=state), text="まだ出ていない知らせです。", state=state)
    for path in site.paths():
        assert "まだ出ていない" not in Client().get(f"/official/{path}").content.decode(errors="replace"), path


def test_the_same_text_on_two_accounts_stands_once_with_both_addresses(cast: Cast, account: Account, elsewhere: Account) -> None:
    one, other = said(cast, account, elsewhere)
    seen = get("feed/")
    assert seen.text.count(TEXT) == 1
    assert {f"e-{one.key}", f"e-{other.key}"} <= set(seen.ids)
    assert other.url in seen.links


def test_one_text_said_twice_stands_twice(cast: Cast, account: Account) -> None:
    said(cast, account)
    said(cast, account)
    assert get("feed/").text.count(TEXT) == 2


def test_other_words_for_another_account_stand_by_themselves(cast: Cast, account: Account, elsewhere: Account) -> None:
    said(cast, account, text="長い知らせ")
    said(cast, elsewhere, text="短い知らせ")
    assert get("feed/").elements.count("article") == 2


def test_a_day_is_the_citys_day_and_stands_in_its_year(cast: Cast, account: Account) -> None:
    said(cast, account, text="元日の知らせ", at=datetime(2026, 1, 1, 0, 30, tzinfo=TOKYO))
    said(cast, account, text="大晦日の知らせ", at=datetime(2025, 12, 31, 23, 30, tzinfo=TOKYO))
    assert "元日の知らせ" in get("feed/2026-01-01.html").text
    assert "元日の知らせ" not in get("feed/2025-12-31.html").text
    assert "2025-12-31.html" in get("feed/2025.html").links
    assert {"2026.html", "2025.html"} <= set(get("feed/").links)


def test_an_entry_of_shortly_before_midnight_is_on_the_page_that_its_address_names(cast: Cast, account: Account) -> None:
    said(cast, account, text="前の知らせ", at=datetime(2026, 1, 1, 12, 0, tzinfo=TOKYO))
    [late] = said(cast, account, text="零時の知らせ", at=datetime(2026, 1, 2, 0, 0, 1, tzinfo=TOKYO))
    Delivery.objects.filter(pk=late.pk).update(url=f"https://www.city.example.jp/official/feed/2026-01-01.html#e-{late.key}")
    assert f"e-{late.key}" in get("feed/2026-01-01.html").ids


def test_the_newest_stand_first_and_the_page_has_an_end(cast: Cast, account: Account) -> None:
    for number in range(30):
        said(cast, account, text=f"知らせその{number}。", at=clock.now() - timedelta(hours=number))
    numbers = [int(number) for number in re.findall(r"知らせその(\d+)。", get("feed/").text)]
    assert numbers == list(range(20))


def test_pictures_are_shown_with_their_words_and_come_small(cast: Cast, account: Account, client: Client) -> None:
    said(cast, account, pictures=("避難所12か所の地図",))
    seen = get("feed/")
    small, whole = (next(link for link in seen.links if re.search(end, link)) for end in ("-480.jpg$", "[0-9a-f]{64}.jpg$"))
    assert "避難所12か所の地図" in seen.text
    response = client.get(urljoin("/official/feed/", small))
    assert response["Content-Type"] == "image/jpeg"
    small_size = len(response.getvalue())
    assert 1_000 < small_size < 50_000
    assert len(client.get(urljoin("/official/feed/", whole)).getvalue()) > small_size


def test_a_picture_of_a_draft_can_not_be_fetched(cast: Cast, account: Account, client: Client) -> None:
    said(cast, account, pictures=("下書きの写真",), state=Delivery.State.WAITING)
    sha256 = Medium.objects.get().sha256
    assert store.whole(sha256)
    for name in (f"{sha256}.jpg", f"{sha256}-480.jpg", f"{sha256}-160.jpg"):
        assert client.get(f"/official/media/{name}").status_code == 404


def test_a_link_says_where_it_truly_leads(cast: Cast, account: Account) -> None:
    said(cast, account, text="https://city.iwata.shizuoka.jp@example.com/ を見てください。")
    assert "市以外のページ: example.com" in get("feed/").text


def test_the_atom_feed_is_one_that_readers_accept(cast: Cast, account: Account, elsewhere: Account) -> None:
    one, _ = said(cast, account, elsewhere, text="<b>太字</b> & 1行目\n2行目\x0b", title="見出し<i>")
    feed = ET.fromstring(Client().get("/official/feed/atom.xml").content)  # noqa: S314  (our own)
    assert feed.tag == f"{ATOM}feed"
    assert feed.attrib["{http://www.w3.org/XML/1998/namespace}lang"] == "ja"
    assert [link.attrib["href"] for link in feed.findall(f"{ATOM}link") if link.attrib["rel"] == "self"] == [
        "https://www.city.example.jp/official/feed/atom.xml"]
    for name in ("id", "title", "updated", "author"):
        assert feed.find(f"{ATOM}{name}") is not None
    [entry] = feed.findall(f"{ATOM}entry")
    said_of = {child.tag.removeprefix(ATOM): child for child in entry}
    assert said_of["id"].text == f"urn:uuid:{one.key}"
    assert said_of["title"].text == "見出し<i>"
    assert said_of["summary"].attrib["type"] == "html"
    assert (said_of["summary"].text or "").startswith("&lt;b&gt;太字&lt;/b&gt; &amp; 1行目<br>2行目")
    path, _, anchor = said_of["link"].attrib["href"].removeprefix("https://www.city.example.jp/official/").partition("#")
    assert anchor in get(path).ids


def test_an_atom_entry_keeps_its_id_when_another_account_follows(cast: Cast, account: Account, elsewhere: Account) -> None:
    one, other = said(cast, account, elsewhere, at=clock.now() - timedelta(minutes=5))
    Delivery.objects.filter(pk=other.pk).update(sent_at=clock.now())
    assert f"urn:uuid:{one.key}" in Client().get("/official/feed/atom.xml").content.decode()


def test_the_json_feed_is_one_that_readers_accept(cast: Cast, account: Account, elsewhere: Account) -> None:
    """JSON Feed 1.1: what it demands, and what Atom says too."""
    one, _ = said(cast, account, elsewhere, text="<b>太字</b> & 1行目\n2行目", title="見出し<i>", pictures=("避難所の地図",))
    response = Client().get("/official/feed/feed.json")
    assert response["Content-Type"] == "application/feed+json"
    read_ = response.json()
    assert read_["version"] == "https://jsonfeed.org/version/1.1"
    assert read_["title"]
    assert read_["feed_url"] == "https://www.city.example.jp/official/feed/feed.json"
    assert read_["home_page_url"] == "https://www.city.example.jp/official/feed/"
    assert read_["authors"] == [{"name": "磐田市"}]
    [item] = read_["items"]
    assert item["id"] == f"urn:uuid:{one.key}"
    assert item["title"] == "見出し<i>"
    assert item["content_html"].startswith("&lt;b&gt;太字&lt;/b&gt; &amp; 1行目<br>2行目")
    assert item["content_text"] == "<b>太字</b> & 1行目\n2行目"
    assert datetime.fromisoformat(item["date_published"]) == one.sent_at
    assert item["tags"] == [account.name, elsewhere.name]
    [picture] = item["attachments"]
    assert (picture["mime_type"], picture["title"]) == ("image/jpeg", "避難所の地図")
    path = picture["url"].removeprefix("https://www.city.example.jp")
    assert Client().get(path).getvalue()[:2] == b"\xff\xd8"
    path, _, anchor = item["url"].removeprefix("https://www.city.example.jp/official/").partition("#")
    assert anchor in get(path).ids


def test_both_feeds_are_found_from_the_page(cast: Cast, account: Account) -> None:
    for page in ("feed/", "en/feed/", "about.html"):
        links = {urljoin(f"/official/{page}", link) for link in get(page).links}
        assert {"/official/feed/atom.xml", "/official/feed/feed.json"} <= links


def test_whatever_people_typed_stays_text(cast: Cast, account: Account) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    Account.objects.filter(pk=account.pk).update(name=hostile, url=f"https://sns.example/{hostile}")
    account.refresh_from_db()
    said(cast, account, text=f"本文{hostile}", title=f"見出し{hostile}", link=f"https://a.example/?{hostile}",
         pictures=(f"代替{hostile}",))
    for page in ("feed/", f"feed/{clock.today()}.html", f"accounts/{account.pk}/", f"accounts/{account.pk}/feed-1.html"):
        seen = get(page)
        assert "onerror" not in seen.attributes, page
        body = Client().get(f"/official/{page}").content.decode()
        assert "<script>alert" not in body, page
        assert "<img src=x" not in body, page
        assert f"見出し{hostile}" in seen.text
