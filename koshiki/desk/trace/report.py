"""The trace itself: clause by clause, as records, as JSON, as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from koshiki.desk.trace.evidence import Evidence, evidence
from koshiki.desk.trace.rules import rules
from koshiki.guideline import Clause, Handling, guideline

STATUS = {
    "carried": "実施", "planned": "予定", "people": "人が行う", "absent": "なし", "open": "未完",
}


@dataclass(frozen=True)
class Row:
    """対照の一行 — one clause, what koshiki does about it, where, and what shows it."""

    clause: Clause
    rules: tuple[str, ...]
    evidence: Evidence

    @property
    def status(self) -> str:
        """carried: rule and evidence are there; planned: a later issue's; people: nothing to carry; open: neither."""
        if self.clause.absent:
            return "absent"
        if self.clause.planned:
            return "planned"
        if self.clause.handling is Handling.OUTSIDE:
            return "people"
        return "open" if self.lacks else "carried"

    @property
    def word(self) -> str:
        return STATUS[self.status]

    @property
    def lacks(self) -> list[str]:
        """What this clause still lacks by its handling; nothing while it is planned or people's work."""
        if self.clause.planned or self.clause.absent or self.clause.handling is Handling.OUTSIDE:
            return []
        if self.clause.handling is Handling.HOUSE:
            return [] if self.rules or self.evidence.tests else ["規則又は試験"]
        needed = {"規則": self.rules, "試験": self.evidence.tests}
        if self.clause.handling is Handling.ENFORCED:
            needed["拒否した試験"] = ("x",) * self.evidence.refused
        if self.clause.handling is Handling.RECORDED:
            needed["記録した試験"] = ("x",) * self.evidence.recorded
        return [word for word, held in needed.items() if not held]

    def as_json(self) -> dict[str, Any]:
        return {"clause": self.clause.id, "cite": self.clause.cite, "handling": str(self.clause.handling),
                "status": self.status, "rules": list(self.rules), "tests": list(self.evidence.tests),
                "refused_in_tests": self.evidence.refused, "recorded_in_tests": self.evidence.recorded}


def trace(shown: Mapping[str, Evidence] | None = None) -> list[Row]:
    """Every clause of the guideline in force and of koshiki's own; `shown` in place of the delivered evidence."""
    known, held = evidence() if shown is None else shown, rules()
    return [Row(clause, tuple(dict.fromkeys(rule.place for rule in held.get(clause.id, ()))),
                known.get(clause.id, Evidence()))
            for clause in guideline().clauses.values()]


def document(rows: list[Row]) -> str:
    """The trace as docs/guideline-map.md."""
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: list[Row]) -> Iterator[str]:
    yield "# ガイドラインとの対照"
    yield ""
    yield (f"{guideline().title}（{guideline().edition}）の各条を、koshiki のどこが担い、どの試験が示すか。"
           "`manage.py trace --markdown` が書き出します。手で直しません。")
    yield ""
    yield "予定の条: " + str(sum(row.status == "planned" for row in rows))
    for row in rows:
        yield ""
        yield f"## {row.clause.id}（{row.clause.handling}、{row.word}）"
        yield ""
        yield "> " + row.clause.text.strip().replace("\n", "\n> ")
        yield ""
        yield f"- 規則: {_places(row.rules)}"
        yield f"- 試験: {_places(row.evidence.tests)}"
        yield f"- 拒否した試験 {row.evidence.refused}、記録した試験 {row.evidence.recorded}"


def _places(places: tuple[str, ...]) -> str:
    return "、".join(f"`{place}`" for place in places) or "なし"
