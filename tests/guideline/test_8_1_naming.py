"""§8(1): the head names who drafts and who approves; approvers are グループ長 or 係長 or above."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from koshiki import clock
from koshiki.audit.log import about
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Person
from koshiki.register import actions
from koshiki.register.models import Account, Assignment
from koshiki.register.roles import is_approver, is_author, was_approver
from tests.cast import SINCE, Cast
from tests.guideline import opening

pytestmark = pytest.mark.clause("§8(1)")
Door = Callable[[Person], Client]


@pytest.fixture
def opened(cast: Cast) -> Account:
    """An account of 防災課 for which nobody is named yet."""
    return opening.approved(cast)


def test_the_head_names_an_author_and_an_approver(cast: Cast, opened: Account, signed_in: Door) -> None:
    door, address, today = signed_in(cast.chiba), f"/accounts/{opened.pk}/people/", clock.today()
    door.post(address, {"role": "author", "person": cast.aoki.pk, "start": today})
    door.post(address, {"role": "approver", "person": cast.baba.pk, "start": today})
    assert is_author(cast.aoki.afresh(), opened)
    assert is_approver(cast.baba.afresh(), opened)


@pytest.mark.parametrize("name", ["aoki", "baba", "doi", "goto", "hara", "kato", "noda", "mori"])
def test_nobody_else_names(cast: Cast, opened: Account, name: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.name_author(opened, cast.abe, start=clock.today(), by=getattr(cast, name))
    assert refused.value.clause.id == "§8(1)"


def test_the_deputy_names_while_the_head_is_absent(cast: Cast, opened: Account) -> None:
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    assert actions.name_author(opened, cast.aoki, start=clock.today(), by=cast.doi).named_by == cast.doi


def test_an_approver_has_the_rank(cast: Cast, opened: Account, signed_in: Door) -> None:
    typed = {"role": "approver", "person": cast.abe.pk, "start": clock.today()}
    answer = signed_in(cast.chiba).post(f"/accounts/{opened.pk}/people/", typed)
    assert answer.status_code == 409
    assert "グループ長又は係長以上の職にある者" in answer.text
    for person in (cast.baba, cast.bando, cast.doi):
        assert actions.name_approver(opened, person, start=clock.today(), by=cast.chiba)


def test_who_is_named_is_of_the_division(cast: Cast, opened: Account) -> None:
    with pytest.raises(Refused, match="配属されていません"):
        actions.name_approver(opened, cast.fujita, start=clock.today(), by=cast.chiba)


@pytest.mark.clause("§4(1)")
def test_who_is_named_has_confirmed_the_guideline(cast: Cast, opened: Account) -> None:
    with pytest.raises(Refused) as refused:
        actions.name_approver(opened, cast.nishi, start=clock.today(), by=cast.chiba)
    assert refused.value.clause.id == "§4(1)"


def test_no_head_names_themself(cast: Cast, opened: Account) -> None:
    with pytest.raises(Refused) as refused:
        actions.name_approver(opened, cast.chiba, start=clock.today(), by=cast.chiba)
    assert refused.value.clause.id == "K-role"
    with pytest.raises(IntegrityError, match="no_assignment_for_oneself"):
        Assignment.objects.create(account=opened, person=cast.chiba, role="approver", start=SINCE, named_by=cast.chiba)


def test_nobody_is_named_twice_for_one_time(cast: Cast, opened: Account) -> None:
    actions.name_author(opened, cast.aoki, start=clock.today(), by=cast.chiba)
    with pytest.raises(Refused, match="すでに"):
        actions.name_author(opened, cast.aoki, start=clock.today() + timedelta(days=3), by=cast.chiba)


def test_the_letter_is_printed(cast: Cast, opened: Account, signed_in: Door) -> None:
    named = actions.name_approver(opened, cast.baba, start=clock.today(), by=cast.chiba)
    page = signed_in(cast.abe).get(f"/accounts/assignments/{named.pk}/letter/").text
    for words in ("情報発信責任者指定書", "防災課　係長　馬場 文 様", "防災課長　千葉 千", "磐田市防災"):
        assert words in page
    assert signed_in(cast.endo).get(f"/accounts/assignments/{named.pk}/letter/").status_code == 404


def test_it_ends_on_a_day_and_what_was_approved_before_stays(cast: Cast, opened: Account, signed_in: Door) -> None:
    named = actions.name_approver(opened, cast.baba, start=SINCE, by=cast.chiba)
    yesterday = clock.today() - timedelta(days=1)
    door = signed_in(cast.chiba)
    assert door.post(f"/accounts/assignments/{named.pk}/end/", {"end": yesterday}).status_code == 302
    assert not is_approver(cast.baba.afresh(), opened)
    assert was_approver(cast.baba, opened, clock.now() - timedelta(days=2))


def test_for_cause_it_ends_at_once_and_reaches_back(cast: Cast, opened: Account, signed_in: Door) -> None:
    named = actions.name_approver(opened, cast.baba, start=clock.today(), by=cast.chiba)
    door, address = signed_in(cast.chiba), f"/accounts/assignments/{named.pk}/revoke/"
    assert door.post(address, {"reason": ""}).status_code == 422
    assert door.post(address, {"reason": "承認の手続に反したため"}).status_code == 302
    assert not is_approver(cast.baba.afresh(), opened)
    assert not was_approver(cast.baba, opened, clock.now())
    assert about(named).get().data["reason"] == "承認の手続に反したため"


def test_nobody_but_the_head_ends_it(cast: Cast, opened: Account, signed_in: Door) -> None:
    named = actions.name_approver(opened, cast.baba, start=clock.today(), by=cast.chiba)
    for act in ("end", "revoke"):
        answer = signed_in(cast.aoki).post(f"/accounts/assignments/{named.pk}/{act}/",
                                           {"end": clock.today(), "reason": "理由"})
        assert answer.status_code == 409
