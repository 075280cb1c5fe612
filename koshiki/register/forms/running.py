"""The shape of what is kept about an account that exists: people, stops, connections; and of the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from koshiki.forms import LineField, TextField
from koshiki.networks import service_choices
from koshiki.networks.base import KeyField, Secret
from koshiki.networks.budgets import Budget
from koshiki.organization.forms import PeriodForm
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import members_of
from koshiki.register.models import Account, Hold, ProfileFinding

MOST = 1_000_000_000  # of any budget


class NamingForm(PeriodForm):
    """担当者・責任者の指定"""

    role = forms.ChoiceField(label="役割", widget=forms.RadioSelect,
                             choices=[("author", "情報発信担当者（起案する）"), ("approver", "情報発信責任者（承認する）")])
    person = forms.ModelChoiceField(Person.objects.none(), label="職員", empty_label="選んでください")
    field_order = ("role", "person", "start", "end")

    def __init__(self, *args: Any, account: Account, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = members_of(account.division_id).exclude(pk=by.pk)  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """理由"""

    reason = TextField(label="理由", limit=300, widget=forms.Textarea(attrs={"rows": 3}))


class ChangeForm(forms.Form):
    """サービスの変更 §4(3)"""

    what = TextField(label="変わったこと", limit=400, widget=forms.Textarea(attrs={"rows": 4}),
                     help_text="規約、仕組み、設定の何が変わったのか、どこで読めるのかを書いてください。職員に見えます。")


class FindingFilter(forms.Form):
    """プロフィールの不備の絞り込み"""

    show = forms.ChoiceField(label="状態", required=False,
                             choices=[("", "直っていないもの"), ("past", "終わったもの"), ("all", "すべて")])
    kind = forms.ChoiceField(label="項目", required=False, choices=[("", "すべて"), *ProfileFinding.Kind.choices])


class StopForm(forms.Form):
    """停止 — the first touch: what, and why."""

    service = forms.ChoiceField(label="止めるもの", choices=[])
    reason = TextField(label="理由", limit=300, widget=forms.Textarea(attrs={"rows": 3}),
                       help_text="職員に見えます。例：アカウントの乗っ取りの疑いがあるため")

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "選んでください"), ("all", "すべてのサービス"), *service_choices()]  # type: ignore[attr-defined]
        if account:
            del self.fields["service"]

    def service_key(self) -> str:
        """The service to stop; empty for everything."""
        chosen: str = self.cleaned_data.get("service", "")
        return "" if chosen == "all" else chosen


class HoldFilter(forms.Form):
    """停止の一覧の絞り込み"""

    open = forms.ChoiceField(label="状態", required=False, choices=[("", "停止中"), ("all", "すべて")])
    kind = forms.ChoiceField(label="種類", required=False, choices=[("", "すべて"), *Hold.Kind.choices])


class ServerForm(forms.Form):
    """接続先 — the server of the account."""

    server = LineField(label="サーバー", limit=200,
                       help_text="アカウントのURLの、https:// の次から / の前まで。例：social.example")


class KeyForm(forms.Form):
    """接続の鍵 — what a person made at the service and pastes here, as its adapter asks for it; sealed, never shown again."""

    def __init__(self, *args: Any, fields: Sequence[KeyField], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in fields:
            self.fields[field.key] = _pasted(field) if field.secret else LineField(
                label=field.label, limit=200, help_text=field.help)

    def given(self) -> dict[str, Secret]:
        """All of it as secrets. After `is_valid`."""
        return {name: Secret(value) for name, value in self.cleaned_data.items()}


def _pasted(field: KeyField) -> forms.CharField:
    return forms.CharField(label=field.label, max_length=4000, strip=True,
                           widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
                           error_messages={"required": f"「{field.label}」を入れてください。"},
                           help_text=f"{field.help}封印して保存し、二度と表示しません。")


class BudgetForm(forms.Form):
    """回数の枠 — a limit for each of a service's budgets; left empty, the usual one."""

    def __init__(self, *args: Any, budgets: Sequence[Budget], chosen: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for budget in budgets:
            self.fields[budget.key] = forms.IntegerField(
                label=f"{budget.label}の上限（{budget.unit}）", required=False, min_value=0, max_value=MOST,
                initial=chosen.get(budget.key), widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                help_text=_usual(budget))


def _usual(budget: Budget) -> str:
    each = "アカウント1つについて。" if budget.each_account else ""
    return each + (f"空なら、通常の上限（{budget.usual:,}{budget.unit}）です。" if budget.usual is not None
                   else "空なら、上限を設けず、数えるだけです。")


class AccountFilter(forms.Form):
    """アカウントの一覧の絞り込み"""

    STATES = (("", "すべて"), ("opening", "開設の手続中"), ("listed", "掲載済み・確認中"), ("official", "公式"),
              ("closing", "廃止の手続中"), ("ended", "廃止・取下げ・不可"), ("held", "停止中"))
    state = forms.ChoiceField(label="状態", required=False, choices=STATES)
    service = forms.ChoiceField(label="サービス", required=False, choices=[])
    division = forms.ModelChoiceField(Division.objects.all(), label="所属", required=False, empty_label="すべて")
    q = LineField(label="アカウント名", limit=60, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "すべて"), *service_choices()]  # type: ignore[attr-defined]
