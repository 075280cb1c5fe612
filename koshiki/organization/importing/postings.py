"""配属 — postings as a file: who is where as what, from when to when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from koshiki.guideline import guideline
from koshiki.organization.actions import end_posting, post_all
from koshiki.organization.importing.fields import CellField, DayField, NumberField
from koshiki.organization.importing.plan import Kind, Plan, Row, What, lost_zeros
from koshiki.organization.importing.table import Column, Line
from koshiki.organization.models import Division, Person, Posting

Key = tuple[int, int, str, date]


@dataclass
class Known:
    """What is registered, to compare with."""

    people: dict[str, Person] = field(default_factory=lambda: {p.staff_number: p for p in Person.objects.all()})
    divisions: dict[str, Division] = field(default_factory=lambda: {d.code: d for d in Division.objects.all()})
    postings: dict[Key, Posting] = field(default_factory=lambda: {
        (p.person_id, p.division_id, p.position, p.start): p for p in Posting.objects.all()})


class Postings(Kind):
    name, word = "posting", "配属"
    columns = (
        Column("職員番号", "number", NumberField(limit=20), needed=True),
        Column("氏名", "name", CellField(limit=60, required=False)),
        Column("所属コード", "code", CellField(limit=20), needed=True),
        Column("所属名", "division", CellField(limit=60, required=False)),
        Column("職", "position", CellField(limit=30), needed=True),
        Column("開始日", "start", DayField(), needed=True),
        Column("終了日", "end", DayField(required=False)),
    )
    example = (
        ("990001", "見本 花子", "990110", "見本市民課", "係長", "2026-04-01", ""),
        ("990002", "", "990120", "", "主任", "令和8年4月1日", "R9.3.31"),
    )

    def compare(self, plan: Plan, lines: list[Line], by: Person) -> None:
        known, found = Known(), []
        for line in plan.only_once(lines, _same, "職員番号", "配属"):
            if row := _compared(plan, line, known, by):
                found.append(row)
        _no_overlaps(plan, found, known)
        plan.rows.extend(found)

    def carry_out(self, rows: list[Row], by: Person) -> None:
        known = Known()
        for row in rows:
            if isinstance(row.thing, Posting):
                end_posting(row.thing, end=row.line.values["end"], by=by)
        post_all([_posting(row.line.values, known) for row in rows if row.what == What.NEW], by=by)

    def export(self) -> Iterable[tuple[object, ...]]:
        postings = Posting.objects.select_related("person", "division")
        for p in postings.order_by("person__staff_number", "start", "division__code", "pk").iterator():
            yield (p.person.staff_number, p.person.name, p.division.code, p.division.name, p.position, p.start, p.end or "")


def _same(line: Line) -> tuple[Any, ...]:
    return tuple(line.values[name] for name in ("number", "code", "position", "start"))


def _compared(plan: Plan, line: Line, known: Known, by: Person) -> Row | None:
    person, division = _person(plan, line, known), _division(plan, line, known)
    if person is None or division is None:
        return None
    there = known.postings.get((person.pk, division.pk, line.values["position"], line.values["start"]))
    row = _row(line, there, person, division)
    if row.what != What.UNCHANGED:
        _check(plan, row, person, division, by)
    return row


def _person(plan: Plan, line: Line, known: Known) -> Person | None:
    number, name = line.values["number"], line.values.get("name", "")
    person = known.people.get(number)
    if person is None:
        lost = lost_zeros(number, known.people)
        plan.fault(line, "職員番号", f"先頭の0が落ちていませんか。{lost} は登録されています。" if lost else
                   f"職員番号 {number} の職員は登録されていません。先に職員を取り込んでください。")
    elif name and _bare(name) != _bare(person.name):
        plan.fault(line, "氏名", f"職員番号 {number} は{person.name}さんです。行がずれていないか確かめてください。")
    return person


def _division(plan: Plan, line: Line, known: Known) -> Division | None:
    code, name = line.values["code"], line.values.get("division", "")
    division = known.divisions.get(code)
    if division is None:
        lost = lost_zeros(code, known.divisions)
        plan.fault(line, "所属コード", f"先頭の0が落ちていませんか。{lost} は登録されています。" if lost else
                   f"所属コード {code} の所属は登録されていません。先に所属を取り込んでください。")
    elif name and _bare(name) != _bare(division.name):
        plan.fault(line, "所属名", f"所属コード {code} は{division.name}です。合わせるか、空にしてください。")
    return division


def _bare(name: str) -> str:
    return "".join(name.split())


def _row(line: Line, there: Posting | None, person: Person, division: Division) -> Row:
    values = line.values
    label = f"{person.name}（{person.staff_number}） {division.name} {values['position']}"
    end = values.get("end", there.end if there else None)
    if there is None:
        return Row(line, What.NEW, label, (("期間", "", _period(values["start"], end)),))
    if there.end == end:
        return Row(line, What.UNCHANGED, label, thing=there)
    what = What.CHANGED if there.end else What.ENDED
    return Row(line, what, label, (("終了日", str(there.end or ""), str(end or "")),), there)


def _period(start: date, end: date | None) -> str:
    return f"{start}〜{end or ''}"


def _check(plan: Plan, row: Row, person: Person, division: Division, by: Person) -> None:
    """What the acts would refuse, and what no posting may be."""
    line, values = row.line, row.line.values
    end = values.get("end")
    if person.pk == by.pk:
        plan.fault(line, "職員番号", "自分の配属は変えられません（K-role）。ほかの担当に頼んでください。")
    if row.what == What.NEW and values["position"] not in guideline().positions:
        plan.fault(line, "職", f"「{values['position']}」という職は、ガイドラインのファイルにありません。"
                              f"使えるもの：{'、'.join(guideline().positions)}")
    if row.thing is not None and end is None:
        plan.fault(line, "終了日", "終わりにした配属を、続きに戻すことはできません。新しい開始日の行にしてください。")
    if end and end < values["start"]:
        plan.fault(line, "終了日", "開始日より前です。")
    if row.what == What.NEW and division.end and (end is None or end > division.end):
        plan.fault(line, "終了日", f"{division.name}は{division.end}に廃止されます。その日までにしてください。")


def _no_overlaps(plan: Plan, rows: list[Row], known: Known) -> None:
    """Nobody holds two positions in one division at a time: of the lines that change something, each is held
    against what will be registered after the whole file."""
    periods = _periods(rows, known)
    for row in rows:
        key, start, end = _place(row.line.values, known), row.line.values["start"], row.line.values.get("end")
        if row.what == What.UNCHANGED:
            continue
        others = (p for p in periods[key] if (p[0], p[2]) != (start, row.line.values["position"]))
        if other := next((p for p in others if _meet(start, end, p[0], p[1])), None):
            plan.fault(row.line, "開始日", f"同じ所属の配属（{other[2]} {_period(other[0], other[1])}）と、期間が重なります。")


def _place(values: dict[str, Any], known: Known) -> tuple[int, int]:
    return known.people[values["number"]].pk, known.divisions[values["code"]].pk


def _periods(rows: list[Row], known: Known) -> dict[tuple[int, int], list[tuple[date, date | None, str]]]:
    """Start, end and position of every posting after the file, by person and division."""
    after = {key: posting.end for key, posting in known.postings.items()}
    for row in rows:
        values = row.line.values
        key = (*_place(values, known), values["position"], values["start"])
        after[key] = values.get("end", after.get(key))
    periods = defaultdict(list)
    for (person, division, position, start), end in after.items():
        periods[person, division].append((start, end, position))
    return periods


def _meet(start: date, end: date | None, other: date, other_end: date | None) -> bool:
    return start <= (other_end or date.max) and other <= (end or date.max)


def _posting(values: dict[str, Any], known: Known) -> Posting:
    return Posting(person=known.people[values["number"]], division=known.divisions[values["code"]],
                   position=values["position"], start=values["start"], end=values.get("end"))
