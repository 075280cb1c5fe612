"""The fields that the register adds: files as evidence, days that are past, drafts that may be kept unfinished."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from koshiki import clock
from koshiki.forms import TextField
from koshiki.organization.forms import DayInput
from koshiki.register.actions.notify import Upload
from koshiki.register.files import ACCEPT, MAX_BYTES

PICTURES = "image/jpeg,image/png,image/webp,image/gif"


class EvidenceField(forms.FileField):
    """証拠のファイル — a PDF or a picture, as bytes with its name."""

    def __init__(self, *, accept: str = ACCEPT, **kwargs: Any) -> None:
        super().__init__(widget=forms.FileInput(attrs={"accept": accept}),
                         error_messages={"required": "ファイルを選んでください。", "empty": "中身のないファイルです。",
                                         "max_length": "ファイル名が長すぎます。"}, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Upload | None:
        file = super().clean(data, initial)
        if file and file.size > MAX_BYTES:
            raise forms.ValidationError(f"ファイルは{MAX_BYTES // 1_000_000}MBまでです。")
        return Upload(file.read(), str(file.name)) if file else None


class DraftField(TextField):
    """下書きの文 — needed for the submission, and shown so; a draft may be kept without it."""

    def validate(self, value: Any) -> None:
        """Empty is kept: what is missing is named before the submission."""


class DraftChoice(forms.ChoiceField):
    """下書きの選択 — the same for a choice."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class PastDayField(forms.DateField):
    """過ぎた日 — a day that is not to come."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DayInput(), error_messages={"required": "日付を入れてください。",
                                                            "invalid": "日付を正しく入れてください。"}, **kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and day > clock.today():
            raise forms.ValidationError("先の日付は入れられません。")
        return day
