"""The shape of what people type about accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings

from koshiki import clock
from koshiki.forms import LineField, TextField
from koshiki.guideline import guideline
from koshiki.networks import service_choices
from koshiki.organization.forms import DayInput, PeriodForm
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import members_of
from koshiki.register.actions.notify import Upload, form
from koshiki.register.files import ACCEPT
from koshiki.register.flow import current_step, deciding_division
from koshiki.register.models import Account, Application, Decision, Hold, ProfileCheck, Verification
from koshiki.register.policy import FixedWords, fixed_words

_PICTURES = "image/jpeg,image/png,image/webp,image/gif"


class EvidenceField(forms.FileField):
    """証拠のファイル — a PDF or a picture, as bytes with its name."""

    def __init__(self, *, accept: str = ACCEPT, **kwargs: Any) -> None:
        super().__init__(widget=forms.FileInput(attrs={"accept": accept}),
                         error_messages={"required": "ファイルを選んでください。", "empty": "中身のないファイルです。",
                                         "max_length": "ファイル名が長すぎます。"}, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Upload | None:
        file = super().clean(data, initial)
        return Upload(file.read(), str(file.name)) if file else None


class PastDayField(forms.DateField):
    """過ぎた日 — a day that is not to come."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DayInput(), error_messages={"required": "日付を入れてください。",
                                                            "invalid": "日付を正しく入れてください。"}, **kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and day > clock.today():
            raise forms.ValidationError("先の日付は入れられません。")
        return day


# ── 申請 §6(1) ──────────────────────────────────────────────────────

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
    """事前確認 §4(3) — one field for each item of the guideline file; a draft may stay unfinished."""

    reviewed_on = PastDayField(label="確認日", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {item.key: TextField(label=item.label, help_text=item.help, limit=800, required=False,
                                      widget=forms.Textarea(attrs={"rows": 3}))
                  for item in guideline().review_items}
        self.fields = {**fields, **self.fields}

    def answers(self) -> dict[str, str]:
        return {item.key: self.cleaned_data[item.key] for item in guideline().review_items}


class PolicyForm(forms.Form):
    """運用ポリシー §6(2) — drawn from the guideline file: ウ–オ to write, 別紙1 to take over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in guideline().policy_items:
            words = f"{item.clause}　{item.help}" if item.help else item.clause
            if item.kind == "text":
                self.fields[item.key] = TextField(label=item.label, help_text=words, limit=item.max or 400,
                                                  required=False, widget=forms.Textarea(attrs={"rows": 3}))
            elif item.kind == "choice":
                choices = [(c.value, f"{c.label}：{c.text}") for c in item.choice]
                self.fields[item.key] = forms.ChoiceField(label=item.label, help_text=words, choices=choices,
                                                          widget=forms.RadioSelect, required=False)
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
        division = deciding_division(application, step) if step else None
        self.fields["decided_by"].queryset = members_of(division) if division else Person.objects.none()  # type: ignore[attr-defined]
        self.initial["digest"] = application.digest

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("outcome") in {"return", "reject"} and not data.get("comment") and "comment" not in self.errors:
            self.add_error("comment", "差戻し・不可のときは、文書にある理由を書いてください。")
        return data


# ── 取得とポリシー ──────────────────────────────────────────────────

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


# ── 届出 §6(3)ア ────────────────────────────────────────────────────

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
            label="アカウント画像", accept=_PICTURES, required=not has_image,
            help_text="前に添付した画像のままのときは、選ばなくてかまいません。" if has_image
            else "JPEG・PNG・WebP・GIF。掲載ページに載ります。")

    def typed(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "image"}


class CommentForm(forms.Form):
    """意見"""

    comment = TextField(label="直す点", limit=1000, widget=forms.Textarea(attrs={"rows": 4}))


# ── プロフィール・認証 ──────────────────────────────────────────────

class ProfileForm(forms.Form):
    """プロフィール確認 §6(3)ウ — what a person saw, with a capture."""

    result = forms.ChoiceField(label="結果", widget=forms.RadioSelect,
                               choices=[c for c in ProfileCheck.Result.choices if c[0] != "unreadable"])
    found = TextField(label="プロフィール欄に書かれていたこと", limit=2000, required=False,
                      widget=forms.Textarea(attrs={"rows": 4}))
    evidence = EvidenceField(label="プロフィール欄の画面の写し", help_text="画像又はPDF。")


class ReasonForm(forms.Form):
    """理由"""

    reason = TextField(label="理由", limit=300, widget=forms.Textarea(attrs={"rows": 3}))


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


# ── 指定 §8(1) ─────────────────────────────────────────────────────

class NamingForm(PeriodForm):
    """担当者・責任者の指定"""

    role = forms.ChoiceField(label="役割", widget=forms.RadioSelect,
                             choices=[("author", "情報発信担当者（起案する）"), ("approver", "情報発信責任者（承認する）")])
    person = forms.ModelChoiceField(Person.objects.none(), label="職員", empty_label="選んでください")
    field_order = ("role", "person", "start", "end")

    def __init__(self, *args: Any, account: Account, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = members_of(account.division_id).exclude(pk=by.pk)  # type: ignore[attr-defined]


# ── 停止 ────────────────────────────────────────────────────────────

class StopForm(forms.Form):
    """停止 — the first touch: what, and why."""

    service = forms.ChoiceField(label="止めるもの", choices=[], required=False)
    reason = TextField(label="理由", limit=300, widget=forms.Textarea(attrs={"rows": 3}),
                       help_text="職員に見えます。例：アカウントの乗っ取りの疑いがあるため")

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "すべてのサービス"), *service_choices()]  # type: ignore[attr-defined]
        if account:
            del self.fields["service"]


class HoldFilter(forms.Form):
    """停止の一覧の絞り込み"""

    open = forms.ChoiceField(label="状態", required=False, choices=[("", "停止中"), ("all", "すべて")])
    kind = forms.ChoiceField(label="種類", required=False, choices=[("", "すべて"), *Hold.Kind.choices])


# ── 接続 ────────────────────────────────────────────────────────────

class ServerForm(forms.Form):
    """接続先 — the server of the account."""

    server = LineField(label="サーバー", limit=200,
                       help_text="アカウントのURLの、https:// の次から / の前まで。例：social.example")


class TokenForm(ServerForm):
    """アクセストークン — made by a person at the service, pasted here, never shown again."""

    token = forms.CharField(label="アクセストークン", max_length=500, strip=True,
                            widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
                            error_messages={"required": "アクセストークンを入れてください。"},
                            help_text="封印して保存し、二度と表示しません。")


# ── 一覧 ────────────────────────────────────────────────────────────

class AccountFilter(forms.Form):
    """アカウントの一覧の絞り込み"""

    STATES = (("", "すべて"), ("opening", "開設の手続中"), ("listed", "掲載済み・確認中"), ("official", "公式"),
              ("ended", "取下げ・不可"), ("held", "停止中"))
    state = forms.ChoiceField(label="状態", required=False, choices=STATES)
    service = forms.ChoiceField(label="サービス", required=False, choices=[])
    division = forms.ModelChoiceField(Division.objects.all(), label="所属", required=False, empty_label="すべて")
    q = LineField(label="アカウント名", limit=60, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "すべて"), *service_choices()]  # type: ignore[attr-defined]
