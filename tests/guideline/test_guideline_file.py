"""The guideline file of Iwata is whole, and another city's file is read in the same way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from koshiki.guideline import Handling, guideline, load

CLAUSE_ID = re.compile(r"§(?:別紙)?[0-9][0-9()\-ア-オ]*|K-[a-z\-]+")


def numbered(prefix: str, last: int) -> list[str]:
    return [f"{prefix}({n})" for n in range(1, last + 1)]


def lettered(prefix: str, letters: str) -> list[str]:
    return [prefix + letter for letter in letters]


HANDLINGS = {
    Handling.OUTSIDE: ["§1", "§2"],
    Handling.REMINDED: ["§3", "§4(4)"],
    Handling.RECORDED: [
        "§4(5)", "§6(3)エ", "§8(3)", "§9(1)ア", "§9(3)イ", "§9(4)", "§別紙1-1", *numbered("§別紙1-1", 11),
    ],
    Handling.ENFORCED: [
        *numbered("§4", 3), "§4(6)", "§4(7)", *numbered("§5", 9),
        "§6", "§6(1)", "§6(2)", *lettered("§6(2)", "アイウエオ"), *lettered("§6(3)", "アイウ"),
        *numbered("§7", 3), "§8(1)", *lettered("§8(2)", "アイ"), "§8(4)",
        "§9(1)イ", *lettered("§9(2)", "アイ"), "§9(3)ア", "§9(5)",
        *numbered("§別紙1-2", 3), "§別紙1-3", "§別紙2", "§別紙3",
    ],
}
# What nothing carries yet. A clause leaves this list when something does, and none ever joins it.
PLANNED = {
    "§3", "§4(5)", "§4(6)", *numbered("§7", 3), *lettered("§8(2)", "アイ"),
    *lettered("§9(1)", "アイ"), *lettered("§9(2)", "アイ"), *lettered("§9(3)", "アイ"), "§9(4)", "§9(5)",
    *numbered("§別紙1-1", 11), "§別紙3",
}


def city_clauses() -> set[str]:
    return {c.id for c in guideline().clauses.values() if c.handling is not Handling.HOUSE}


@pytest.mark.parametrize("handling", HANDLINGS)
def test_every_clause_has_the_handling_that_was_decided(handling: Handling) -> None:
    given = {c.id for c in guideline().clauses.values() if c.handling is handling}
    assert given == set(HANDLINGS[handling])


def test_no_clause_is_planned_that_was_carried_before() -> None:
    assert {c.id for c in guideline().clauses.values() if c.planned} <= PLANNED


def test_every_clause_has_its_words_and_this_citys_number() -> None:
    for clause_id in city_clauses():
        clause = guideline().clauses[clause_id]
        assert clause.text.strip()
        assert clause.cite.replace("の", "-") == clause_id.removeprefix("§")


def test_every_clause_stands_under_a_heading() -> None:
    headings = guideline().headings
    for clause_id in city_clauses():
        assert any(clause_id.startswith(heading) for heading in headings), clause_id


def test_the_lists_come_whole_and_in_order() -> None:
    assert [c.id for c in guideline().under("§5")] == numbered("§5", 9)
    assert [c.id for c in guideline().under("§別紙1-1")] == numbered("§別紙1-1", 11)
    assert [c.id for c in guideline().under("§別紙1-2")] == numbered("§別紙1-2", 3)


def test_the_citys_name_stands_wherever_the_guideline_says_it() -> None:
    assert guideline().title == "磐田市職員ソーシャルメディア利用ガイドライン"
    assert guideline().clauses["§別紙1-3"].text.startswith("磐田市は、")
    assert not [c.id for c in guideline().clauses.values() if "{" in c.text]


def test_slips_of_the_original_are_kept_and_explained() -> None:
    assert guideline().headings["§6(3)"].text.startswith("アカウムの明示等")
    assert "アカウント" in guideline().headings["§6(3)"].note
    assert "前4条" in guideline().clauses["§9(5)"].text
    assert "(1)から(4)" in guideline().clauses["§9(5)"].note


def test_an_opening_needs_the_head_and_both_divisions() -> None:
    route = guideline().routes["opening"]
    assert [(step.kind, step.of) for step in route] == [
        ("decision", "head"),
        ("concurrence", "information_policy"),
        ("concurrence", "public_relations"),
    ]
    assert {step.of for step in route} - {"head"} == set(guideline().service_divisions)


def test_approvers_are_those_from_group_leader_up() -> None:
    approvers = {p.name for p in guideline().positions.values() if p.approver}
    assert approvers == {"係長", "グループ長", "課長補佐", "課長", "部長"}
    lowest = min(guideline().rank(name) for name in approvers)
    assert all(p.rank < lowest for p in guideline().positions.values() if not p.approver)


def test_the_head_of_a_division_has_the_rank_of_head() -> None:
    assert [p.name for p in guideline().positions.values() if p.head] == ["課長"]


def test_a_policy_holds_everything_that_the_guideline_asks() -> None:
    asked = {i.clause for i in guideline().policy_items}
    assert asked == {
        *lettered("§6(2)", "アイウエオ"), "§別紙1-1", *numbered("§別紙1-2", 3), "§別紙1-3",
    }
    assert {i.key for i in guideline().policy_items if i.after_acquisition} == {"account_name", "url"}


def test_one_choice_says_that_opinions_are_not_answered_one_by_one() -> None:
    [answers] = [i for i in guideline().policy_items if i.kind == "choice"]
    assert [c.value for c in answers.choice] == ["none", "some", "each"]
    assert "個別に回答しません" in answers.choice[0].text
    assert "{contact}" in guideline().fixed["no_individual_answer"]


def test_the_form_of_notification_is_the_guidelines() -> None:
    form = guideline().forms["opening"]
    assert form.clause == "§別紙2"
    assert form.title == "ソーシャルメディア利用届出書"
    assert [f.label for f in form.field] == [
        "所属名", "ソーシャルメディアのサービス名", "アカウント名（ページ名）", "URL", "情報発信の内容",
        "市公式ホームページでの紹介文（100字以内）",
    ]
    assert [f.label for f in form.footer] == ["担当者名", "連絡先"]
    assert form.field[-1].max == guideline().register["introduction_max"] == 100
    assert form.attachments == ("policy", "account_image")
    assert form.attachments_note == "※運用ポリシー及びアカウント画像を添付してください。"


def test_the_form_of_closing_gives_a_reason_and_has_no_attachments() -> None:
    form = guideline().forms["closing"]
    assert form.clause == "§別紙3"
    assert [f.label for f in form.field][-1] == "廃止の理由"
    assert (form.attachments, form.attachments_note) == ((), "")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("notification_business_days", 3),
        ("correction_hours", 1),
        ("confirmation_valid_days", 365),
        ("confirmation_remind_days", 30),
        ("review_valid_days", 365),
        ("delivery_expires_minutes", 30),
        ("transition_months", 6),
    ],
)
def test_deadlines_are_iwatas(name: str, number: int) -> None:
    assert guideline().deadlines[name] == number


def test_every_rule_of_the_house_has_words_and_a_reason() -> None:
    house = [c for c in guideline().clauses.values() if c.handling is Handling.HOUSE]
    assert {"K-person", "K-restore", "K-limit", "K-unknown", "K-hold", "K-late", "K-text", "K-media",
            "K-identity"} <= {c.id for c in house}
    assert all(c.id.startswith("K-") and c.text and c.note for c in house)


def test_every_clause_that_the_code_names_is_in_the_file() -> None:
    known = set(guideline().clauses) | set(guideline().headings)
    named = {
        (node.value, f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}")
        for path in (settings.BASE_DIR / "koshiki").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CLAUSE_ID.fullmatch(node.value)
    }
    assert named
    assert [(clause, place) for clause, place in sorted(named) if clause not in known] == []


def test_another_citys_file_speaks_of_that_city(tmp_path: Path) -> None:
    words = settings.KOSHIKI_GUIDELINE.read_text(encoding="utf-8")
    file = tmp_path / "fukuroi.toml"
    file.write_text(words.replace('name = "磐田市"', 'name = "袋井市"'), encoding="utf-8")
    other = load(file)
    assert other.title == "袋井市職員ソーシャルメディア利用ガイドライン"
    assert "袋井市" in other.clauses["§別紙1-1(7)"].text
    assert not [c.id for c in other.clauses.values() if "磐田" in c.text]


def test_a_file_that_lacks_a_part_is_refused_by_name(tmp_path: Path) -> None:
    words = settings.KOSHIKI_GUIDELINE.read_text(encoding="utf-8")
    file = tmp_path / "broken.toml"
    file.write_text(words.replace("[register]", "[registre]"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.toml: 'register'"):
        load(file)


def test_a_file_whose_policies_change_by_an_item_that_no_policy_has_is_refused(tmp_path: Path) -> None:
    words = settings.KOSHIKI_GUIDELINE.read_text(encoding="utf-8")
    file = tmp_path / "broken.toml"
    file.write_text(words.replace('decided_again = ["purpose"]', 'decided_again = ["porpoise"]'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"decided_again.*porpoise"):
        load(file)
