"""The shape of what a person says about a delivery."""

from __future__ import annotations

from typing import Any

from django import forms

from koshiki.forms import LineField, TextField
from koshiki.networks.base import HandsOver

HELP = "見た画面、確かめた日時と方法などを書きます。記録に残ります。"


class PostedForm(forms.Form):
    """投稿済み — where it was seen, and how that was made sure."""

    address = forms.URLField(label="投稿のアドレス", max_length=500, assume_scheme="https",
                             help_text="サービスで見つけた投稿を開き、そのアドレスを写します。")
    evidence = TextField(label="確かめた方法", limit=500, widget=forms.Textarea(attrs={"rows": 3}), help_text=HELP)

    def __init__(self, data: Any = None, *, service: HandsOver | None, changes: bool = False) -> None:
        """`service`: where a person posts; one that gives no addresses asks for none.

        `changes`: what is there was edited or deleted, so that its address is known.
        """
        super().__init__(data)
        if changes:
            del self.fields["address"]
            return
        self.fields["address"].required = service is None or service.gives_addresses


class NotPostedForm(forms.Form):
    """未投稿 — how it was made sure that it is not there."""

    evidence = TextField(label="確かめた方法", limit=500, widget=forms.Textarea(attrs={"rows": 3}), help_text=HELP)


class ReasonForm(forms.Form):
    """確認 — how it was made sure that publishing may go on."""

    reason = LineField(label="確かめたこと", limit=300)
