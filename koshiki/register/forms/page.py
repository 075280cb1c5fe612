"""The shape of what is kept about the register's page on the city's site (§6(3)イ)."""

from __future__ import annotations

from django import forms

from koshiki.guideline import guideline
from koshiki.register.address import is_shortened, on_the_citys_site
from koshiki.register.forms.fields import EvidenceField


class PageForm(forms.Form):
    """掲載ページのアドレス"""

    url = forms.URLField(label="掲載ページのアドレス", max_length=300, assume_scheme="https",
                         error_messages={"required": "アドレスを入れてください。", "invalid": "アドレスの形になっていません。",
                                         "max_length": "アドレスが長すぎます（300字まで）。"},
                         help_text="公開されたページを開き、アドレス欄のアドレスを写してください。プロフィール欄には、このアドレスを書きます。")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if is_shortened(url):
            raise forms.ValidationError("短縮されたアドレスは記録できません。")
        if not on_the_citys_site(url):
            domains = "、".join(guideline().city["domains"])
            raise forms.ValidationError(f"市公式ホームページ（{domains}）のアドレスを入れてください。")
        return url


class SeenForm(forms.Form):
    """目視 — a capture of the page."""

    evidence = EvidenceField(label="画面の写し", help_text="掲載ページとそのアドレスが写っている画像又はPDF。")
