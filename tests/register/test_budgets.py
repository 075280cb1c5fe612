"""設定: サービス — IT sees how much of each service's budget is used, until when, and sets its limit by the city's contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.networks.network import Verb
from koshiki.organization.models import Person
from koshiki.register import jobs
from koshiki.register.actions.budgets import set_allowances
from koshiki.register.budget import spend
from koshiki.register.models import Allowance, Spending
from tests.cast import Cast, official

pytestmark = pytest.mark.clause("K-connection")
Door = Callable[[Person], Client]
SERVICES, BUDGET = "/settings/services/", "/settings/services/x/budget/"


def test_the_page_says_how_much_is_used_of_how_much_and_until_when(cast: Cast, signed_in: Door) -> None:
    account = official(cast, service="x", url="https://x.com/iwata_city")
    set_allowances("x", {"posts_month": 4}, by=cast.noda)
    for _ in range(3):
        spend(account, Verb.PUBLISH)
    page = signed_in(cast.noda).get(SERVICES).text
    assert "4件のうち3件" in page
    assert 'value="75"' in page
    assert "残りわずか" not in page
    set_allowances("x", {"reads_month": 5}, by=cast.noda)
    for _ in range(4):
        spend(account, Verb.READ)
    assert "残りわずか" in signed_in(cast.noda).get(SERVICES).text
    spend(account, Verb.PUBLISH)
    assert "使い切りました</span>" in signed_in(cast.noda).get(SERVICES).text


def test_of_many_accounts_the_one_that_used_most_is_shown(cast: Cast, signed_in: Door) -> None:
    few, many = (official(cast, service="line", name=f"LINEの{name}", url=f"https://line.me/R/ti/p/@{name}") for name in "ab")
    spend(few, Verb.PUBLISH)
    spend(many, Verb.PUBLISH)
    spend(many, Verb.PUBLISH)
    page = signed_in(cast.noda).get(SERVICES).text
    assert "60回のうち2回" in page
    assert "最も多いアカウント：LINE LINEのb" in page


def test_a_limit_is_set_shown_and_taken_back_and_stands_in_the_log(cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.noda)
    assert door.post(BUDGET, {"posts_month": "500"}).status_code == 302
    assert 'value="500"' in door.get(BUDGET).text
    assert "500件のうち0件" in door.get(SERVICES).text
    assert door.post(BUDGET, {"posts_month": "500"}).status_code == 302  # nothing new, nothing recorded
    assert door.post(BUDGET, {"posts_month": ""}).status_code == 302
    assert "500件のうち" not in door.get(SERVICES).text
    assert not Allowance.objects.filter(ended_at=None).exists()
    entries = Entry.objects.filter(verb="allowance.set", clause="K-connection", actor=cast.noda)
    texts = entries.order_by("number").values_list("canonical", flat=True)
    assert ['"amount":500' in text.replace(" ", "") for text in texts] == [True, False]


@pytest.mark.parametrize("typed", ["-1", "多い", "9999999999999999"])
def test_what_is_no_number_is_said_at_its_field(cast: Cast, signed_in: Door, typed: str) -> None:
    answer = signed_in(cast.noda).post(BUDGET, {"posts_month": typed})
    assert answer.status_code == 422
    assert not Allowance.objects.exists()


@pytest.mark.parametrize("key", ["city_feed", "nothing"])
def test_a_service_without_budgets_has_no_such_page(cast: Cast, signed_in: Door, key: str) -> None:
    assert signed_in(cast.noda).get(f"{SERVICES}{key}/budget/").status_code == 404


@pytest.mark.parametrize("who", ["aoki", "chiba", "hara", "mori", "endo"])
def test_nobody_but_it_sets_one(cast: Cast, signed_in: Door, who: str) -> None:
    person = getattr(cast, who)
    assert signed_in(person).post(BUDGET, {"posts_month": "1"}).status_code == 404
    with pytest.raises(Refused, match="システム管理"):
        set_allowances("x", {"posts_month": 1}, by=person)
    assert not Allowance.objects.exists()


def test_what_was_used_long_ago_is_forgotten_and_what_counts_is_not(cast: Cast) -> None:
    account = official(cast, service="x", url="https://x.com/iwata_city")
    with clock.at(clock.now() - timedelta(days=100)):
        spend(account, Verb.PUBLISH)
    spend(account, Verb.PUBLISH)
    jobs.forget_spendings(timestamp=0)
    assert sorted(Spending.objects.values_list("budget", "used")) == [("posts_day", 1), ("posts_month", 1)]


def test_a_budget_that_the_service_has_not_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="その枠がありません"):
        set_allowances("x", {"broadcasts_hour": 1}, by=cast.noda)
