"""The words of other languages are compiled: a machine without gettext has them too."""

from __future__ import annotations

import ast
import gettext
from pathlib import Path

import pytest
from django.conf import settings

LANGUAGES = sorted(path.parent for path in Path(settings.BASE_DIR).glob("koshiki/locale/*/LC_MESSAGES/django.po"))


def written(path: Path) -> dict[str, str]:
    """The messages of a .po file, as a .mo file names them."""
    found: dict[str, str] = {}
    texts: dict[str, str] = {}
    key = ""
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("msg"):
            key, _, text = line.partition(" ")
            texts[key] = ast.literal_eval(text)
        elif line.startswith('"'):
            texts[key] += ast.literal_eval(line)
        elif not line and texts:
            found |= _message(texts)
            texts = {}
    return found


def _message(texts: dict[str, str]) -> dict[str, str]:
    if "msgstr" in texts:
        return {texts["msgid"]: texts["msgstr"]}
    return {f"{texts['msgid']}[{n}]": texts[f"msgstr[{n}]"] for n in range(len(texts) - 2)}


def compiled(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalog = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {f"{key[0]}[{key[1]}]" if isinstance(key, tuple) else key: text for key, text in catalog.items()}


@pytest.mark.parametrize("folder", LANGUAGES, ids=lambda folder: folder.parent.name)
def test_what_is_compiled_is_what_is_written(folder: Path) -> None:
    expected = {key: text for key, text in written(folder / "django.po").items() if key and text}
    assert {key: text for key, text in compiled(folder / "django.mo").items() if key} == expected
    assert len(expected) > 5


def test_every_word_of_the_public_pages_is_in_english() -> None:
    english = next(folder for folder in LANGUAGES if folder.parent.name == "en")
    assert [key for key, text in written(english / "django.po").items() if key and not text] == []
