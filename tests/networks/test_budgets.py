"""回数の枠 — what a service lets itself be asked is data of its adapter; its spans are those of the service's own clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from koshiki.networks import SERVICES
from koshiki.networks.budgets import FIRST, Budget, Span
from koshiki.networks.network import Network, Verb
from koshiki.networks.youtube import YouTube

ADAPTERS: list[type[Network]] = [YouTube, *(kind for service in SERVICES.values() if (kind := service.adapter))]
DAY = Budget("day", "1日", "単位", Span.DAY, {Verb.PUBLISH: 1}, 100, "America/Los_Angeles")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("kind", ADAPTERS, ids=lambda kind: kind.key)
def test_a_budget_is_spent_by_what_its_adapter_can_do_and_always_leaves_room_to_publish(kind: type[Network]) -> None:
    keys = [budget.key for budget in kind.budgets]
    assert len(set(keys)) == len(keys)
    for budget in kind.budgets:
        assert set(budget.costs) <= kind.verbs()
        assert all(cost > 0 for cost in budget.costs.values())
        assert budget.usual is None or budget.usual >= sum(budget.costs.values())


@pytest.mark.parametrize(("moment", "began", "ends"), [
    ("2026-11-27 07:59", "2026-11-26 08:00", "2026-11-27 08:00"),  # the Pacific's midnight, in winter …
    ("2026-07-01 07:00", "2026-07-01 07:00", "2026-07-02 07:00"),  # … in summer …
    ("2026-03-08 12:00", "2026-03-08 08:00", "2026-03-09 07:00"),  # … and on the day of 23 hours
    ("2026-11-01 12:00", "2026-11-01 07:00", "2026-11-02 08:00"),  # … of 25
])
def test_a_day_is_the_services_own(moment: str, began: str, ends: str) -> None:
    assert (DAY.began(at(moment)), DAY.ends(at(moment))) == (at(began), at(ends))


@pytest.mark.parametrize(("moment", "began", "ends"), [
    ("2026-11-30 15:00", "2026-11-30 15:00", "2026-12-31 15:00"),  # the first of December in Japan
    ("2026-02-10 00:00", "2026-01-31 15:00", "2026-02-28 15:00"),
    ("2026-12-31 14:59", "2026-11-30 15:00", "2026-12-31 15:00"),
])
def test_and_so_is_a_month(moment: str, began: str, ends: str) -> None:
    month = Budget("month", "1か月", "回", Span.MONTH, {Verb.PUBLISH: 1}, 100, "Asia/Tokyo")
    assert (month.began(at(moment)), month.ends(at(moment))) == (at(began), at(ends))


def test_an_hour_ends_with_the_hour() -> None:
    hour = Budget("hour", "1時間", "回", Span.HOUR, {Verb.PUBLISH: 1}, 60)
    assert (hour.began(at("2026-11-27 07:59")), hour.ends(at("2026-11-27 07:59"))) == (
        at("2026-11-27 07:00"), at("2026-11-27 08:00"))


@pytest.mark.parametrize("verb", Verb)
def test_publishing_may_use_all_of_it_and_everything_else_leaves_a_fifth(verb: Verb) -> None:
    assert DAY.open_to(verb, 100) == (100 if verb in FIRST else 80)
    assert DAY.open_to(verb, 1) == (1 if verb in FIRST else 0)
