"""Order is kept by the rows, and one in trouble holds up no other (delivery 10); losing every job loses nothing (11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from koshiki import clock
from koshiki.posts.delivery import breaker
from koshiki.posts.delivery.claim import claim
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.models import Delivery
from tests.cast import Cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery, run

pytestmark = pytest.mark.usefixtures("installed")


def test_the_older_due_time_goes_first(cast: Cast, server: MastodonServer) -> None:
    account, now = connected(cast, server), clock.now()
    texts = ["三番", "一番", "二番"]
    for text, minutes in zip(texts, (30, 10, 20), strict=True):
        row = due_delivery(cast, account, text=text, due_at=now + timedelta(minutes=minutes))
        Delivery.objects.filter(pk=row.pk).update(next_at=now)
    run(row)
    assert [s.text for s in server.statuses] == ["一番", "二番", "三番"]


def test_one_that_is_unknown_does_not_hold_up_the_one_behind_it(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    server.honours_keys, server.software = False, "other"
    server.faults.append("refuse")
    first, second = due_delivery(cast, account), due_delivery(cast, account, text="避難してください。")
    run(first)
    second.refresh_from_db()
    assert (first.state, second.state) == ("unknown", "sent")


def test_a_later_segment_waits_for_the_earlier_one(cast: Cast, server: MastodonServer) -> None:
    row = due_delivery(cast, connected(cast, server))
    Delivery.objects.filter(pk=row.pk).update(segment=1)
    row.pk, row.key, row.segment, row.state = None, row.approval.deliveries.model().key, 0, "failed"
    row.save(force_insert=True)
    assert claim() is None


def test_the_database_allows_one_under_way_per_account(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    due_delivery(cast, account)
    second = due_delivery(cast, account, text="次のお知らせ")
    assert claim()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=second.pk).update(state="claimed", lease_until=clock.now())
    assert claim() is None


def test_a_service_in_trouble_is_left_alone_and_others_go_on(cast: Cast, server: MastodonServer) -> None:
    account, feed = connected(cast, server), official(cast, name="市の発信一覧")
    for _ in range(breaker.TOLERATED):
        breaker.failed("mastodon")
    rows = [due_delivery(cast, account), due_delivery(cast, feed)]
    assert [run(row).state for row in rows] == ["waiting", "sent"]
    breaker.succeeded("mastodon")
    assert run(rows[0]).state == "sent"


def empty_the_job_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_events")
        cursor.execute("DELETE FROM procrastinate_jobs")


def jobs() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (args->>'delivery')::int FROM procrastinate_jobs WHERE task_name = 'posts.deliver'")
        return [row[0] for row in cursor.fetchall()]


def test_losing_every_job_loses_nothing(cast: Cast, server: MastodonServer) -> None:
    rows = [due_delivery(cast, connected(cast, server, name=f"防災{n}")) for n in range(3)]
    empty_the_job_table()
    sweep()
    sweep()
    assert sorted(jobs()) == sorted(row.pk for row in rows)
    for pk in jobs():
        run(Delivery.objects.get(pk=pk))
    assert len(server.statuses) == 3


def test_what_is_unknown_is_woken_too(cast: Cast, server: MastodonServer, quick: Callable[..., None]) -> None:
    quick(early=0)
    row = due_delivery(cast, connected(cast, server))
    server.faults.append("swallow")
    run(row)
    empty_the_job_table()
    sweep()
    assert jobs() == [row.pk]
