"""The shape of a policy's change: the policy once more, and what changes, why, from which day (§6(2), K-policy)."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.http import QueryDict

from koshiki import clock
from koshiki.forms import TextField
from koshiki.organization.forms import DayInput
from koshiki.register.actions.change import Told
from koshiki.register.forms.deciding import DecisionForm, PolicyForm
from koshiki.register.forms.fields import DraftField
from koshiki.register.models import PolicyDecision

TOLD = ("what", "reason", "wanted_from")
HIDDEN = ("seen", "taken")


class ComingDayField(forms.DateField):
    """これからの日 — today, or a day that is to come."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DayInput(), error_messages={"invalid": "日付を正しく入れてください。"}, **kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and day < clock.today():
            raise forms.ValidationError("過ぎた日は入れられません。今日以後の日を入れてください。")
        return day

    def validate(self, value: Any) -> None:
        """Empty is kept: what is missing is named before the submission."""


class ChangeForm(PolicyForm):
    """運用ポリシーの変更 — a draft may be kept unfinished; what it lacks is named before it is submitted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.fields["what"] = DraftField(label="変更の内容", limit=400, widget=forms.Textarea(attrs={"rows": 3}),
                                         help_text="何がどう変わるのかを、市民に分かる言葉で。掲載ページに載ります。")
        self.fields["reason"] = DraftField(label="変更の理由", limit=400, widget=forms.Textarea(attrs={"rows": 3}),
                                           help_text="決裁する人が読みます。掲載ページには載りません。")
        self.fields["wanted_from"] = ComingDayField(
            label="適用開始日",
            help_text="この日から新しい版になります。決裁がこの日より後になったときは、決裁の日からです。")

    def typed(self) -> dict[str, str]:
        return {name: value for name, value in super().typed().items() if name not in (*TOLD, *HIDDEN)}

    def has_seen(self, mark: str) -> None:
        """The writer is told of what was saved meanwhile; what was typed stays."""
        data = cast("QueryDict", self.data).copy()
        data["seen"] = mark
        self.data = data

    def told(self) -> Told:
        return Told(**{name: self.cleaned_data[name] for name in TOLD})


class ChangeDecisionForm(DecisionForm):
    """変更の決裁 — approve, or return with what is to be changed."""

    comment = TextField(label="意見", limit=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
                        help_text="差し戻すときは、何を直せばよいかを必ず書いてください。")
    unsaid_reason = TextField(label="プロフィール欄に書けない理由", limit=400, required=False,
                              widget=forms.Textarea(attrs={"rows": 3}))
    outcome = forms.ChoiceField(choices=PolicyDecision.Outcome.choices, widget=forms.HiddenInput,
                                error_messages={"required": "承認・差戻しのどちらかを選んでください。"})


class TakeBackForm(forms.Form):
    """変更の取下げ — a reason, which a draft that nobody has read does not need."""

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = TextField(label="取り下げる理由", limit=300, required=needed,
                                          widget=forms.Textarea(attrs={"rows": 3}))
