"""代決: who may decide for a head, and when."""

from __future__ import annotations

from datetime import timedelta

from koshiki import clock
from koshiki.organization.models import Absence, Posting
from koshiki.organization.roles import acts_as_head
from tests.cast import SINCE, Cast


def test_the_head_decides_as_head(cast: Cast) -> None:
    assert acts_as_head(cast.chiba, cast.bosai) == "head"


def test_a_deputy_waits_while_the_head_is_there(cast: Cast) -> None:
    assert acts_as_head(cast.doi, cast.bosai) == ""


def test_a_deputy_decides_while_the_head_is_absent(cast: Cast) -> None:
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    assert acts_as_head(cast.doi, cast.bosai) == "deputy"


def test_a_deputy_decides_when_the_heads_due_time_has_long_passed(cast: Cast) -> None:
    assert acts_as_head(cast.doi, cast.bosai, due=clock.now() - timedelta(hours=25)) == "deputy"
    assert acts_as_head(cast.doi.afresh(), cast.bosai, due=clock.now() - timedelta(hours=1)) == ""


def test_a_deputy_who_took_part_does_not_decide(cast: Cast) -> None:
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    assert acts_as_head(cast.doi, cast.bosai, took_part=[cast.doi.pk]) == ""


def test_a_deputy_decides_while_no_head_is_in_office(cast: Cast) -> None:
    Posting.objects.filter(person=cast.chiba).update(end=SINCE)
    assert acts_as_head(cast.doi, cast.bosai) == "deputy"


def test_an_absent_deputy_leaves_it_to_the_next(cast: Cast) -> None:
    cast.bosai.deputies.create(person=cast.bando, order=2, start=SINCE, named_by=cast.chiba)
    for person in (cast.chiba, cast.doi):
        Absence.objects.create(person=person, start=clock.today(), reason="出張")
    assert acts_as_head(cast.doi, cast.bosai) == ""
    assert acts_as_head(cast.bando, cast.bosai) == "deputy"
