"""Divisions with their people: a head, a deputy, approvers, authors and others, twelve in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Confirmation, Deputy, Division, Person, Posting
from tests.cast import SINCE

POSITIONS = ("課長", "課長補佐", "係長", "グループ長", "主査", "主任", "主任", *["係員"] * 4, "会計年度任用職員")
WORKS = ("市民", "税務", "保険", "福祉", "子育て", "学校", "図書館", "文化", "観光", "農林", "商工", "道路", "河川", "公園",
         "環境")
PARTS = ("総務", "企画", "管理", "推進", "支援", "相談", "施設", "窓口")


@dataclass(frozen=True)
class Office:
    """所属 with its people, as the posts need them."""

    division: Division
    people: list[Person]

    @property
    def head(self) -> Person:
        return self.people[0]

    @property
    def approvers(self) -> list[Person]:
        return self.people[2:4]

    @property
    def authors(self) -> list[Person]:
        return self.people[7:9]


def make_offices(number: int) -> list[Office]:
    """So many divisions, everybody posted, the guideline confirmed."""
    divisions = Division.objects.bulk_create(
        Division(code=f"{1000 + n}", name=f"{WORKS[n % len(WORKS)]}{PARTS[n // len(WORKS) % len(PARTS)]}課",
                 telephone=f"0538-00-{1000 + n}") for n in range(number))
    people = Person.objects.bulk_create(
        Person(staff_number=f"{20_000 + n}", name=f"職員 {n:04}", kana="しょくいん", extension=f"{n:04}",
               email=f"p{n}@city.example") for n in range(number * len(POSITIONS)))
    offices = [Office(d, people[n * len(POSITIONS):(n + 1) * len(POSITIONS)]) for n, d in enumerate(divisions)]
    Posting.objects.bulk_create(Posting(person=p, division=o.division, position=position, start=SINCE)
                                for o in offices for p, position in zip(o.people, POSITIONS, strict=True))
    Deputy.objects.bulk_create(Deputy(division=o.division, person=o.people[1], order=1, start=SINCE, named_by=o.head)
                               for o in offices)
    confirmed = clock.now() - timedelta(days=30)
    Confirmation.objects.bulk_create(Confirmation(person=p, edition=guideline().edition, at=confirmed) for p in people)
    return offices
