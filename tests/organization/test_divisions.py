"""所属: IT keeps divisions, heads name deputies, absences are reported by those who gain nothing by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization import actions
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import acts_as_head
from tests.cast import Cast

SignedIn = Callable[[Person], Client]
NEW = {"code": "400", "name": "図書館", "telephone": "0538-00-0400", "service": ""}


def test_it_enters_and_corrects_a_division(cast: Cast, signed_in: SignedIn) -> None:
    it = signed_in(cast.noda)
    it.post(reverse("division_new"), NEW)
    library = Division.objects.get(code="400")
    it.post(reverse("division_edit", args=[library.pk]), {**NEW, "telephone": "0538-00-0401"})
    library.refresh_from_db()
    assert library.telephone == "0538-00-0401"


def test_a_duty_of_the_guideline_belongs_to_one_division(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in(cast.noda).post(reverse("division_new"), {**NEW, "service": "public_relations"})
    assert "いま広報広聴シティプロモーション課が受けています" in answer.content.decode()


def test_nobody_gives_their_own_division_a_duty(cast: Cast) -> None:
    actions.grant_role(cast.abe, "it", start=clock.today(), by=cast.noda)
    actions.change_division(cast.koho, by=cast.noda, service="")
    with pytest.raises(Refused) as refusal:
        actions.change_division(cast.bosai, by=cast.abe, service="public_relations")
    assert refusal.value.clause.id == "K-role"


def test_the_head_names_a_deputy_who_then_decides_while_the_head_is_away(cast: Cast, signed_in: SignedIn) -> None:
    head = signed_in(cast.goto)
    head.post(reverse("deputy_new", args=[cast.suido.pk]),
              {"person": cast.fujita.pk, "order": 1, "start": clock.today()})
    head.post(reverse("absence_new", args=[cast.goto.pk]), {"start": clock.today(), "reason": "出張"})
    assert acts_as_head(cast.fujita.afresh(), cast.suido) == "deputy"
    head.post(reverse("deputy_end", args=[cast.suido.deputies.get().pk]), {"end": clock.today()})
    assert cast.suido.deputies.get().end == clock.today()


def test_only_the_head_names_deputies(cast: Cast, signed_in: SignedIn) -> None:
    with pytest.raises(Refused) as refusal:
        actions.name_deputy(cast.bosai, cast.bando, order=2, start=clock.today(), by=cast.doi)
    assert refusal.value.clause.id == "K-organization"
    assert signed_in(cast.doi).get(reverse("deputy_new", args=[cast.bosai.pk])).status_code == 404


def test_a_deputy_cannot_report_the_absence_of_the_head(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in(cast.doi).post(reverse("absence_new", args=[cast.chiba.pk]),
                                      {"start": clock.today(), "reason": "出張"})
    assert answer.status_code == 409
    assert "K-role" in answer.content.decode()
    assert acts_as_head(cast.doi.afresh(), cast.bosai) == ""


def test_it_reports_the_absence_of_a_head_who_fell_ill(cast: Cast, signed_in: SignedIn) -> None:
    it = signed_in(cast.noda)
    it.post(reverse("absence_new", args=[cast.chiba.pk]), {"start": clock.today(), "reason": "休暇"})
    assert acts_as_head(cast.doi.afresh(), cast.bosai) == "deputy"
    it.post(reverse("absence_end", args=[cast.chiba.absences.get().pk]), {"end": clock.today()})
    assert cast.chiba.absences.get().end == clock.today()


def test_an_end_before_the_beginning_is_refused_at_the_field(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in(cast.chiba).post(reverse("absence_new", args=[cast.chiba.pk]),
                                        {"start": "2026-04-02", "end": "2026-04-01", "reason": "出張"})
    assert "終了日は、開始日より後" in answer.content.decode()


def test_a_divisions_people_are_seen_by_itself_and_those_who_see_all(cast: Cast, signed_in: SignedIn) -> None:
    page = reverse("division", args=[cast.bosai.pk])
    seen = {name: signed_in(getattr(cast, name)).get(page).status_code
            for name in ("aoki", "chiba", "noda", "mori", "hata", "kubo", "endo", "goto")}
    assert seen == {"aoki": 200, "chiba": 200, "noda": 200, "mori": 200, "hata": 200, "kubo": 200,
                    "endo": 404, "goto": 404}
