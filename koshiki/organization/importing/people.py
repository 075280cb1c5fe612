"""職員 — people as a file. No role and no posting comes with it, and no password."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from koshiki.organization.actions import add_people, change_person, deactivate
from koshiki.organization.importing.fields import CellField, NumberField, WordField
from koshiki.organization.importing.plan import Kind, Plan, Row, What, differences, lost_zeros
from koshiki.organization.importing.table import Column, Line
from koshiki.organization.models import Person

ACTIVE = {"有効": True, "停止": False, "": True}
_REASON = "職員の取込み"


class People(Kind):
    name, word = "person", "職員"
    columns = (
        Column("職員番号", "staff_number", NumberField(limit=20), needed=True),
        Column("氏名", "name", CellField(limit=60), needed=True),
        Column("氏名（かな）", "kana", CellField(limit=80, required=False)),
        Column("メール", "email", forms.EmailField(required=False, max_length=254)),
        Column("内線", "extension", CellField(limit=20, required=False)),
        Column("ログイン", "is_active", WordField(ACTIVE)),
    )
    example = (
        ("990001", "見本 花子", "みほん はなこ", "hanako@city.example", "2101", "有効"),
        ("990002", "見本 髙﨑", "みほん たかさき", "", "", "有効"),
    )

    def compare(self, plan: Plan, lines: list[Line], by: Person) -> None:
        known = {person.staff_number: person for person in Person.objects.all()}
        for line in plan.only_once(lines, lambda line: line.values["staff_number"], "職員番号", "職員番号"):
            number = line.values["staff_number"]
            there = known.get(number)
            if there is None and (lost := lost_zeros(number, known)):
                plan.fault(line, "職員番号", f"先頭の0が落ちていませんか。{lost} は登録されています。")
            self._sign_in(plan, line, there, by)
            changes = differences(self.columns, line.values, _before(there), _shown)
            plan.rows.append(Row(line, _what(there, line, changes), f"{line.values['name']}（{number}）", changes, there))

    @staticmethod
    def _sign_in(plan: Plan, line: Line, there: Person | None, by: Person) -> None:
        wanted = line.values.get("is_active", there.is_active if there else True)
        if there and wanted and not there.is_active:
            plan.fault(line, "ログイン", "停止しているログインは、その職員のページで有効に戻してください。")
        if there and there.pk == by.pk and not wanted:
            plan.fault(line, "ログイン", "自分のログインは停止できません（K-role）。ほかの担当に頼んでください。")

    def carry_out(self, rows: list[Row], by: Person) -> None:
        for row in rows:
            if isinstance(row.thing, Person):
                change_person(row.thing, by=by, **_details(row))
        made = add_people([Person(staff_number=row.line.values["staff_number"], **_details(row))
                           for row in rows if row.what == What.NEW], by=by)
        number_of = {person.staff_number: person for person in made}
        for row in rows:
            there = row.thing or number_of[row.line.values["staff_number"]]
            if isinstance(there, Person) and there.is_active and not row.line.values.get("is_active", True):
                deactivate(there, by=by, reason=_REASON)

    def export(self) -> Iterable[tuple[object, ...]]:
        for person in Person.objects.order_by("staff_number").iterator():
            yield tuple(_before(person)[column.name] for column in self.columns)


def _details(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.line.values.items() if name not in ("staff_number", "is_active")}


def _before(person: Person | None) -> dict[str, str]:
    return {name: _shown(name, getattr(person, name)) for name in _NAMES} if person else {}


def _shown(name: str, value: Any) -> str:
    if name == "is_active":
        return "有効" if value else "停止"
    return str(value)


def _what(there: Person | None, line: Line, changes: tuple[tuple[str, str, str], ...]) -> What:
    if there is None:
        return What.NEW
    if not changes:
        return What.UNCHANGED
    return What.ENDED if there.is_active and not line.values.get("is_active", True) else What.CHANGED


_NAMES = tuple(column.name for column in People.columns)
