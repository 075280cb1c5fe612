"""朝のまとめ: on a working morning one mail with how much waits, and nothing of what it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from koshiki import clock
from koshiki.desk.digest import digests
from koshiki.desk.jobs import send_digests
from koshiki.organization.actions import report_absence
from koshiki.organization.models import Person
from tests.cast import Cast, official
from tests.postbox import Postbox, work
from tests.posts.writing import submitted

FRIDAY = datetime(2026, 12, 11, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
MONDAY = FRIDAY + timedelta(days=3)


@pytest.fixture
def waiting(cast: Cast) -> Cast:
    """A post of 防災課 waits for its two approvers since Friday morning; some people have mail addresses."""
    for name in ("aoki", "baba", "chiba", "goto"):
        Person.objects.filter(pk=getattr(cast, name).pk).update(email=f"{name}@city.example")
    with clock.at(FRIDAY):
        submitted(cast.aoki, official(cast))
    return cast


def morning(moment: datetime) -> None:
    with clock.at(moment):
        send_digests(timestamp=0)
    work()


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def to(postbox: Postbox, name: str) -> EmailMessage:
    return next(mail for mail in postbox.mails if mail["To"] == f"{name}@city.example")


def test_who_is_waited_for_gets_one_mail_with_the_number_and_the_address(
        committed_db: None, waiting: Cast, postbox: Postbox, settings: pytest.FixtureRequest) -> None:
    morning(FRIDAY + timedelta(hours=1))
    [mail] = [mail for mail in postbox.mails if mail["To"] == "baba@city.example"]
    assert "きょうの用務 1件" in mail["Subject"]
    for kind in ("plain", "html"):
        assert "読んで承認する（§8(1)）" in body(mail, kind)
        assert settings.KOSHIKI_URL in body(mail, kind)  # type: ignore[attr-defined]
        assert "期限を過ぎたもの" not in body(mail, kind)


def test_nothing_of_a_post_stands_in_it(committed_db: None, waiting: Cast, postbox: Postbox) -> None:
    morning(FRIDAY + timedelta(hours=1))
    said = "".join(mail.as_string() + body(mail, "plain") + body(mail, "html") + mail["Subject"] for mail in postbox.mails)
    assert "防災訓練" not in said
    assert "サイレン" not in said


def test_nobody_gets_a_mail_for_nothing(committed_db: None, waiting: Cast, postbox: Postbox) -> None:
    morning(FRIDAY + timedelta(hours=1))
    assert "goto@city.example" not in {mail["To"] for mail in postbox.mails}


@pytest.mark.parametrize("day", [FRIDAY + timedelta(days=1), datetime(2027, 1, 1, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo"))])
def test_no_mail_goes_out_on_a_day_off(committed_db: None, waiting: Cast, postbox: Postbox, day: datetime) -> None:
    morning(day)
    assert postbox.mails == []


def test_what_is_late_is_said_and_their_head_is_told_of_it(committed_db: None, waiting: Cast, postbox: Postbox) -> None:
    morning(MONDAY + timedelta(days=1))
    assert "期限超過 1件" in to(postbox, "baba")["Subject"]
    for kind in ("plain", "html"):
        assert "期限を過ぎたもの1件" in body(to(postbox, "baba"), kind)
        assert "所属の職員が期限を過ぎているもの" in body(to(postbox, "chiba"), kind)
        assert f"{waiting.baba.name}　1件" in body(to(postbox, "chiba"), kind)
    assert "goto@city.example" not in {mail["To"] for mail in postbox.mails}


def test_while_the_head_is_away_the_deputy_is_told_too(cast: Cast, waiting: Cast) -> None:
    Person.objects.filter(pk=cast.doi.pk).update(email="doi@city.example")
    late = MONDAY + timedelta(days=1)
    with clock.at(late):
        assert "doi@city.example" not in {digest.person.email for digest in digests()}
        report_absence(cast.chiba, start=clock.today(), reason="出張のため", by=cast.chiba)
        [digest] = [digest for digest in digests() if digest.person == cast.doi]
    assert (cast.baba.name, 1) in digest.others


def test_a_mail_server_that_is_away_is_tried_again(
        committed_db: None, waiting: Cast, postbox: Postbox, settings: pytest.FixtureRequest) -> None:
    settings.EMAIL_PORT = 9  # type: ignore[attr-defined]
    morning(FRIDAY + timedelta(hours=1))
    assert set(ProcrastinateJob.objects.filter(task_name="desk.send_digest").values_list("status", flat=True)) == {"todo"}


def test_where_no_mail_is_set_up_nothing_is_made_ready(
        committed_db: None, waiting: Cast, settings: pytest.FixtureRequest) -> None:
    settings.EMAIL_HOST = ""  # type: ignore[attr-defined]
    morning(FRIDAY + timedelta(hours=1))
    assert not ProcrastinateJob.objects.filter(task_name="desk.send_digest").exists()


def test_it_counts_what_the_page_shows(waiting: Cast, signed_in: Callable[[Person], Client]) -> None:
    with clock.at(FRIDAY + timedelta(hours=1)):
        [digest] = [digest for digest in digests() if digest.person == waiting.baba]
        page = signed_in(waiting.baba).get(reverse("home")).content.decode()
    assert page.count('class="duty') == digest.waiting == 1
