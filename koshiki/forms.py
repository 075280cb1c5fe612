"""Fields for text that people type: cleaned, counted as people count, with the message at the field (K-text).

Every form of koshiki uses these in place of Django's CharField, so that nothing reaches a model uncleaned.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from koshiki.text import BadText, clean, graphemes

_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
_MARKS_PER_CHARACTER = 20  # one visible character may be long, but not a tower of combining marks


class TextField(forms.CharField):
    """文章 — text of several lines. Gives it cleaned; `limit` counts characters as people do.

    What was typed stays in the form when it is refused: Django shows a bound form's data as it came.
    """

    widget: Any = forms.Textarea
    default_error_messages = {
        "required": "入力してください。",
        "too_long": "%(limit)d字以内で書いてください（いま%(count)d字です）。",
    }

    def __init__(self, *, limit: int = 10_000, **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        try:
            text = clean(super().to_python(value) or "")
        except BadText as bad:
            raise ValidationError(bad.message, code="bad_text") from bad
        self._measure(text)
        return text

    def _measure(self, text: str) -> None:
        towering = len(text) > self.limit * _MARKS_PER_CHARACTER
        count = len(text) if towering else graphemes(text)
        if count > self.limit:
            raise ValidationError(self.error_messages["too_long"], code="too_long",
                                  params={"limit": self.limit, "count": count})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """`data-limit`: the live count reads it. No maxlength: browsers count otherwise and cut silently."""
        return {**super().widget_attrs(widget), "data-limit": str(self.limit)}


class LineField(TextField):
    """一行 — text of one line; a tab becomes a space, a line end is refused."""

    widget: Any = forms.TextInput
    default_error_messages = {
        "line_end": "改行は入れられません。一行で書いてください。",
    }

    def __init__(self, *, limit: int = 200, **kwargs: Any) -> None:
        super().__init__(limit=limit, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value).replace("\t", " ")
        if "\n" in text:
            raise ValidationError(self.error_messages["line_end"], code="line_end")
        return text


class MomentField(forms.DateTimeField):
    """日時 — what is later than an office's calendar reaches is refused."""

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        if moment and moment.date() > _LAST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class DayField(forms.DateField):
    """日 — a day that an office deals with; what no calendar reckons with is refused."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, **kwargs})

    def to_python(self, value: Any) -> date | None:
        day: date | None = super().to_python(value)
        if day and not _FIRST_DAY <= day <= _LAST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day
