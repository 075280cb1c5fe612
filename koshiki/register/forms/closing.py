"""The shape of a closing (§7): 別紙3, the capture of the page that is gone, the end of the account."""

from __future__ import annotations

from typing import Any

from django import forms

from koshiki import clock
from koshiki.forms import LineField, TextField
from koshiki.register.actions.closing import form
from koshiki.register.forms.fields import EvidenceField, PastDayField

_LONG = ("content", "reason")


class ClosingForm(forms.Form):
    """別紙3 — the rows that the register does not know by itself; as a draft it may stay unfinished."""

    def __init__(self, *args: Any, draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in (*form().field, *form().footer):
            if row.key in _LONG:
                self.fields[row.key] = TextField(label=row.label, limit=row.max or 400, required=not draft,
                                                 widget=forms.Textarea(attrs={"rows": 3}))
            elif row.key in ("person_in_charge", "contact"):
                self.fields[row.key] = LineField(label=row.label, limit=row.max or 100, required=not draft)


class GoneForm(forms.Form):
    """目視 — a capture of what stands there now."""

    evidence = EvidenceField(label="画面の写し", help_text="アドレスと、アカウントが載っていないことが写っている画像又はPDF。")


class ClosedForm(forms.Form):
    """廃止の記録 — the day, and a capture where the account's address does not tell by itself."""

    closed_on = PastDayField(label="廃止日")
    evidence = EvidenceField(
        label="サービスの画面の写し", required=False,
        help_text="廃止したことが写っている画像又はPDF。添えないときは、koshiki がアカウントのアドレスを取りに行き、"
                  "なくなっていること（404・410）を証拠とします。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("closed_on", clock.today())
