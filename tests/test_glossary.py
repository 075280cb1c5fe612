"""The glossary is the authority for names: models, and the words that name them, are held to it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model

ROOT: Path = settings.BASE_DIR
ROW = re.compile(r"^\| `(?P<code>[^`]+)` \| (?P<japanese>[^|]+) \| (?P<meaning>[^|]+) \|$", re.MULTILINE)
WORDS = {
    row["code"]: (row["japanese"].strip(), row["meaning"].strip())
    for row in ROW.finditer((ROOT / "docs/glossary.md").read_text(encoding="utf-8"))
}
MODELS = list(apps.get_app_config("koshiki").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_has_its_row_and_bears_its_japanese_word(model: type[Model]) -> None:
    assert model.__name__ in WORDS, f"{model.__name__} has no row in docs/glossary.md"
    word, _ = WORDS[model.__name__]
    assert model._meta.verbose_name == word
    assert (model.__doc__ or "").startswith(f"{word} — "), "the Japanese word opens the docstring"


def test_no_two_concepts_share_a_word() -> None:
    japanese = Counter(word for word, _ in WORDS.values())
    assert [word for word, times in japanese.items() if times > 1] == []
    codes = Counter(row["code"] for row in ROW.finditer((ROOT / "docs/glossary.md").read_text(encoding="utf-8")))
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_class_that_the_glossary_names_exists() -> None:
    classes = {
        node.name
        for path in (ROOT / "koshiki").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    named = {code for code in WORDS if re.fullmatch(r"(?:[A-Z][a-z]+)+", code)}
    assert named >= {model.__name__ for model in MODELS}
    assert named - classes == set()
