"""最初の管理者: made by a command while nobody is there, and able to give themself nothing."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization import actions
from koshiki.organization.models import Person
from koshiki.organization.roles import is_it


@pytest.fixture
def told(db: None) -> str:
    out = StringIO()
    call_command("create_administrator", staff_number="ａ１", name="最初 一", stdout=out)
    return out.getvalue()


def test_the_first_administrator_signs_in_with_the_password_that_was_printed(told: str, client: Client) -> None:
    password = re.findall(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){3}", told)[0]
    answer = client.post(reverse("sign_in"), {"username": "a1", "password": password})
    assert answer.status_code == 302
    assert client.get(reverse("people")).headers["Location"] == reverse("password_change")


@pytest.mark.usefixtures("told")
def test_the_command_works_once(db: None) -> None:
    with pytest.raises(CommandError, match="すでに"):
        call_command("create_administrator", staff_number="2", name="二人目")


@pytest.mark.usefixtures("told")
def test_the_first_administrator_keeps_the_system_and_gives_themself_nothing(db: None) -> None:
    first = Person.objects.get()
    assert is_it(first)
    assert Entry.objects.get(verb="rolegrant.first").actor is None
    with pytest.raises(Refused) as refusal:
        actions.grant_role(first, "auditor", start=clock.today(), by=first)
    assert refusal.value.clause.id == "K-role"
