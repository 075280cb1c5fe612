"""The trace: every clause leads to its rules and to the tests that show it. (The whole suite's own check: tests/trace.py.)"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.desk.trace.evidence import Evidence
from koshiki.desk.trace.report import Row, document, trace
from koshiki.desk.trace.rules import ROOT, rules
from koshiki.guideline import Clause, Handling, Refused, guideline
from koshiki.organization import actions
from koshiki.organization.models import Person
from koshiki.organization.roles import require_confirmation
from tests import trace as plugin
from tests.cast import Cast

# What later issues carry. This number may only fall.
PLANNED = 23
ID = re.compile(r"§(?:別紙[1-3](?:-[1-3](?:\(\d+\))?)?|\d(?:\(\d\)[ア-オ]?)?)")


def test_what_is_planned_never_grows() -> None:
    planned = sum(clause.planned for clause in guideline().clauses.values())
    assert planned <= PLANNED, "a clause that is carried must not become planned again"
    assert planned == PLANNED, f"fewer are planned: write {planned} here, so that it stays"


def test_every_clause_that_is_owed_has_a_rule() -> None:
    owed = [c.id for c in guideline().clauses.values() if not c.planned and c.handling in {
        Handling.ENFORCED, Handling.RECORDED, Handling.REMINDED}]
    assert [clause for clause in owed if not rules().get(clause)] == []


def test_a_rule_is_where_the_trace_says() -> None:
    for held in rules().values():
        for rule in held:
            line = (ROOT / rule.file).read_text(encoding="utf-8").splitlines()[rule.line - 1]
            assert rule.kind in line or rule.kind == "PolicyItem"


def test_a_docstring_or_comment_carries_nothing() -> None:
    """§1 is people's work: named in texts, carried by nothing."""
    assert "§1" not in rules()


@pytest.mark.parametrize("folder", ["koshiki", "tests"])
def test_no_clause_is_cited_that_the_guideline_does_not_have(folder: str) -> None:
    known = set(guideline().clauses) | set(guideline().headings)
    cited = {(path.name, found) for path in (ROOT / folder).rglob("*.py") for found in _cited(path)}
    assert {(name, id_) for name, id_ in cited if id_ not in known} == set()


def _cited(path: Path) -> set[str]:
    """Whole texts that are an id: what code gives as a clause."""
    texts = (n.value for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant))
    return {text for text in texts if isinstance(text, str) and ID.fullmatch(text)}


def test_the_json_says_what_the_issue_asked_for() -> None:
    out = StringIO()
    call_command("trace", "--json", stdout=out)
    rows = json.loads(out.getvalue())
    assert {row["clause"] for row in rows} == set(guideline().clauses)
    assert set(rows[0]) == {"clause", "cite", "handling", "status", "rules", "tests", "refused_in_tests",
                            "recorded_in_tests"}
    approval = next(row for row in rows if row["clause"] == "§8(1)")
    assert any(place.startswith("koshiki/posts/flow.py:") for place in approval["rules"])


def test_the_document_and_the_list_name_every_clause() -> None:
    out = StringIO()
    call_command("trace", stdout=out)
    text = document(trace())
    for clause in guideline().clauses:
        assert f"## {clause}（" in text
        assert f"{clause}\t" in out.getvalue()


ENFORCED = Clause("§9", "9", "言葉", Handling.ENFORCED)


@pytest.mark.parametrize(("row", "status", "lacks"), [
    (Row(ENFORCED, ("a:1",), Evidence(("t:1",), refused=1)), "carried", []),
    (Row(ENFORCED, ("a:1",), Evidence(("t:1",))), "open", ["拒否した試験"]),
    (Row(ENFORCED, (), Evidence(("t:1",), refused=1)), "open", ["規則"]),
    (Row(ENFORCED, ("a:1",), Evidence((), refused=1)), "open", ["試験"]),
    (Row(Clause("§9", "9", "言葉", Handling.RECORDED), ("a:1",), Evidence(("t:1",), refused=1)), "open", ["記録した試験"]),
    (Row(Clause("§9", "9", "言葉", Handling.ENFORCED, planned=True), (), Evidence()), "planned", []),
    (Row(Clause("§9", "9", "言葉", Handling.OUTSIDE), (), Evidence()), "people", []),
])
def test_a_clause_without_what_its_handling_asks_is_open(row: Row, status: str, lacks: list[str]) -> None:
    assert row.status == status
    assert row.lacks == lacks


def test_the_suite_sees_a_refusal_by_koshiki_and_not_one_made_by_a_test(cast: Cast) -> None:
    Refused("§9(5)", "試験が作ったもの")
    with pytest.raises(Refused):
        require_confirmation(cast.nishi)
    assert plugin._now.refused == {"§4(1)"}


def test_the_suite_sees_what_koshiki_records_and_not_what_a_test_does(cast: Cast) -> None:
    record("person.add", cast.aoki, by=cast.noda, clause="§9(5)")
    actions.change_person(cast.aoki, by=cast.noda, name="青木 改")
    assert plugin._now.recorded == {"K-organization"}
    assert plugin._now.verbs == {"person.change"}


def test_all_staff_see_each_clause_with_its_rules_and_its_last_refusal(
        cast: Cast, signed_in: Callable[[Person], Client]) -> None:
    with transaction.atomic():
        signed_in(cast.noda).post(reverse("person_role", args=[cast.noda.pk]), {"role": "it", "start": clock.today()})
    page = signed_in(cast.endo).get(reverse("guideline_map")).content.decode()
    assert "koshiki/posts/flow.py:" in page
    for clause in guideline().clauses.values():
        assert f'id="{clause.id}"' in page
    assert "最後に拒んだ日時" in page.split('id="K-role"')[1].split("</article>")[0]


def test_the_delivered_map_names_every_clause_and_tests_that_are_there() -> None:
    written = plugin.DOCUMENTS["map"].read_text(encoding="utf-8")
    assert [clause for clause in guideline().clauses if f"## {clause}（" not in written] == []
    delivered = json.loads(plugin.DOCUMENTS["tests"].read_text(encoding="utf-8"))
    places = {place.rsplit(":", 1)[0] for seen in delivered.values() for place in seen["tests"]}
    assert places
    assert [place for place in sorted(places) if not (ROOT / place).is_file()] == []
