"""The one cast of people that every test plays with.

防災課 has an author (aoki), two approvers (baba 係長, bando グループ長), a deputy (doi 課長補佐), a head (chiba) and
somebody without a part (abe). 水道課 is the other division: endo writes there, fujita approves, goto heads it.
hara heads 情報政策課, where hata works; kato heads 広報課, where kubo works. mori audits, noda keeps the system.
All have confirmed the guideline, but nishi (防災課, 係長), who has not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Confirmation, Deputy, Division, Person, Posting, RoleGrant
from koshiki.register.models import Account, Assignment

SINCE = date(2020, 4, 1)
PASSWORD = "とてもながい合言葉2026"


@dataclass(frozen=True)
class Cast:
    """The divisions and people, by their names in the tests."""

    bosai: Division
    suido: Division
    joho: Division
    koho: Division
    abe: Person
    aoki: Person
    baba: Person
    bando: Person
    nishi: Person
    doi: Person
    chiba: Person
    endo: Person
    fujita: Person
    goto: Person
    hara: Person
    hata: Person
    kato: Person
    kubo: Person
    mori: Person
    noda: Person

    @property
    def people(self) -> list[Person]:
        return [value for f in fields(self) if isinstance(value := getattr(self, f.name), Person)]


DIVISIONS = {
    "bosai": ("110", "防災課", "0538-00-0110", ""),
    "suido": ("220", "水道課", "0538-00-0220", ""),
    "joho": ("310", "情報政策課", "0538-00-0310", Division.Service.INFORMATION_POLICY),
    "koho": ("320", "広報広聴シティプロモーション課", "0538-00-0320", Division.Service.PUBLIC_RELATIONS),
}
PEOPLE = {
    "abe": ("1001", "阿部 明", "bosai", "係員"),
    "aoki": ("1002", "青木 葵", "bosai", "係員"),
    "baba": ("1003", "馬場 文", "bosai", "係長"),
    "bando": ("1004", "坂東 望", "bosai", "グループ長"),
    "nishi": ("1005", "西 直", "bosai", "係長"),
    "doi": ("1006", "土井 大", "bosai", "課長補佐"),
    "chiba": ("1007", "千葉 千", "bosai", "課長"),
    "endo": ("2001", "遠藤 円", "suido", "係員"),
    "fujita": ("2002", "藤田 文", "suido", "係長"),
    "goto": ("2003", "後藤 剛", "suido", "課長"),
    "hara": ("3001", "原 春", "joho", "課長"),
    "hata": ("3002", "畑 花", "joho", "係員"),
    "kato": ("3101", "加藤 薫", "koho", "課長"),
    "kubo": ("3102", "久保 奏", "koho", "係員"),
    "mori": ("9001", "森 実", None, ""),
    "noda": ("9002", "野田 典", None, ""),
}


@pytest.fixture
def cast(db: None) -> Cast:
    """Divisions and people, posted since 2020, the guideline confirmed today."""
    return make_cast()


def make_cast() -> Cast:
    """In few statements: nearly every test begins with it."""
    divisions = dict(zip(DIVISIONS, Division.objects.bulk_create(
        Division(code=code, name=name, telephone=telephone, service=service)
        for code, name, telephone, service in DIVISIONS.values()), strict=True))
    people = dict(zip(PEOPLE, Person.objects.bulk_create(
        Person(staff_number=number, name=name, email=f"{key}@city.example")
        for key, (number, name, _, _) in PEOPLE.items()), strict=True))
    Posting.objects.bulk_create(
        Posting(person=people[key], division=divisions[division], position=position, start=SINCE)
        for key, (_, _, division, position) in PEOPLE.items() if division
    )
    RoleGrant.objects.bulk_create(
        RoleGrant(person=people[key], role=role, start=SINCE, granted_by=people[other])
        for key, role, other in (("mori", "auditor", "noda"), ("noda", "it", "mori")))
    Deputy.objects.create(division=divisions["bosai"], person=people["doi"], order=1, start=SINCE,
                          named_by=people["chiba"])
    Confirmation.objects.bulk_create(
        Confirmation(person=person, edition=guideline().edition, at=clock.now() - timedelta(hours=1))
        for key, person in people.items() if key != "nishi"
    )
    return Cast(**divisions, **people)


def official(cast: Cast, *, name: str = "磐田市防災", service: str = "city_feed", division: Division | None = None,
             **more: str) -> Account:
    """An official account with aoki as author, baba and bando as approvers (of 水道課: endo and fujita)."""
    division = division or cast.bosai
    account = Account.objects.create(
        division=division, service=service, state=Account.State.OFFICIAL, name=name, created_by=cast.chiba,
        acquired_on=clock.today(), listed_at=clock.now(), official_at=clock.now(),
        introduction="防災の情報をお知らせします。", **more,
    )
    head = cast.goto if division == cast.suido else cast.chiba
    authors, approvers = ([cast.endo], [cast.fujita]) if division == cast.suido else (
        [cast.aoki], [cast.baba, cast.bando])
    Assignment.objects.bulk_create(
        Assignment(account=account, person=person, role=role, start=SINCE, named_by=head)
        for role, people in (("author", authors), ("approver", approvers)) for person in people)
    return account


@pytest.fixture
def account(cast: Cast) -> Account:
    """防災課's official account on the city feed."""
    return official(cast)


@pytest.fixture
def signed_in() -> Callable[[Person], Client]:
    """A browser in which this person has signed in."""

    def sign_in(person: Person) -> Client:
        client = Client()
        client.force_login(person, backend="koshiki.organization.sign_in.Backend")
        return client

    return sign_in
