"""What one cell may hold: the fields of the forms, and days and words as files of the office write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from japanera import EraDate

from koshiki.calendar import era_year
from koshiki.forms import LineField
from koshiki.organization.sign_in import staff_number

# The eras that a file may write: 令和8年4月1日 or R8.4.1.
_ERAS = {era.kanji: era.since.year for era in (EraDate.from_date(date(y, 12, 31)).era for y in (1926, 1989, 2019))}
_LETTERS = {"S": "昭和", "H": "平成", "R": "令和"}
_ERA_DAY = re.compile(r"(昭和|平成|令和|[SHR])\s*(元|\d{1,2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})日?(?:\(.\))?", re.I)
_DAY = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})日?(?:\(.\))?(?:\s+0{1,2}:00(?::00)?)?")
_NO_DAY = "日付として読めません。2026-04-01、2026/4/1、令和8年4月1日、R8.4.1 のように書いてください。"


class CellField(LineField):
    """一つの欄 — one line of text, without 外字: characters that another machine shows as something else."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        too_long = MaxLengthValidator(limit, f"{limit}字以内にしてください。")
        super().__init__(limit=limit, validators=[too_long], **kwargs)
        self.error_messages["required"] = "空です。必ず入れてください。"

    def to_python(self, value: Any) -> str:
        try:
            text = super().to_python(value)
        except ValidationError as bad:
            raise ValidationError([m.removeprefix("1行目の") for m in bad.messages]) from bad
        if own := next((c for c in text if unicodedata.category(c) == "Co"), ""):
            raise ValidationError(f"外字（U+{ord(own):04X}）は、ほかの機器で読めません。標準の字に直してください。")
        return text


class NumberField(CellField):
    """職員番号 — in the one way that it is written (K-person)."""

    def to_python(self, value: Any) -> str:
        return staff_number(super().to_python(value))


class DayField(forms.Field):
    """日付 — of the common era or of 昭和, 平成, 令和."""

    default_error_messages = {"required": "空です。日付を入れてください。"}

    def to_python(self, value: Any) -> date | None:
        return day_from(value) if value else None


class WordField(forms.Field):
    """決まった語 — one of a few words, each standing for a value; nothing: the value of the empty word."""

    def __init__(self, words: dict[str, Any]) -> None:
        super().__init__(required=False)
        self.words = words

    def to_python(self, value: Any) -> Any:
        word = unicodedata.normalize("NFKC", value or "")
        if word not in self.words:
            raise ValidationError(f"「{value}」は使えません。{'、'.join(w or '空' for w in self.words)}のどれかにしてください。")
        return self.words[word]


def day_from(written: str) -> date:
    """The day of 2026-04-01, 2026/4/1, 令和8年4月1日 or R8.4.1. Raises ValidationError for anything else,
    also for a day that no calendar or not that era has."""
    text = unicodedata.normalize("NFKC", written).strip()
    try:
        if found := _DAY.fullmatch(text):
            return date(*map(int, found.groups()))
        if found := _ERA_DAY.fullmatch(text):
            return _of_era(*found.groups())
    except ValueError as bad:
        raise ValidationError(f"「{written}」という日はありません。") from bad
    raise ValidationError(f"「{written}」は、{_NO_DAY}")


def _of_era(era: str, year: str, month: str, day: str) -> date:
    name, number = _LETTERS.get(era.upper(), era), 1 if year == "元" else int(year)
    found = date(_ERAS[name] + number - 1, int(month), int(day))
    if not era_year(found).startswith(name):
        raise ValueError(name)
    return found
