"""What is asked when a correction begins: what is wrong, since when that is known, and how it is put right where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils import timezone

from koshiki import clock
from koshiki.forms import LineField
from koshiki.posts.models import Way
from koshiki.register.models import Account

NOT_HERE = ("none", "この発信先では訂正しない")


class CorrectForm(forms.Form):
    """訂正を始める — one row of ways for each account on which the post is out."""

    reason = LineField(label="誤りの内容", limit=300, validators=[MaxLengthValidator(300, "長すぎます。")],
                       help_text="何が誤りで、何が正しいか。庁内の記録に残ります。発信はされません。")
    found_at = forms.DateTimeField(
        label="誤りに気付いた日時", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="ここから訂正までの時間を計ります。",
        error_messages={"invalid": "日時を「2026-11-22T14:05」のように入力してください。"})
    found_by = LineField(label="気付いた人", limit=100, validators=[MaxLengthValidator(100, "長すぎます。")],
                         help_text="職員の名前、「市民からの電話」など。")
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, ways: Mapping[Account, Sequence[Way]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.accounts = list(ways)
        for account, offered in ways.items():
            self.fields[f"way-{account.pk}"] = forms.ChoiceField(
                label=f"{account.name}（{account.get_service_display()}）の訂正の方法", widget=forms.RadioSelect,
                choices=[*((way.value, way.label) for way in offered), NOT_HERE], initial=offered[0].value)

    def clean_found_at(self) -> Any:
        found_at = self.cleaned_data["found_at"]
        if found_at > clock.now():
            raise forms.ValidationError(f"まだ来ていない日時です。いまは{timezone.localtime():%H:%M}です。")
        return found_at

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not self.ways():
            self.add_error(f"way-{self.accounts[0].pk}", "少なくとも一つの発信先で、訂正の方法を選んでください。")
        return values

    def ways(self) -> dict[Account, str]:
        """The accounts on which it is put right, with the way."""
        chosen = {account: self.cleaned_data.get(f"way-{account.pk}", "") for account in self.accounts}
        return {account: way for account, way in chosen.items() if way and way != NOT_HERE[0]}
