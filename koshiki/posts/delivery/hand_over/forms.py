"""The shape of what a person says of a post that they made on the service."""

from __future__ import annotations

from typing import Any

from django import forms

from koshiki.forms import TextField
from koshiki.networks.base import HandsOver


def _address_field(label: str) -> forms.URLField:
    return forms.URLField(label=label, max_length=500, assume_scheme="https",
                          widget=forms.URLInput(attrs={"autocomplete": "off"}),
                          help_text="投稿そのものを開いて、そのアドレスを写します。")


class AddressForm(forms.Form):
    """投稿した記録 — its address; where the service gives none, how the person saw that it is out."""

    address = _address_field("投稿のアドレス")
    evidence = TextField(label="確かめた方法", limit=500, widget=forms.Textarea(attrs={"rows": 3}),
                         help_text="アドレスがないときに書きます。見た画面、送った日時など。記録に残ります。")

    def __init__(self, data: Any = None, *, service: HandsOver, changes: bool = False) -> None:
        """`changes`: what is there was edited or deleted, so that its address is known."""
        super().__init__(data)
        if changes:
            del self.fields["address"]
            self.fields["evidence"].help_text = "見た画面、確かめた日時などを書きます。記録に残ります。"
        elif service.gives_addresses:
            del self.fields["evidence"]
        else:
            self.fields["address"].required = self.fields["evidence"].required = False

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if len(self.fields) > 1 and not self.errors and not (values["address"] or values["evidence"].strip()):
            self.add_error("evidence", "アドレスか、確かめた方法を書いてください。")
        return values


class MendForm(forms.Form):
    """アドレスを直す — the post's own address, and why the recorded one is wrong."""

    address = _address_field("正しいアドレス")
    reason = TextField(label="直す理由", limit=500, widget=forms.Textarea(attrs={"rows": 3}),
                       help_text="どう確かめたかも書きます。前のアドレスとともに、記録に残ります。")

    def __init__(self, data: Any = None, *, service: HandsOver) -> None:
        super().__init__(data)
        self.fields["address"].required = service.gives_addresses


class GiveBackForm(forms.Form):
    """投稿していません — why it was not posted after all."""

    reason = TextField(label="理由", limit=300, widget=forms.Textarea(attrs={"rows": 3}),
                       help_text="記録に残り、関係する職員に見えます。")
