"""What is said a hundred times a day still fits an old phone; and whatever a change touches is drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.utils import timezone

from koshiki import clock
from koshiki.organization.models import Division
from koshiki.posts.models import Delivery
from koshiki.public import site
from koshiki.public.facts import facts
from koshiki.register.models import Account, Verification
from tests.cast import Cast, official
from tests.public.reading import get
from tests.public.saying import policy_of, said

MOST = 60_000  # bytes of a page
LONG = "避難情報をお知らせします。" * 25


@pytest.fixture
def account(cast: Cast) -> Account:
    return official(cast, service="mastodon", name="磐田市防災", url="https://sns.example/@bosai")


@pytest.fixture
def busy(cast: Cast, account: Account) -> list[Delivery]:
    """A day on which an account said eighty things, each of some length."""
    noon = timezone.make_aware(clock.now().replace(tzinfo=None, hour=12, minute=0) - timedelta(days=1))
    return [said(cast, account, text=f"{number}報 {LONG}", at=noon + timedelta(minutes=number))[0] for number in range(80)]


def of(kind: str) -> list[str]:
    return [path for path in site.paths() if kind in path]


def test_every_page_of_a_busy_day_fits(busy: list[Delivery], account: Account) -> None:
    assert len(of(f"feed/{timezone.localdate(busy[0].sent_at)}")) > 4
    assert len(of(f"accounts/{account.pk}/feed-")) > 2
    for path in (path for path in site.paths() if path.endswith(".html")):
        assert len(Client().get(f"/official/{path}").content) < MOST, path


def test_the_days_first_page_leads_to_everything_that_was_said(busy: list[Delivery]) -> None:
    day = f"feed/{timezone.localdate(busy[0].sent_at)}.html"
    first = get(day)
    for number, delivery in enumerate(busy):
        anchor = f"e-{delivery.key}"
        assert anchor in first.ids, "its address never changes"
        ways = [link for link in first.links if link.endswith(f"#{anchor}")]
        page = get(urljoin(day, ways[0].partition("#")[0])) if ways else first
        assert anchor in page.ids
        assert f"{number}報 {LONG}" in page.text


def test_an_accounts_pages_hold_each_thing_once_and_are_found(busy: list[Delivery], account: Account) -> None:
    pages = [get(path) for path in of(f"accounts/{account.pk}/feed-") if not path.startswith("en/")]
    for number in range(80):
        assert sum(f"{number}報 " in text for page in pages for _, text in page.texts if text.startswith(f"{number}報 ")) == 1
    assert f"feed-{len(pages)}.html" in get(f"accounts/{account.pk}/").links
    assert f"feed-{len(pages) - 1}.html" in pages[-1].links
    assert Client().get(f"/official/accounts/{account.pk}/feed-{len(pages) + 1}.html").status_code == 404


def test_a_full_part_never_changes(busy: list[Delivery], cast: Cast, account: Account) -> None:
    before = {path: Client().get(f"/official/{path}").content for path in of(f"accounts/{account.pk}/feed-")}
    said(cast, account, text=LONG)
    changed = [path for path, body in before.items() if Client().get(f"/official/{path}").content != body]
    assert [path for path in changed if "/feed-1." in path] == []


@pytest.mark.parametrize("change", [
    lambda cast, account: said(cast, account, text="新しい知らせ"),
    lambda cast, account: said(cast, account, text="日付の変わり目", at=clock.now() - timedelta(days=1)),
    lambda cast, account: Account.objects.filter(pk=account.pk).update(name="改めた名前"),
    lambda cast, account: Account.objects.filter(pk=account.pk).update(introduction="改めた紹介文", image="0" * 64),
    lambda cast, account: Account.objects.filter(pk=account.pk).update(state="received", official_at=None),
    lambda cast, account: Account.objects.filter(pk=account.pk).update(url="https://sns.example/@new"),
    lambda cast, account: Division.objects.update(name_en="Disaster", telephone="0538-00-9999"),
    lambda cast, account: Verification.objects.create(account=account, available="yes", looked_on=clock.today(),
                                                      granted_on=clock.today(), by=cast.chiba),
    lambda cast, account: policy_of(account, by=cast.chiba, version=2, purpose="改めた目的"),
    lambda cast, account: Delivery.objects.filter(account=account).update(url="https://sns.example/@bosai/1"),
    lambda cast, account: official(cast, name="新しい窓口", service="x", url="https://x.com/city"),
])
def test_what_stands_for_a_page_changes_when_the_page_does(
    cast: Cast, account: Account, change: Callable[[Cast, Account], Any]
) -> None:
    """The copy draws only pages whose digest changed: none that would look otherwise may be left."""
    policy_of(account, by=cast.chiba)
    other = official(cast, name="磐田市からのお知らせ")
    said(cast, account, other)
    said(cast, other, text="去年の知らせ", at=clock.now() - timedelta(days=400))
    was, bodies = facts(), dict(site.bodies(list(site.paths())))
    change(cast, account)
    now = facts()
    for path, body in site.bodies(list(site.paths(now))):
        if body != bodies.get(path):
            assert was.of(path) != now.of(path) or path not in bodies, f"{path} would stay as it was"
    assert was.digest != now.digest


def test_many_pages_at_once_are_the_same_as_one_by_one(busy: list[Delivery], cast: Cast, account: Account) -> None:
    policy_of(account, by=cast.chiba)
    for path, body in site.bodies(list(site.paths())):
        assert site.page(path).body == body, path
