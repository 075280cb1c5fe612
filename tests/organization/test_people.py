"""職員: IT keeps people, postings and roles; nobody gives anything to themself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization import actions
from koshiki.organization.models import Person, RoleGrant
from koshiki.organization.roles import heads, is_auditor, is_it
from tests.cast import SINCE, Cast

SignedIn = Callable[[Person], Client]


@pytest.fixture
def it(cast: Cast, signed_in: SignedIn) -> Client:
    return signed_in(cast.noda)


def test_it_enters_a_person_and_sees_the_one_time_password_once(it: Client) -> None:
    answer = it.post(reverse("person_new"), {"number": "ａ12", "name": "新田 新"})
    password = re.search(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", answer.content.decode())
    made = Person.objects.get(staff_number="A12")
    assert password
    assert made.check_password(password[0])
    assert password[0] not in it.get(reverse("person", args=[made.pk])).content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert password[0] not in Entry.objects.get(verb="person.add").canonical


def test_a_second_login_for_the_same_number_is_refused(it: Client, cast: Cast) -> None:
    answer = it.post(reverse("person_new"), {"number": "１００２", "name": "青木 葵"})
    assert "K-person" in answer.content.decode()
    with pytest.raises(Refused, match="すでに") as refusal:
        actions.add_person("1002", "青木 葵", by=cast.noda)
    assert refusal.value.clause.id == "K-person"


def test_what_was_typed_stays_when_it_is_refused(it: Client) -> None:
    answer = it.post(reverse("person_new"), {"number": "1002", "name": "残る 名前"})
    assert 'value="残る 名前"' in answer.content.decode()


def test_a_posting_takes_effect_at_once_and_ends_on_its_day(it: Client, cast: Cast) -> None:
    form = {"division": cast.suido.pk, "position": "課長", "start": clock.today(), "end": ""}
    it.post(reverse("person_post", args=[cast.abe.pk]), form)
    assert heads(cast.abe.afresh(), cast.suido)
    posting = cast.abe.postings.get(division=cast.suido)
    it.post(reverse("posting_end", args=[posting.pk]), {"end": clock.today()})
    with clock.at(clock.now() + timedelta(days=1)):
        assert not heads(cast.abe.afresh(), cast.suido)


def test_nobody_posts_themself(it: Client, cast: Cast) -> None:
    form = {"division": cast.suido.pk, "position": "課長", "start": clock.today()}
    answer = it.post(reverse("person_post", args=[cast.noda.pk]), form)
    assert answer.status_code == 409
    assert "K-role" in answer.content.decode()
    assert not cast.noda.postings.exists()


def test_nobody_gives_a_role_to_themself(it: Client, cast: Cast) -> None:
    answer = it.post(reverse("person_role", args=[cast.noda.pk]), {"role": "auditor", "start": clock.today()})
    assert answer.status_code == 409
    assert not is_auditor(cast.noda.afresh())


def test_the_first_administrators_roles_are_given_by_a_second_person(cast: Cast) -> None:
    first = Person.objects.create(staff_number="0001", name="最初の人")
    RoleGrant.objects.create(person=first, role="it", start=SINCE)
    second, _ = actions.add_person("0002", "二人目の人", by=first)
    actions.grant_role(second, "it", start=clock.today(), by=first)
    with pytest.raises(Refused):
        actions.post(first, cast.joho, "係長", start=clock.today(), by=first)
    actions.post(first, cast.joho, "係長", start=clock.today(), by=second)
    assert first.afresh().standing.rank


def test_a_role_is_given_and_ended_by_another_person(it: Client, cast: Cast) -> None:
    it.post(reverse("person_role", args=[cast.abe.pk]), {"role": "it", "start": clock.today()})
    assert is_it(cast.abe.afresh())
    grant = cast.abe.role_grants.get()
    it.post(reverse("role_end", args=[grant.pk]), {"end": clock.today()})
    with clock.at(clock.now() + timedelta(days=1)):
        assert not is_it(cast.abe.afresh())


def test_who_has_no_role_it_keeps_nobody(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        actions.grant_role(cast.abe, "it", start=clock.today(), by=cast.chiba)
    assert refusal.value.clause.id == "K-organization"


def test_the_last_who_keeps_the_system_until_further_notice_stays(cast: Cast) -> None:
    actions.grant_role(cast.abe, "it", start=clock.today(), end=clock.today(), by=cast.noda)
    for act in (lambda: actions.end_role(cast.noda.role_grants.get(), end=clock.today(), by=cast.abe),
                lambda: actions.deactivate(cast.noda, by=cast.abe, reason="異動")):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.clause.id == "K-administrator"


def test_a_deactivated_person_comes_back_with_a_new_password(it: Client, cast: Cast) -> None:
    it.post(reverse("person_deactivate", args=[cast.abe.pk]), {"reason": "休職"})
    cast.abe.refresh_from_db()
    assert not cast.abe.is_active
    answer = it.post(reverse("person_reactivate", args=[cast.abe.pk]))
    cast.abe.refresh_from_db()
    assert cast.abe.is_active
    assert cast.abe.must_change_password
    assert "一度だけ" in answer.content.decode()


def test_an_auditor_sees_people_and_changes_nobody(cast: Cast, signed_in: SignedIn) -> None:
    auditor = signed_in(cast.mori)
    assert auditor.get(reverse("people")).status_code == 200
    assert auditor.get(reverse("person", args=[cast.abe.pk])).status_code == 200
    assert auditor.post(reverse("person_edit", args=[cast.abe.pk]), {"name": "別の名"}).status_code == 404
    with pytest.raises(Refused):
        actions.change_person(cast.abe, by=cast.mori, name="別の名")


def test_other_staff_see_only_their_own_page(cast: Cast, signed_in: SignedIn) -> None:
    aoki = signed_in(cast.aoki)
    assert aoki.get(reverse("people")).status_code == 404
    assert aoki.get(reverse("person", args=[cast.abe.pk])).status_code == 404
    assert aoki.get(reverse("person", args=[cast.aoki.pk])).status_code == 200


@pytest.mark.parametrize(("words", "found"), [("青木", True), ("1002", True), ("だれもいない", False)])
def test_people_are_found_by_name_and_number(words: str, found: bool, it: Client) -> None:
    assert ("青木 葵" in it.get(reverse("people"), {"q": words}).content.decode()) is found


def test_the_list_of_people_asks_the_database_as_often_for_many_as_for_few(
        it: Client, cast: Cast, django_assert_max_num_queries: Callable[..., Any]) -> None:
    it.get(reverse("people"))
    with CaptureQueriesContext(connection) as few:
        it.get(reverse("people"))
    Person.objects.bulk_create(Person(staff_number=f"5{n:04}", name=f"職員{n}") for n in range(1000))
    with django_assert_max_num_queries(len(few)):
        it.get(reverse("people"))
