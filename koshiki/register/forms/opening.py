"""The shape of what follows the decisions: acquisition, policy, 別紙2, profile, verification (§6(1)–(3))."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from koshiki import clock
from koshiki.forms import LineField, TextField
from koshiki.register.actions.notify import form
from koshiki.register.forms.fields import PICTURES, EvidenceField, PastDayField
from koshiki.register.models import ProfileCheck, ProfileFinding, Verification


class AcquisitionForm(forms.Form):
    """取得 §6(1) — the account as its service names it."""

    name = LineField(label="アカウント名", limit=100)
    handle = LineField(label="ユーザー名", limit=200, required=False, help_text="例：@iwata_bosai")
    url = forms.URLField(label="アカウントのURL", max_length=300, assume_scheme="https",
                         error_messages={"required": "URLを入れてください。", "invalid": "URLの形になっていません。"},
                         help_text="アカウントのページを開き、アドレス欄のURLを写してください。")
    acquired_on = PastDayField(label="取得日")

    def __init__(self, *args: Any, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("acquired_on", clock.today())
        if own:
            del self.fields["url"], self.fields["handle"]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not url.startswith("https://") and not settings.KOSHIKI_SAMPLE and not _is_loopback(url):
            raise forms.ValidationError("https:// で始まるURLを入れてください。")
        return url


def _is_loopback(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://localhost:"))


class ShownForm(forms.Form):
    """明示 §6(2) — where the account shows its policy, or why not."""

    place = LineField(label="明示した場所", limit=200, required=False, help_text="例：プロフィール欄のリンク、固定した投稿")
    evidence = EvidenceField(label="画面の写し", required=False, help_text="明示した場所が写っている画像又はPDF。")
    version = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = TextField(label="明示しない理由", limit=400, required=False, widget=forms.Textarea(attrs={"rows": 3}),
                       help_text="明示できないときだけ書いてください。「原則として」（6(2)）の例外として記録します。")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        place, reason = data.get("place"), data.get("reason")
        if bool(place) == bool(reason):
            raise forms.ValidationError("明示した場所と画面の写し、又は明示しない理由の、どちらか一方を入れてください。")
        if place and not data.get("evidence"):
            self.add_error("evidence", "明示した場所の画面の写しを選んでください。")
        return data


class NotificationForm(forms.Form):
    """別紙2 — the rows that the register does not know by itself."""

    def __init__(self, *args: Any, has_image: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in (*form().field, *form().footer):
            if row.key in {"division", "service", "account_name", "url"}:
                continue
            kind = TextField if (row.max or 0) >= 100 and row.key != "contact" else LineField
            widget = {"widget": forms.Textarea(attrs={"rows": 3})} if kind is TextField else {}
            self.fields[row.key] = kind(label=row.label, limit=row.max or 200, **widget)
        self.fields["image"] = EvidenceField(
            label="アカウント画像", accept=PICTURES, required=not has_image,
            help_text="前に添付した画像のままのときは、選ばなくてかまいません。" if has_image
            else "JPEG・PNG・WebP・GIF。掲載ページに載ります。")

    def typed(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "image"}


class CommentForm(forms.Form):
    """意見"""

    comment = TextField(label="直す点", limit=1000, widget=forms.Textarea(attrs={"rows": 4}))


_AS_REGISTERED = (ProfileFinding.Kind.NAME, ProfileFinding.Kind.IMAGE, ProfileFinding.Kind.VERIFICATION)


class ProfileForm(forms.Form):
    """プロフィール確認 §6(3)ウ, §8(2)ア — what a person saw, with a capture."""

    result = forms.ChoiceField(label="結果", widget=forms.RadioSelect,
                               choices=[c for c in ProfileCheck.Result.choices if c[0] != "unreadable"])
    answers = forms.MultipleChoiceField(
        label="個別に対応しない旨と問合せ先（8(2)ア）", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(kind.value, f"{kind.label}が書かれている") for kind in ProfileFinding.SAID],
        help_text="この運用ポリシーでは、両方をプロフィール欄に書きます。書かれているものだけを選んでください。選ばないものは不備になります。")
    wrong = forms.MultipleChoiceField(
        label="台帳と違うもの", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(kind.value, kind.label) for kind in _AS_REGISTERED], help_text="なければ、選ばなくてかまいません。")
    found = TextField(label="プロフィール欄に書かれていたこと", limit=2000, required=False,
                      widget=forms.Textarea(attrs={"rows": 4}))
    evidence = EvidenceField(label="プロフィール欄の画面の写し", help_text="画像又はPDF。")

    def __init__(self, *args: Any, answers_nobody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not answers_nobody:
            del self.fields["answers"]

    def all_wrong(self) -> list[str]:
        """What besides the address is not as it must be. After `is_valid`."""
        said = self.cleaned_data.get("answers", list(ProfileFinding.SAID))
        return [*self.cleaned_data["wrong"], *(kind for kind in ProfileFinding.SAID if kind not in said)]


class VerificationForm(forms.Form):
    """認証アカウント §6(3)エ"""

    available = forms.ChoiceField(label="このサービスは認証アカウントを発行していますか", widget=forms.RadioSelect,
                                  choices=Verification.Available.choices)
    looked_on = PastDayField(label="確かめた日")
    applied_on = PastDayField(label="認証を申請した日", required=False)
    granted_on = PastDayField(label="認証された日", required=False)
    note = LineField(label="備考", limit=300, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("available") == "no" and (data.get("applied_on") or data.get("granted_on")):
            self.add_error("available", "申請や認証の日があるときは「ある」を選んでください。")
        if (a := data.get("applied_on")) and (g := data.get("granted_on")) and g < a:
            self.add_error("granted_on", "認証された日が、申請した日より前になっています。")
        return data
