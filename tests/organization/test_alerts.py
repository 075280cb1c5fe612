"""通知: one plain mail at once to whose turn it is, with the page's address and none of the content."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from koshiki import clock
from koshiki.organization.alerts import tell
from koshiki.organization.jobs import clear_sessions
from koshiki.organization.models import Alert, Person
from tests.cast import Cast
from tests.postbox import Postbox, work

SUBJECT = "投稿の承認"


def test_whose_turn_it_is_gets_one_mail_with_the_address_and_none_of_the_content(
        committed_db: None, postbox: Postbox) -> None:
    baba = Person.objects.create(staff_number="1003", name="馬場 文", email="baba@city.example")
    with transaction.atomic():
        tell([baba, baba], subject=SUBJECT, path="/posts/7/")
    work()
    [mail] = postbox.mails
    assert mail["To"] == "baba@city.example"
    assert mail["Subject"].strip() == "【公式アカウント管理】投稿の承認"
    text = mail.get_content()
    assert "http://127.0.0.1:8000/posts/7/" in text
    assert mail.get_content_type() == "text/plain"
    assert Alert.objects.get().sent_at


def test_what_is_rolled_back_is_not_mailed(committed_db: None, postbox: Postbox) -> None:
    baba = Person.objects.create(staff_number="1003", name="馬場 文", email="baba@city.example")
    with transaction.atomic():
        tell([baba], subject=SUBJECT, path="/posts/7/")
        transaction.set_rollback(True)
    work()
    assert postbox.mails == []
    assert not Alert.objects.exists()


def test_a_mail_server_that_is_away_is_noted_and_tried_again(
        committed_db: None, postbox: Postbox, settings: pytest.FixtureRequest) -> None:
    baba = Person.objects.create(staff_number="1003", name="馬場 文", email="baba@city.example")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]  # type: ignore[attr-defined]
    with transaction.atomic():
        tell([baba], subject=SUBJECT, path="/posts/7/")
    work()
    assert "Refused" in Alert.objects.get().error
    assert ProcrastinateJob.objects.get(task_name="organization.send_mail").status == "todo"


def test_it_is_told_of_mails_that_did_not_go(cast: Cast, signed_in: Callable[[Person], Client]) -> None:
    Alert.objects.create(person=cast.baba, subject=SUBJECT, path="/", error="ConnectionRefusedError")
    assert "送れなかったメールがあります" in signed_in(cast.noda).get(reverse("home")).content.decode()
    assert "送れなかったメールがあります" not in signed_in(cast.aoki).get(reverse("home")).content.decode()


def test_sessions_that_are_over_are_forgotten(cast: Cast, signed_in: Callable[[Person], Client]) -> None:
    signed_in(cast.aoki)
    with clock.at(clock.now() + timedelta(hours=13)):
        clear_sessions(timestamp=0)
    assert not Session.objects.exists()


def test_nothing_is_mailed_to_the_deactivated(cast: Cast, postbox: Postbox) -> None:
    cast.baba.is_active = False
    cast.baba.save()
    assert tell([cast.baba], subject=SUBJECT, path="/") == []


def test_without_mail_the_home_page_says_so(cast: Cast, signed_in: Callable[[Person], Client]) -> None:
    assert "メールは送られません" in signed_in(cast.aoki).get(reverse("home")).content.decode()


def test_with_mail_the_home_page_is_silent_about_it(
        cast: Cast, postbox: Postbox, signed_in: Callable[[Person], Client]) -> None:
    assert "メールは送られません" not in signed_in(cast.aoki).get(reverse("home")).content.decode()
