"""ホーム: what waits for me comes first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from koshiki import clock
from koshiki.desk.duties import gather
from koshiki.organization.models import Confirmation, Person
from koshiki.posts import actions as posts
from koshiki.posts.models import Delivery
from koshiki.register import actions as register
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.writing import approved, draft, submitted
from tests.town import opened_to

SignedIn = Callable[[Person], Client]


def home(signed_in: SignedIn, person: Person) -> str:
    return signed_in(person).get(reverse("home")).content.decode()


def test_what_waits_is_gathered_from_every_chapter_each_with_its_button(cast: Cast, signed_in: SignedIn) -> None:
    submitted(cast.aoki, official(cast))
    opened_to("deciding", cast)
    Confirmation.objects.filter(person=cast.chiba).delete()
    assert "読んで承認する" in home(signed_in, cast.baba)
    head = home(signed_in, cast.chiba)
    assert "決裁する" in head
    assert "ガイドラインを確認してください" in head


def test_the_urgent_come_first_then_the_late_then_by_due_time(cast: Cast) -> None:
    opened_to("deciding", cast, "一つめ")
    with clock.at(clock.now() - timedelta(days=20)):
        opened_to("deciding", cast, "遅れたもの")
    Confirmation.objects.filter(person=cast.chiba).delete()
    titles = [duty.title for duty in gather(cast.chiba.afresh())]
    assert [re.search("確認|遅れたもの|一つめ", title)[0] for title in titles] == ["確認", "遅れたもの", "一つめ"]  # type: ignore[index]


def test_nothing_to_do_says_so_and_a_beginner_is_told_how_to_begin(cast: Cast, signed_in: SignedIn) -> None:
    page = home(signed_in, cast.endo)
    assert "いま、あなたを待っているものはありません" in page
    assert "はじめての方へ" in page


def test_who_has_no_posting_is_told_whom_to_ask(cast: Cast, signed_in: SignedIn) -> None:
    cast.endo.postings.update(end=clock.today() - timedelta(days=1))
    assert "まだ配属がありません" in home(signed_in, cast.endo)


def test_what_i_began_is_shown_with_where_it_is(cast: Cast, signed_in: SignedIn) -> None:
    post = submitted(cast.aoki, official(cast))
    opened_to("deciding", cast, "防災だより")
    page = home(signed_in, cast.aoki)
    assert reverse("post", args=[post.pk]) in page
    assert "承認待ち" in page
    assert "決裁・合議中" in page


def test_todays_publications_are_shown_to_their_division_and_not_to_others(cast: Cast, signed_in: SignedIn) -> None:
    approved(submitted(cast.aoki, official(cast)), by=cast.baba)
    Delivery.objects.update(due_at=clock.now())
    assert "防災訓練のお知らせ" in home(signed_in, cast.abe).split("きょうの発信")[1]
    assert "防災訓練のお知らせ" in home(signed_in, cast.hata).split("きょうの発信")[1]
    assert "防災訓練のお知らせ" not in home(signed_in, cast.endo)


@pytest.mark.parametrize(("who", "seen"), [("endo", False), ("abe", True), ("hata", True)])
def test_a_stop_stands_above_every_page_of_those_it_concerns(
        who: str, seen: bool, cast: Cast, signed_in: SignedIn) -> None:
    account = official(cast)
    account.state = Account.State.ACQUIRED
    account.save()
    register.stop("名前が変わっていたため", account=account, by=cast.chiba)
    page = signed_in(getattr(cast, who)).get(reverse("posts")).content.decode()
    assert ("名前が変わっていたため" in page) is seen


def test_a_stop_of_everything_is_told_to_all_before_any_other(cast: Cast, signed_in: SignedIn) -> None:
    for number in range(4):
        register.stop(f"停止{number}", account=official(cast, name=f"口座{number}"), by=cast.chiba)
    register.stop("すべてを止める", by=cast.hara)
    page = home(signed_in, cast.endo)
    assert page.index("すべてを止める") < page.index("停止3")
    assert "ほかに2件の停止があります" in page


def test_home_asks_the_database_as_often_for_many_as_for_few(
        cast: Cast, signed_in: SignedIn, django_assert_max_num_queries: Callable[..., object]) -> None:
    account = official(cast)
    for _ in range(3):
        submitted(cast.aoki, account)
        posts.write(draft(account), by=cast.aoki)
    baba, aoki = signed_in(cast.baba), signed_in(cast.aoki)
    few = {browser: _queries(browser) for browser in (baba, aoki)}
    for _ in range(20):
        submitted(cast.aoki, account)
    assert {browser: _queries(browser) for browser in (baba, aoki)} == few


def _queries(browser: Client) -> int:
    browser.get(reverse("home"))
    with CaptureQueriesContext(connection) as asked:
        browser.get(reverse("home"))
    return len(asked)
