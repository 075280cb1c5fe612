"""Divisions as IT keeps them; deputies as heads name them; absences as they are reported."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from koshiki.audit.log import Act, record, record_all
from koshiki.database.locks import lock
from koshiki.guideline import Refused
from koshiki.organization.flow import CLAUSE, keeps_absences_of, require_another, require_head, require_it
from koshiki.organization.models import Absence, Deputy, Division, Person
from koshiki.organization.roles import belongs


@transaction.atomic
def open_division(*, by: Person, **fields: Any) -> Division:
    """Enter a division."""
    return open_divisions([Division(**fields)], by=by)[0]


@transaction.atomic
def open_divisions(divisions: list[Division], *, by: Person) -> list[Division]:
    """Enter many divisions at once."""
    require_it(by)
    made = Division.objects.bulk_create(divisions)
    record_all([Act("division.add", d, CLAUSE, {"code": d.code, "service": d.service}) for d in made], by=by)
    return made


@transaction.atomic
def change_division(division: Division, *, by: Person, **fields: Any) -> Division:
    """Correct a division, or end it on a day. Raises Refused K-role for giving one's own division a duty."""
    require_it(by)
    locked = lock(division)
    changed = {name: value for name, value in fields.items() if getattr(locked, name) != value}
    if "service" in changed and belongs(by, locked):
        raise Refused("K-role", "自分の所属に、合議や届出を受ける役割を与えることはできません。",
                      who="ほかの所属の、システム管理の役割を持つ職員")
    for name, value in changed.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changed))
    if changed:
        record("division.change", locked, by=by, clause=CLAUSE,
               **{name: str(value or "") for name, value in changed.items()})
    return locked


@transaction.atomic
def name_deputy(division: Division, person: Person, *, order: int, start: date, by: Person,
                end: date | None = None) -> Deputy:
    """The head names who decides in the head's place, in which order (代決). Raises Refused."""
    require_head(by, division)
    require_another(by, person, "代決者への指定")
    deputy = Deputy.objects.create(division=division, person=person, order=order, start=start, end=end, named_by=by)
    record("deputy.name", deputy, by=by, clause="K-deputy", person=person.staff_number, order=order,
           start=str(start), end=str(end or ""))
    return deputy


@transaction.atomic
def end_deputyship(deputy: Deputy, *, end: date, by: Person) -> Deputy:
    """The head ends a deputyship on a day, inclusive."""
    require_head(by, deputy.division)
    locked = lock(deputy)
    locked.end = max(end, locked.start)
    locked.save(update_fields=["end"])
    record("deputy.end", locked, by=by, clause="K-deputy", person=locked.person.staff_number, end=str(end))
    return locked


@transaction.atomic
def report_absence(person: Person, *, start: date, reason: str, by: Person, end: date | None = None) -> Absence:
    """While it is open the deputy decides. Raises Refused when `by` would gain by it."""
    _require_absence_keeper(person, by)
    absence = Absence.objects.create(person=person, start=start, end=end, reason=reason)
    record("absence.report", absence, by=by, clause="K-deputy", person=person.staff_number, start=str(start),
           end=str(end or ""))
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, end: date, by: Person) -> Absence:
    """Back again: the absence ended on this day, inclusive; one that had not begun never was."""
    _require_absence_keeper(absence.person, by)
    locked = lock(absence)
    locked.end = max(end, locked.start)
    locked.save(update_fields=["end"])
    record("absence.end", locked, by=by, clause="K-deputy", person=locked.person.staff_number, end=str(end))
    return locked


def _require_absence_keeper(person: Person, by: Person) -> None:
    by.afresh()
    if keeps_absences_of(by, person):
        return
    if person.standing.divisions & by.standing.deputy_of:
        raise Refused("K-role", "代決者は、自分が代わることになる不在を届け出ることができません。",
                      who="本人、所属長、ほかの所属のシステム管理の担当")
    raise Refused(CLAUSE, f"{person.name}さんの不在を届け出ることができるのは、本人と所属長、システム管理の担当です。",
                  who="本人、所属長、システム管理の担当")
