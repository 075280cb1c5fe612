"""回数の枠 — counted before each call, publishing first; what is used up waits with a plain reason and is never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.networks.network import Verb
from koshiki.organization.models import Alert, Person
from koshiki.posts import jobs
from koshiki.posts.delivery import send
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.models import Breaker, Delivery
from koshiki.register.actions import check_profile
from koshiki.register.actions.budgets import set_allowances
from koshiki.register.budget import UsedUp, spend
from koshiki.register.models import Account, Spending
from tests.cast import Cast, official
from tests.networks.x_server import XServer
from tests.posts.delivering import due_delivery, run, run_out, sooner
from tests.posts.on_x import connected_to_x, x
from tests.racing import raced

__all__ = ["x"]
pytestmark = pytest.mark.usefixtures("installed")


class Killed(BaseException):
    """Nobody is there any more to write anything down."""


def limited(cast: Cast, **amounts: int) -> None:
    set_allowances("x", amounts, by=cast.noda)


def used(budget: str) -> int:
    return sum(Spending.objects.filter(service="x", budget=budget).values_list("used", flat=True))


def test_what_goes_out_is_counted_before_it_goes(cast: Cast, x: XServer) -> None:
    row = run(due_delivery(cast, connected_to_x(cast, x)))
    assert row.state == "sent"
    assert (used("posts_day"), used("posts_month"), used("reads_month")) == (1, 1, 0)
    jobs.read_back(delivery=row.pk)
    assert used("reads_month") == 1


def test_what_is_used_up_waits_and_says_until_when_and_the_service_is_asked_nothing(
    cast: Cast, x: XServer, signed_in: Callable[[Person], Client]
) -> None:
    account = connected_to_x(cast, x)
    limited(cast, posts_month=0)
    row = run(due_delivery(cast, account))
    assert (row.state, row.intent_at, x.posts) == ("retry", None, [])
    assert "1か月の投稿、0件" in row.reason
    page = signed_in(cast.aoki).get(f"/posts/{row.post_id}/deliveries/").text
    assert row.reason in page
    assert not Breaker.objects.filter(failures__gt=0).exists()
    for _ in range(5):
        sweep()
        run(row)
    assert Delivery.objects.get(pk=row.pk).tries == 1
    assert x.billed.total() == 0


def test_it_goes_out_once_it_has_raised_the_limit(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    limited(cast, posts_month=0)
    row = run(due_delivery(cast, account))
    limited(cast, posts_month=1)
    assert run(sooner(row)).state == "sent"
    assert len(x.posts) == 1


def test_or_once_a_new_month_has_begun(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    limited(cast, posts_month=1)
    spend(account, Verb.PUBLISH)
    with pytest.raises(UsedUp) as used_up:
        spend(account, Verb.PUBLISH)
    with clock.at(used_up.value.until):
        spend(account, Verb.PUBLISH)
    assert list(Spending.objects.filter(budget="posts_month").values_list("used", flat=True)) == [1, 1]


def test_what_waited_in_vain_is_held_for_a_person_and_not_lost(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    limited(cast, posts_month=0)
    row = run(due_delivery(cast, account))
    assert row.next_at <= row.expires_at + timedelta(seconds=1)
    Delivery.objects.filter(pk=row.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    row = run(sooner(row))
    assert (row.state, row.clause, x.posts) == ("held", "K-late", [])


def test_of_two_budgets_both_are_taken_from_or_none(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    limited(cast, posts_month=0)
    with pytest.raises(UsedUp):
        spend(account, Verb.PUBLISH)
    assert not Spending.objects.exists()


def test_what_is_only_read_leaves_a_fifth_to_publishing(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    limited(cast, reads_month=25)
    for _ in range(20):
        spend(account, Verb.READ)
    with pytest.raises(UsedUp, match="発信のために残す分を除いて"):
        spend(account, Verb.PROFILE)
    limited(cast, reads_month=40)
    spend(account, Verb.LOOK_UP)  # 20 units, to the last
    assert used("reads_month") == 40


def test_a_reading_that_is_left_out_is_said(cast: Cast, x: XServer, signed_in: Callable[[Person], Client]) -> None:
    account = connected_to_x(cast, x)
    limited(cast, reads_month=0)
    row = run(due_delivery(cast, account))
    jobs.read_back(delivery=row.pk)
    row.refresh_from_db()
    assert (row.state, row.differs, x.billed.total()) == ("sent", False, 0)
    assert "1か月に読む投稿" in row.read_back
    assert "使い切りました" in signed_in(cast.aoki).get(f"/posts/{row.post_id}/deliveries/").text


@pytest.mark.clause("§6(3)ウ")
def test_and_so_is_a_profile_that_is_not_looked_at(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    Account.objects.filter(pk=account.pk).update(state=Account.State.LISTED)
    limited(cast, reads_month=0)
    check = check_profile(Account.objects.get(pk=account.pk), by=cast.hata)
    assert (check.result, x.billed.total()) == ("unreadable", 0)
    assert "使い切りました" in check.found


@pytest.mark.clause("K-unknown")
def test_in_doubt_it_is_looked_up_before_anything_else_and_without_units_a_person_decides(
    cast: Cast, x: XServer, quick: Callable[..., None]
) -> None:
    account = connected_to_x(cast, x)
    row = due_delivery(cast, account)
    x.faults += ["swallow"]
    row = run(row)
    assert row.state == "unknown"
    limited(cast, reads_month=0)
    row = run(sooner(row))
    assert row.state == "unknown"
    assert "使い切りました" in row.reason
    quick(give_up=0)
    row = run(sooner(row))
    assert (row.state, len(x.posts), used("posts_month")) == ("person", 1, 1)


def test_killed_after_counting_it_goes_out_once_and_one_unit_is_wasted(
    cast: Cast, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = due_delivery(cast, connected_to_x(cast, x))

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(send, "intend", killed)
        with pytest.raises(Killed):
            run(row)
    row.refresh_from_db()
    assert (row.state, used("posts_month")) == ("claimed", 1)
    run_out(row)
    sweep()
    assert run(sooner(row)).state == "sent"
    assert (len(x.posts), used("posts_month")) == (1, 2)


def test_it_is_told_once_when_four_fifths_are_used(cast: Cast, x: XServer) -> None:
    account = connected_to_x(cast, x)
    limited(cast, posts_month=5)
    told = Alert.objects.filter(person=cast.noda, subject="サービスの回数の枠")
    for number in range(1, 6):
        spend(account, Verb.PUBLISH)
        assert told.count() == (1 if number >= 4 else 0)


def test_accounts_of_a_service_that_counts_each_by_itself_do_not_take_from_each_other(cast: Cast) -> None:
    one, other = (official(cast, service="line", name=name, url=f"https://line.me/R/ti/p/@{name}") for name in ("one", "two"))
    set_allowances("line", {"broadcasts_hour": 1}, by=cast.noda)
    spend(one, Verb.PUBLISH)
    spend(other, Verb.PUBLISH)
    with pytest.raises(UsedUp):
        spend(one, Verb.PUBLISH)


def test_a_service_that_says_nothing_of_it_is_not_counted(cast: Cast) -> None:
    spend(official(cast), Verb.PUBLISH)
    assert not Spending.objects.exists()


@pytest.mark.usefixtures("committed_db")
def test_many_workers_at_once_never_take_more_than_there_is(cast: Cast) -> None:
    account = official(cast, service="x", url="https://x.com/iwata_city")
    limited(cast, posts_day=5)
    raised = raced(*[lambda: spend(account, Verb.PUBLISH)] * 12)
    assert (used("posts_day"), used("posts_month")) == (5, 5)
    assert [type(error) for error in raised] == [UsedUp] * 7
