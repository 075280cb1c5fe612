"""所属 — divisions as a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from koshiki.organization.actions import change_division, open_divisions
from koshiki.organization.importing.fields import CellField, DayField, WordField
from koshiki.organization.importing.plan import Kind, Plan, Row, What, differences, lost_zeros
from koshiki.organization.importing.table import Column, Line
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import belongs

SERVICES = {"": "", "情報政策": Division.Service.INFORMATION_POLICY, "広報": Division.Service.PUBLIC_RELATIONS}
_WORDS = {value: word for word, value in SERVICES.items()}


class Divisions(Kind):
    name, word = "division", "所属"
    columns = (
        Column("所属コード", "code", CellField(limit=20), needed=True),
        Column("所属名", "name", CellField(limit=60), needed=True),
        Column("英語名", "name_en", CellField(limit=100, required=False)),
        Column("電話番号", "telephone", CellField(limit=30), needed=True),
        Column("役割", "service", WordField(SERVICES)),
        Column("廃止日", "end", DayField(required=False)),
    )
    example = (
        ("990110", "見本市民課", "Citizens Division", "0538-00-0000", "", ""),
        ("990120", "見本観光課", "", "0538-00-0001", "", "令和9年3月31日"),
    )

    def compare(self, plan: Plan, lines: list[Line], by: Person) -> None:
        known = {division.code: division for division in Division.objects.all()}
        lines = plan.only_once(lines, lambda line: line.values["code"], "所属コード", "所属コード")
        taken = {**_taken(known, "name"), **_taken(known, "service")}
        for line in lines:
            self._compare(plan, line, known, by)
            self._claim(plan, line, taken)

    def _compare(self, plan: Plan, line: Line, known: dict[str, Division], by: Person) -> None:
        there = known.get(line.values["code"])
        if there is None and (lost := lost_zeros(line.values["code"], known)):
            plan.fault(line, "所属コード", f"先頭の0が落ちていませんか。{lost} は登録されています。")
        changes = differences(self.columns, line.values, _before(there), _shown)
        if there and any(heading == "役割" for heading, _, _ in changes) and belongs(by, there):
            plan.fault(line, "役割", "自分の所属の役割は変えられません（K-role）。ほかの所属の担当に頼んでください。")
        plan.rows.append(Row(line, _what(there, line, changes), f"{line.values['name']}（{line.values['code']}）",
                             changes, there))

    @staticmethod
    def _claim(plan: Plan, line: Line, taken: dict[tuple[str, str], str]) -> None:
        """A name, and each of the two services, belongs to one division: there, and in the lines above."""
        for name, heading in (("name", "所属名"), ("service", "役割")):
            claim, code = (name, line.values.get(name, "")), line.values["code"]
            if claim[1] and taken.setdefault(claim, code) != code:
                plan.fault(line, heading, f"所属コード {taken[claim]} と同じです。先にそちらを変えてください。")

    def carry_out(self, rows: list[Row], by: Person) -> None:
        for row in rows:
            if isinstance(row.thing, Division):
                change_division(row.thing, by=by, **row.line.values)
        open_divisions([Division(**row.line.values) for row in rows if row.what == What.NEW], by=by)

    def export(self) -> Iterable[tuple[object, ...]]:
        for division in Division.objects.order_by("code"):
            yield tuple(_before(division)[column.name] for column in self.columns)


def _taken(known: dict[str, Division], name: str) -> dict[tuple[str, str], str]:
    return {(name, getattr(division, name)): code for code, division in known.items() if getattr(division, name)}


def _before(division: Division | None) -> dict[str, str]:
    return {name: _shown(name, getattr(division, name)) for name in _NAMES} if division else {}


def _shown(name: str, value: Any) -> str:
    return _WORDS[value] if name == "service" else str(value or "")


def _what(there: Division | None, line: Line, changes: tuple[tuple[str, str, str], ...]) -> What:
    if there is None:
        return What.NEW
    if not changes:
        return What.UNCHANGED
    return What.ENDED if line.values.get("end") and not there.end else What.CHANGED


_NAMES = tuple(column.name for column in Divisions.columns)
