"""What every page is drawn with: harmless whatever it is given, and within the content policy."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import engines
from django.test import Client
from django.utils import translation

from koshiki.guideline import guideline
from koshiki.look import Preview, RailStep, Tone, WhereItStands
from koshiki.rendering import Renderer

ROOT = Path(__file__).resolve().parents[2] / "koshiki"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
HOSTILE = '"><script>alert(1)</script>'

pytestmark = pytest.mark.urls("tests.look.urls")


def drawn(template: str, **context: object) -> str:
    return engines["django"].from_string(template).render(context)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_needs_more_than_the_content_policy_allows(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|hx-vals=.js|javascript:|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", text), "nothing from other hosts"


def test_the_stylesheets_stay_small_enough_for_an_old_phone() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "static").glob("*.css")) < 30_000


def test_the_page_of_all_components_is_drawn(client: Client) -> None:
    page = client.get("/_components/").content.decode()
    assert "{%" not in page
    assert "{{" not in page
    for words in ("いまここ", "期限を過ぎています", "代決", "合議待ち", "記入または選択が必要です。", "12字 超過しています"):
        assert words in page


@pytest.mark.parametrize("template", [
    "{% badge x 'waiting' %}", "{% where_it_stands where %}", "{% rail steps x %}", "{% empty x x x x %}",
    "{% key_values pairs %}", "{% post_preview preview %}", "{% difference x 'あ' %}", "{% difference 'あ' x %}",
    "{{ x|linked }}", "{% notice 'info' x %}{{ x }}{% endnotice %}", "{% hint x %}{{ x }}{% endhint %}",
    "{% crumbs x x x %}", "{% counter 1 2 x %}", "{% icon 'info' x %}",
])
def test_hostile_words_are_shown_and_never_obeyed(template: str) -> None:
    page = drawn(
        template, x=HOSTILE, where=WhereItStands(HOSTILE, Tone.WAITING, HOSTILE, note=HOSTILE),
        steps=[RailStep(HOSTILE, "current", HOSTILE, mark=HOSTILE, note=HOSTILE)], pairs=[(HOSTILE, HOSTILE)],
        preview=Preview(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_difference_says_in_words_what_went_and_what_came() -> None:
    page = drawn("{% difference a b %}", a="参加費は300円です。", b="参加費は無料です。")
    assert re.search(r"参加費は<del>.*削除.*300円.*</del><ins>.*追加.*無料.*</ins>です。", page)


def test_an_unchanged_text_is_said_to_be_unchanged() -> None:
    page = drawn("{% difference a a %}", a="参加費は無料です。")
    assert "変更はありません" in page
    assert "<ins" not in page


@pytest.mark.parametrize(("moment", "words"), [
    (datetime(2026, 11, 22, 5, 5, tzinfo=UTC), "令和8年11月22日(日) 14時05分"),
    (datetime(2026, 11, 25, 15, 0, tzinfo=UTC), "令和8年11月25日(水)"),  # 26日 0時 is the end of 25日
    (date(2026, 11, 25), "令和8年11月25日(水)"),
])
def test_a_due_time_is_written_as_the_office_says_it(moment: datetime | date, words: str) -> None:
    assert f">{words}</time>" in drawn("{{ moment|due }}", moment=moment)


def test_citizens_who_read_english_get_english_dates() -> None:
    with translation.override("en"):
        page = drawn("{{ moment|when }}", moment=datetime(2026, 11, 22, 5, 5, tzinfo=UTC))
    assert '<time datetime="2026-11-22T14:05:00+09:00">22 November 2026, 14:05</time>' in page


def test_a_clause_is_shown_with_its_words_and_the_citys_reading() -> None:
    page = drawn('<p>{% clause "§8(1)" %}</p>')
    assert "§8(1)" in page
    assert "責任者の承認を得た上で情報発信すること" in page


def test_every_clause_that_a_template_names_is_in_the_guideline() -> None:
    named = {found for path in TEMPLATES for found in re.findall(r'{% clause "([^"]+)"', path.read_text("utf-8"))}
    assert named - set(guideline().clauses) == set()


@pytest.mark.parametrize("chosen", ["", "a", "<b>"])
def test_a_list_of_choices_is_drawn_as_django_draws_it(chosen: str) -> None:
    choices = [("", "すべて"), ("a", "一 & 二"), ("群", [("<b>", "<三>"), ("c", "四")])]
    field = forms.Select({"id": "x", "required": True, "disabled": False, "data-a": '"'}, choices)
    ours, djangos = (" ".join(field.render("name", chosen, renderer=renderer).split())
                     for renderer in (Renderer(), DjangoTemplates()))
    assert ours == djangos
