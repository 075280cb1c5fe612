"""The shape of an application and of the decisions on it (§6(1), §4(3), §6(2))."""

from __future__ import annotations

from typing import Any

from django import forms

from koshiki.forms import LineField, TextField
from koshiki.guideline import guideline
from koshiki.networks import service_choices
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import members_of
from koshiki.register.flow import current_step, division_of
from koshiki.register.forms.fields import DraftChoice, DraftField, EvidenceField, PastDayField
from koshiki.register.models import Account, Application, Decision
from koshiki.register.policy import FixedWords, fixed_words


class StartForm(forms.Form):
    """サービスと名前 — the first page of an application."""

    division = forms.ModelChoiceField(Division.objects.none(), label="担当所属", empty_label=None)
    service = forms.ChoiceField(label="ソーシャルメディアのサービス", choices=[])
    name = LineField(label="アカウント名（予定）", limit=100, help_text="取得の時に、サービスでの名前に直せます。例：磐田市防災")

    def __init__(self, *args: Any, by: Person, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "選んでください"), *service_choices()]  # type: ignore[attr-defined]
        own = Division.objects.filter(pk__in=by.standing.divisions)
        self.fields["division"].queryset = own  # type: ignore[attr-defined]
        if account:
            del self.fields["division"]
            self.initial.update(service=account.service, name=account.name)


class ReviewForm(forms.Form):
    """事前確認 §4(3) — one field for each item of the guideline file; a draft may stay unfinished, a review anew not."""

    reviewed_on = PastDayField(label="確認日", required=False, help_text="申請までに必要です。")

    def __init__(self, *args: Any, again: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {item.key: DraftField(label=item.label, help_text=item.help, limit=800,
                                       widget=forms.Textarea(attrs={"rows": 3}))
                  for item in guideline().review_items}
        self.fields = {**fields, **self.fields}
        if again:
            self.fields["reviewed_on"].required, self.fields["reviewed_on"].help_text = True, "実際に読んで確かめた日。"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.fields["reviewed_on"].required:
            for item in guideline().review_items:
                if item.key not in self.errors and not data.get(item.key, "").strip():
                    self.add_error(item.key, f"「{item.label}」について確かめたことを書いてください。")
        return data

    def answers(self) -> dict[str, str]:
        return {item.key: self.cleaned_data[item.key] for item in guideline().review_items}


class PolicyForm(forms.Form):
    """運用ポリシー §6(2) — drawn from the guideline file: ウ–オ to write, 別紙1 to take over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in guideline().policy_items:
            words = f"{item.clause}　{item.help}" if item.help else item.clause
            if item.kind == "text":
                self.fields[item.key] = DraftField(label=item.label, help_text=words, limit=item.max or 400,
                                                   required=not item.optional,
                                                   widget=forms.Textarea(attrs={"rows": 3}))
            elif item.kind == "choice":
                choices = [(c.value, f"{c.label}：{c.text}") for c in item.choice]
                self.fields[item.key] = DraftChoice(label=item.label, help_text=words, choices=choices,
                                                    widget=forms.RadioSelect)
        self.fields["taken"] = forms.MultipleChoiceField(
            label="別紙1の定めの文", help_text="一つずつ読み、そのままポリシーに載せるものに印を付けてください。全部が必要です。",
            choices=[(words.clause, _as_choice(words)) for words in fixed_words()], required=False,
            widget=forms.CheckboxSelectMultiple)

    def typed(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "taken"}


def _as_choice(words: FixedWords) -> str:
    points = "".join(f"（{n}）{point.text}　" for n, point in enumerate(words.points, start=1))
    return f"{words.label}：{words.text}{' ' + points if points else ''}"


class WithdrawForm(forms.Form):
    """取下げ"""

    reason = TextField(label="取り下げる理由", limit=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class DecisionForm(forms.Form):
    """決裁・合議 — a comment, which return and rejection need, and the digest of what was read."""

    digest = forms.CharField(widget=forms.HiddenInput)
    comment = TextField(label="意見", limit=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
                        help_text="差戻し・不可のときは、何を直せばよいかを必ず書いてください。")
    outcome = forms.ChoiceField(choices=Decision.Outcome.choices, widget=forms.HiddenInput, required=True,
                                error_messages={"required": "承認・差戻し・不可のどれかを選んでください。"})

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("outcome") in {"return", "reject"} and not data.get("comment") and "comment" not in self.errors:
            self.add_error("comment", "差戻し・不可のときは、理由を書いてください。")
        return data


class PaperForm(forms.Form):
    """紙の決裁 §6(1)"""

    digest = forms.CharField(widget=forms.HiddenInput)
    decided_by = forms.ModelChoiceField(Person.objects.none(), label="決裁した職員", empty_label="選んでください")
    outcome = forms.ChoiceField(label="結果", choices=Decision.Outcome.choices, widget=forms.RadioSelect)
    number = LineField(label="文書番号", limit=60, help_text="例：防災第123号")
    date = PastDayField(label="文書の日付")
    scan = EvidenceField(label="文書の写し", help_text="PDF、又は写真（JPEG・PNG・WebP）。20MBまで。")
    comment = TextField(label="意見", limit=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        step = current_step(application)
        division = division_of(application, step) if step else None
        self.fields["decided_by"].queryset = members_of(division) if division else Person.objects.none()  # type: ignore[attr-defined]
        self.initial["digest"] = application.digest

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("outcome") in {"return", "reject"} and not data.get("comment") and "comment" not in self.errors:
            self.add_error("comment", "差戻し・不可のときは、文書にある理由を書いてください。")
        return data
