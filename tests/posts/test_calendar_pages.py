"""The calendar and the list of posts: what stands where, what collides, who sees what, and how it is narrowed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.models import Delivery, Post
from koshiki.posts.overview.calendars import MOST_OF_A_DAY, MOST_UNDATED
from koshiki.posts.overview.days import Day
from koshiki.posts.overview.items import SAME_HOUR_WORD, SAME_TEXT_WORD, Item
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.writing import approved, draft, submitted

Door = Callable[[Person], Client]
MONTH, WEEK, ACCOUNTS = "/posts/month/?on=2031-05-14", "/posts/week/?on=2031-05-14", "/posts/accounts/?on=2031-05-14"


def moment(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """In May 2031, far ahead of whenever this runs."""
    return timezone.make_aware(datetime(2031, 5, day, hour, minute))


def planned(cast: Cast, account: Account, at: datetime | None, text: str = "", **more: Any) -> Post:
    """A submitted post of its own text."""
    text = text or f"お知らせ{Post.objects.count()}です。"
    author = cast.endo if account.division == cast.suido else cast.aoki
    return submitted(author, account, due_at=at, text=text, **more)


def sent(post: Post, *, by: Person, at: datetime) -> None:
    approved(post, by=by)
    post.deliveries.update(state="sent", sent_at=at, remote_id=str(post.pk), url=f"https://city.example/{post.pk}")


@pytest.fixture
def aoki(cast: Cast, signed_in: Door) -> Client:
    return signed_in(cast.aoki)


def days(browser: Client, address: str) -> dict[str, Day]:
    """The days that are shown and hold something, by their date."""
    weeks: list[list[Day]] = browser.get(address).context["weeks"]
    return {f"{day.date:%m-%d}": day for week in weeks for day in week if day.items}


def all_items(browser: Client, address: str) -> list[Item]:
    return [item for day in days(browser, address).values() for item in day.items]


def titles(browser: Client, address: str) -> set[str]:
    context = browser.get(address).context
    if "items" in context:
        return {item.post.title for item in context["items"]}
    return {item.post.title for item in all_items(browser, address)}


# ── where a post stands ────────────────────────────────────────────

@pytest.mark.parametrize("address", [MONTH, WEEK])
def test_a_post_stands_on_its_day_with_its_time_its_state_and_its_account(
    address: str, cast: Cast, account: Account, aoki: Client
) -> None:
    planned(cast, account, moment(14, 9, 30), title="訓練の案内")
    page = aoki.get(address).content.decode()
    assert list(days(aoki, address)) == ["05-14"]
    for words in ("09:30 訓練の案内", "承認待ち", "磐田市防災（市の発信一覧）", "令和13年5月"):
        assert words in page


def test_what_went_out_stands_where_it_went_out(cast: Cast, account: Account, aoki: Client) -> None:
    post = planned(cast, account, moment(14))
    sent(post, by=cast.baba, at=moment(15, 8))
    (day,) = days(aoki, MONTH).values()
    assert (day.date.day, day.items[0].at, day.items[0].stage.key) == (15, moment(15, 8), "sent")


def test_only_the_latest_revision_has_a_time(cast: Cast, account: Account, aoki: Client) -> None:
    post = planned(cast, account, moment(14))
    actions.revise(post, draft(account, due_at=moment(20), text="別の文です。"), by=cast.aoki)
    assert list(days(aoki, MONTH)) == ["05-20"]


def test_a_post_to_many_accounts_stands_there_once(cast: Cast, account: Account, aoki: Client) -> None:
    several = [account, *(official(cast, name=f"防災{n}") for n in range(4))]
    submitted(cast.aoki, *several, due_at=moment(14))
    (item,) = all_items(aoki, MONTH)
    assert (len(item.accounts), item.others) == (3, 2)
    assert len(aoki.get(ACCOUNTS).context["rows"]) == 5


def test_what_has_no_time_yet_stands_beside(cast: Cast, account: Account, aoki: Client) -> None:
    for number in range(MOST_UNDATED + 1):
        planned(cast, account, None, title=f"時刻なし{number}")
    page = aoki.get(MONTH)
    assert not days(aoki, MONTH)
    assert page.context["undated"][0].post.title == f"時刻なし{MOST_UNDATED}"
    assert "undated=on" in page.content.decode()
    assert len(aoki.get("/posts/?undated=on").context["items"]) == MOST_UNDATED + 1


def test_what_was_taken_back_stands_nowhere_unless_it_is_asked_for(cast: Cast, account: Account, aoki: Client) -> None:
    actions.withdraw(planned(cast, account, moment(14)), "中止", by=cast.aoki)
    assert not days(aoki, MONTH)
    assert list(days(aoki, f"{MONTH}&stage=withdrawn")) == ["05-14"]


def test_a_full_day_shows_its_first_and_leads_to_the_rest(cast: Cast, account: Account, aoki: Client) -> None:
    most = MOST_OF_A_DAY["post_month"]
    for hour in range(most + 2):
        planned(cast, account, moment(14, 8 + 2 * hour), title=f"{hour}番")
    (day,) = days(aoki, MONTH).values()
    assert [item.post.title for item in day.items] == [f"{n}番" for n in range(most)]
    assert "since=2031-05-14&until=2031-05-14" in unescape(aoki.get(MONTH).content.decode())
    whole = aoki.get("/posts/?since=2031-05-14&until=2031-05-14").context["items"]
    assert [item.post.title for item in whole] == [f"{n}番" for n in range(most + 2)]


def test_each_account_has_its_row(cast: Cast, account: Account, signed_in: Door) -> None:
    water = official(cast, name="磐田市水道", division=cast.suido)
    planned(cast, account, moment(14), title="防災の投稿")
    planned(cast, water, moment(15), title="水道の投稿")
    rows = signed_in(cast.hata).get(ACCOUNTS).context["rows"]
    found = {row.account.name: [[item.post.title for item in day.items] for day in row.days] for row in rows}
    assert found["磐田市防災"] == [[], [], ["防災の投稿"], [], [], [], []]
    assert found["磐田市水道"] == [[], [], [], ["水道の投稿"], [], [], []]


# ── the days ───────────────────────────────────────────────────────

def test_holidays_have_their_names_and_the_weeks_are_whole(aoki: Client) -> None:
    page = aoki.get(MONTH)
    shown = [day.date for week in page.context["weeks"] for day in week]
    assert (str(shown[0]), str(shown[-1]), len(shown) % 7) == ("2031-04-28", "2031-06-01", 0)
    assert "憲法記念日" in page.content.decode()
    assert "昭和の日" in page.content.decode()


@pytest.mark.parametrize("page", ["month", "week"])
def test_today_is_marked_and_is_where_the_calendar_opens(page: str, aoki: Client) -> None:
    shown = [day for week in aoki.get(f"/posts/{page}/").context["weeks"] for day in week if day.today]
    assert [day.date for day in shown] == [clock.today()]
    assert "<strong>今日</strong>" in aoki.get(f"/posts/{page}/").content.decode()


@pytest.mark.parametrize(("page", "before", "after"), [
    ("month", "2031-04-30", "2031-06-01"), ("week", "2031-05-11", "2031-05-19"), ("accounts", "2031-05-11", "2031-05-19"),
])
def test_one_goes_back_and_on_with_the_conditions_kept(page: str, before: str, after: str, aoki: Client) -> None:
    context = aoki.get(f"/posts/{page}/?on=2031-05-14&words=訓練").context
    kept = "words=%E8%A8%93%E7%B7%B4"
    assert (context["before"], context["after"], context["now"]) == (f"{kept}&on={before}", f"{kept}&on={after}", kept)


@pytest.mark.parametrize("odd", ["on=9999-12-31", "on=x", "on=0001-01-01", "since=2031-05-01&until=9999-12-31", "page=x",
                                 "since=2031-05-09&until=2031-05-01", "division=x", "stage=x", "service='", "whose=a"])
def test_odd_conditions_are_answered_not_broken(odd: str, cast: Cast, account: Account, aoki: Client) -> None:
    planned(cast, account, moment(14))
    assert {aoki.get(f"/posts/{page}?{odd}").status_code for page in ("", "month/", "week/", "accounts/")} == {200}


def test_days_in_the_wrong_order_are_said_at_the_field_and_kept(aoki: Client) -> None:
    page = aoki.get("/posts/?since=2031-05-09&until=2031-05-01").content.decode()
    assert "「いつから」より後の日" in page
    assert 'value="2031-05-01"' in page


# ── what collides ──────────────────────────────────────────────────

def marks(browser: Client) -> dict[str, tuple[str, ...]]:
    return {item.post.title: item.collisions for item in all_items(browser, MONTH)}


@pytest.mark.parametrize(("minutes", "collides"), [(0, True), (59, True), (60, False)])
def test_two_posts_of_an_account_within_the_hour_are_marked(
    minutes: int, collides: bool, cast: Cast, account: Account, aoki: Client
) -> None:
    planned(cast, account, moment(14, 9), title="先")
    approved(planned(cast, account, moment(14, 9) + timedelta(minutes=minutes), title="後"), by=cast.baba)
    planned(cast, official(cast, name="別"), moment(14, 9), title="別のアカウント")
    mark = (SAME_HOUR_WORD,) if collides else ()
    assert marks(aoki) == {"先": mark, "後": mark, "別のアカウント": ()}
    assert (SAME_HOUR_WORD in aoki.get(MONTH).content.decode()) == collides


@pytest.mark.parametrize(("day", "collides"), [(15, True), (31, True), (1, False)])
def test_the_same_text_to_the_same_account_within_thirty_days_is_marked(
    day: int, collides: bool, cast: Cast, account: Account, aoki: Client
) -> None:
    planned(cast, account, moment(14), "同じ文です。", title="先")
    later = moment(day) if day > 1 else moment(14) + timedelta(days=31)
    planned(cast, account, later, "同じ文です。", title="後")
    planned(cast, official(cast, name="別"), moment(16), "同じ文です。", title="別のアカウント")
    assert marks(aoki)["先"] == ((SAME_TEXT_WORD,) if collides else ())
    assert marks(aoki)["別のアカウント"] == ()


def test_what_was_taken_back_collides_with_nothing(cast: Cast, account: Account, aoki: Client) -> None:
    planned(cast, account, moment(14), "同じ文です。", title="先")
    actions.withdraw(planned(cast, account, moment(14), "同じ文です。"), "中止", by=cast.aoki)
    assert marks(aoki) == {"先": ()}


def test_a_draft_without_words_is_not_the_same_as_another(cast: Cast, account: Account, aoki: Client) -> None:
    for title in ("先", "後"):
        post = actions.write(draft(account, title=title, text=""), by=cast.aoki)
    assert [item.collisions for item in aoki.get("/posts/").context["items"]] == [(), ()]
    assert json.loads(post.latest.targets.get().content)["text"] == ""


# ── who sees what ──────────────────────────────────────────────────

def test_a_draft_is_the_divisions_own_and_so_is_what_it_collides_with(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    planned(cast, account, moment(14), "同じ文です。", title="まだの投稿")
    sent(planned(cast, account, moment(14), "同じ文です。", title="出た投稿"), by=cast.baba, at=moment(14))
    both = (SAME_HOUR_WORD, SAME_TEXT_WORD)
    for name in ("abe", "hata", "mori"):
        assert marks(signed_in(getattr(cast, name))) == {"まだの投稿": both, "出た投稿": both}
    assert marks(signed_in(cast.endo)) == {"出た投稿": ()}
    assert titles(signed_in(cast.endo), "/posts/") == {"出た投稿"}
    assert [row.account for row in signed_in(cast.endo).get(ACCOUNTS).context["rows"]] == [account]


def test_an_account_that_one_may_not_see_is_not_there(cast: Cast, account: Account, signed_in: Door) -> None:
    Account.objects.filter(pk=account.pk).update(state="preparing")
    found = {name: signed_in(getattr(cast, name)).get(f"/posts/month/?account={account.pk}").status_code
             for name in ("aoki", "endo")}
    assert found == {"aoki": 200, "endo": 404}


# ── narrowing ──────────────────────────────────────────────────────

@pytest.fixture
def variety(cast: Cast, account: Account) -> Account:
    """One post of 防災課's aoki, planned; one of 水道課, sent."""
    water = official(cast, name="磐田市水道", division=cast.suido, service="mastodon", handle="@suido")
    planned(cast, account, moment(14), "避難所を開きます。", title="防災の投稿")
    sent(planned(cast, water, moment(16), "断水があります。", title="水道の投稿"), by=cast.fujita, at=moment(16))
    return water


@pytest.mark.usefixtures("variety")
@pytest.mark.parametrize("page", ["", "month/?on=2031-05-14&", "week/?on=2031-05-14&"])
@pytest.mark.parametrize("condition", [
    "division={cast.bosai.pk}", "name=防災", "service=city_feed", "stage=submitted", "whose=mine", "whose=accounts",
    "words=防災の", "words=避難所", "account={account.pk}",
])
def test_each_condition_leaves_what_it_says(
    condition: str, page: str, cast: Cast, account: Account, aoki: Client
) -> None:
    address = f"/posts/{page or '?'}{condition.format(cast=cast, account=account)}"
    assert titles(aoki, address) == {"防災の投稿"}
    assert titles(aoki, f"/posts/{page}") == {"防災の投稿", "水道の投稿"}


@pytest.mark.parametrize(("words", "found"), [
    ("text", False), ("はた", False), ('"引用"', True), ("%", False), ("訓練。\\", True), ("(?i)A", False), ("Aか", True)])
def test_words_are_sought_in_what_is_said_and_as_they_are(
    words: str, found: bool, cast: Cast, account: Account, aoki: Client
) -> None:
    planned(cast, account, moment(14), '"引用"は訓練。\\Aか', title="題")
    assert bool(aoki.get("/posts/", {"words": words}).context["items"]) == found


def test_the_list_of_some_days_is_in_the_order_of_time(variety: Account, aoki: Client) -> None:
    found = [item.post.title for item in aoki.get("/posts/?since=2031-05-01").context["items"]]
    assert found == ["防災の投稿", "水道の投稿"]
    assert titles(aoki, "/posts/?since=2031-05-15") == {"水道の投稿"}
    assert titles(aoki, "/posts/?until=2031-05-15") == {"防災の投稿"}


def test_each_condition_is_said_and_can_be_taken_off(variety: Account, aoki: Client) -> None:
    page = aoki.get("/posts/month/?on=2031-05-14&words=x&service=mastodon")
    assert page.context["said"] == [("サービス：Mastodon", "words=x&on=2031-05-14"),
                                    ("件名・文：x", "service=mastodon&on=2031-05-14")]
    assert "当てはまる投稿はありません" in page.content.decode()


def test_the_ways_to_look_keep_the_conditions_and_the_days(aoki: Client) -> None:
    addresses = {label: address for label, address, _here in aoki.get(f"{MONTH}&words=a").context["tabs"]}
    assert addresses["週"] == "/posts/week/?words=a&on=2031-05-14"
    assert addresses["一覧"] == "/posts/?words=a&since=2031-05-01&until=2031-05-31"
    back = {label: address for label, address, _here in aoki.get(addresses["一覧"]).context["tabs"]}
    assert back["月"] == "/posts/month/?words=a&on=2031-05-01"


def test_home_and_the_page_of_an_account_lead_here(account: Account, aoki: Client) -> None:
    assert 'href="/posts/month/"' in aoki.get("/").content.decode()
    assert f'href="/posts/month/?account={account.pk}"' in aoki.get(f"/accounts/{account.pk}/").content.decode()


# ── taking the list along ──────────────────────────────────────────

def table(browser: Client, **conditions: str) -> list[list[str]]:
    answer = browser.post("/posts/export/", conditions)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_the_table_holds_what_the_list_shows_and_that_it_was_taken_is_recorded(
    variety: Account, cast: Cast, aoki: Client
) -> None:
    headings, row = table(aoki, service="mastodon")
    told = dict(zip(headings, row, strict=True))
    assert {key: told[key] for key in ("件名", "状態", "所属", "サービス", "アカウント", "発信日時", "文")} == {
        "件名": "水道の投稿", "状態": "配信済み", "所属": "水道課", "サービス": "Mastodon", "アカウント": "磐田市水道",
        "発信日時": "2031-05-16 10:00", "文": "断水があります。"}
    entry = Entry.objects.get(verb="post.export")
    assert (entry.actor, entry.data["count"]) == (cast.aoki, 1)


def test_the_table_holds_nothing_that_the_person_may_not_see(variety: Account, cast: Cast, signed_in: Door) -> None:
    assert [row[1] for row in table(signed_in(cast.goto))[1:]] == ["水道の投稿"]
    assert len(table(signed_in(cast.mori))) == 3


def test_no_cell_of_the_table_is_a_formula(account: Account, cast: Cast, aoki: Client) -> None:
    planned(cast, account, None, "=HYPERLINK(\"https://evil.example/\")", title="＠SUM(A1)",
            reasons={"https://evil.example/": "例"})
    row = table(aoki)[1]
    assert row[1] == "'＠SUM(A1)"
    assert row[9].startswith("'=HYPERLINK")


def test_an_approved_post_has_the_times_of_its_deliveries(account: Account, cast: Cast) -> None:
    post = planned(cast, account, moment(14))
    assert post.slots.get().at == moment(14)
    approved(post, by=cast.baba)
    assert post.slots.get().delivery == Delivery.State.WAITING
