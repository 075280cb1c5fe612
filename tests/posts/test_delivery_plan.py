"""What an approval plans: one delivery per account, woken by a job of the same transaction (delivery 1, K-once)."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization.models import Alert
from koshiki.posts import actions
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.models import Delivery
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.delivering import approved_post, due_delivery, run
from tests.posts.writing import approved, draft, submitted

pytestmark = pytest.mark.usefixtures("installed")


def jobs() -> list[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'posts.deliver' ORDER BY id")
        return [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in cursor.fetchall()]


def test_each_account_gets_one_delivery_and_a_job_with_nothing_but_its_id(cast: Cast, account: Account) -> None:
    post = approved_post(cast, account, official(cast, name="防災（別）"))
    rows = list(post.deliveries.order_by("pk"))
    assert len(rows) == 2
    assert jobs() == [{"delivery": row.pk} for row in rows]


def test_an_approval_that_is_rolled_back_leaves_neither_row_nor_job(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    with transaction.atomic():
        approved(post, by=cast.baba)
        transaction.set_rollback(True)
    assert (Delivery.objects.count(), jobs()) == (0, [])


def test_approving_twice_publishes_once(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    assert approved(post, by=cast.baba) == approved(post, by=cast.baba)
    with pytest.raises(Refused):
        approved(post, by=cast.bando)
    assert Delivery.objects.count() == 1


def test_what_was_not_approved_by_its_time_does_not_go_out(cast: Cast, account: Account) -> None:
    due = clock.now() + timedelta(minutes=5)
    post = submitted(cast.aoki, account, due_at=due)
    with clock.at(due + timedelta(minutes=1)), pytest.raises(Refused) as refusal:
        approved(post, by=cast.baba)
    assert refusal.value.clause.id == "K-late"
    assert not Delivery.objects.exists()


def test_once_it_is_on_its_way_the_content_can_no_longer_be_changed(cast: Cast, account: Account) -> None:
    row = run(due_delivery(cast, account))
    with pytest.raises(Refused) as refusal:
        actions.revise(row.post, draft(account, text="別の文"), by=cast.aoki)
    assert refusal.value.clause.id == "K-once"


def test_the_database_itself_allows_one_living_delivery_of_a_post_to_an_account(cast: Cast, account: Account) -> None:
    row = due_delivery(cast, account)
    row.pk, row.key = None, uuid.uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_both_are_told_of_it_once(cast: Cast, account: Account) -> None:
    due = clock.now() + timedelta(minutes=5)
    post = submitted(cast.aoki, account, due_at=due)
    Alert.objects.all().delete()
    with clock.at(due + timedelta(minutes=1)):
        sweep()
        sweep()
    told = Alert.objects.filter(path=f"/posts/{post.pk}/")
    assert {alert.person for alert in told} == {cast.aoki, cast.baba, cast.bando}
    assert len(told) == 3
    assert Entry.objects.filter(verb="post.overdue", clause="K-late").count() == 1
