"""The sample's divisions and people, entered as IT would enter them."""

from __future__ import annotations

from datetime import date

from koshiki import clock
from koshiki.management.commands.create_administrator import create
from koshiki.organization import actions
from koshiki.organization.models import Division, Person, RoleGrant
from koshiki.sample.place import password, told

People = dict[str, Person]
SINCE = date(2026, 4, 1)


def populate() -> People:
    """Divisions, people, postings, roles, deputies; everybody has confirmed the guideline. By their keys."""
    rows = told("person")
    first, *others = sorted(rows, key=lambda row: row.get("role") != "it")
    create(first["number"], first["name"])
    it = Person.objects.get(staff_number=first["number"])
    divisions = {row["code"]: actions.open_division(by=it, **row) for row in told("division")}
    entered = actions.add_people([_person(row) for row in others], by=it)
    people = {first["key"]: it} | dict(zip((row["key"] for row in others), entered, strict=True))
    for row in others:
        _appoint(people[row["key"]], row, divisions, it)
    _deputies(people, divisions)
    for person in people.values():
        actions.confirm_guideline(by=person)
    for row in rows:
        if "shown" in row:
            actions.change_password(people[row["key"]], password())
    actions.give_first_passwords(entered, by=it)  # to the rest: nobody here knows them
    return people


def _person(row: dict[str, str]) -> Person:
    email = f"{row['number']}@mail.iwata-mihon.example"
    return Person(staff_number=row["number"], name=row["name"], kana=row["kana"], email=email, extension=row["number"])


def _appoint(person: Person, row: dict[str, str], divisions: dict[str, Division], it: Person) -> None:
    if "division" in row:
        actions.post(person, divisions[row["division"]], row["position"], start=SINCE, by=it)
    if "role" in row:
        actions.grant_role(person, RoleGrant.Role(row["role"]), start=clock.today(), by=it)


def _deputies(people: People, divisions: dict[str, Division]) -> None:
    for head, deputy, code in (("bosai_head", "bosai_deputy", "110"), ("pr_head", "pr_deputy", "320")):
        actions.name_deputy(divisions[code], people[deputy], order=1, start=clock.today(), by=people[head])
