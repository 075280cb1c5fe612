"""Which entries of the log are asked for."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from koshiki.audit.models import Entry
from koshiki.desk.log.words import WORDS
from koshiki.forms import DayField, LineField
from koshiki.guideline import guideline
from koshiki.organization.sign_in import staff_number


class LogFilter(forms.Form):
    """記録の絞り込み — by clause, act, person, thing and days."""

    clause = forms.ChoiceField(label="条項", required=False)
    verb = forms.ChoiceField(label="行為", required=False)
    number = LineField(label="職員番号", limit=20, required=False)
    thing = LineField(label="対象（例 post:12）", limit=80, required=False)
    since = DayField(label="いつから", required=False)
    until = DayField(label="いつまで", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        acts = sorted(WORDS.items(), key=lambda item: item[1])
        self.fields["clause"].choices = [("", "すべて"), *((c, c) for c in guideline().clauses)]  # type: ignore[attr-defined]
        self.fields["verb"].choices = [("", "すべて"), *acts]  # type: ignore[attr-defined]

    def clean_number(self) -> str:
        return staff_number(self.cleaned_data["number"])

    def narrow(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """The entries that match what was chosen; all of them while a choice is not valid."""
        chosen = self.cleaned_data if self.is_valid() else {}
        for field in ("clause", "verb", "thing"):
            if chosen.get(field):
                entries = entries.filter(**{field: chosen[field]})
        if chosen.get("number"):
            entries = entries.filter(actor__staff_number=chosen["number"])
        if since := chosen.get("since"):
            entries = entries.filter(at__gte=_midnight(since))
        if until := chosen.get("until"):
            entries = entries.filter(at__lt=_midnight(until + timedelta(days=1)))
        return entries


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
