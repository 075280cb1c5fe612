"""The shape of what IT and heads type about people and divisions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from koshiki import clock
from koshiki.forms import LineField
from koshiki.guideline import guideline
from koshiki.organization.models import Division, Person, RoleGrant
from koshiki.organization.roles import members_of
from koshiki.organization.sign_in import staff_number


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class PeriodForm(forms.Form):
    """From a day to a day, inclusive; the end may stay open."""

    start = forms.DateField(label="開始日", widget=DayInput)
    end = forms.DateField(label="終了日", widget=DayInput, required=False, help_text="空のときは、当分の間とします。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"].initial = clock.today()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if start and end and end < start:
            self.add_error("end", "終了日は、開始日より後の日にしてください。")
        return data


class PersonForm(forms.Form):
    """職員 — what may be corrected later."""

    name = LineField(label="氏名", limit=60)
    kana = LineField(label="氏名（かな）", limit=80, required=False)
    email = forms.EmailField(label="メール", required=False, max_length=254,
                             help_text="順番が回ってきたことを、このアドレスに知らせます。")
    extension = LineField(label="内線", limit=20, required=False,
                          help_text="手続が止まったとき、問い合わせ先としてほかの職員に示します。")


class NewPersonForm(PersonForm):
    """職員の登録 — with the 職員番号, which never changes."""

    number = LineField(label="職員番号", limit=20, help_text="一人に一つです。登録した後は変えられません（K-person）。")
    field_order = ("number", "name", "kana", "email", "extension")

    def clean_number(self) -> str:
        number = staff_number(self.cleaned_data["number"])
        if known := Person.objects.filter(staff_number=number).first():
            raise forms.ValidationError(
                f"職員番号 {number} は、すでに登録されています（{known.name}さん）。"
                "一人の職員が使えるログインは一つです（K-person）。"
            )
        return number


class PostingForm(PeriodForm):
    """配属 — a division and a position."""

    division = forms.ModelChoiceField(Division.objects.none(), label="所属", empty_label="選んでください")
    position = forms.ChoiceField(label="職")
    field_order = ("division", "position", "start", "end")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].queryset = Division.objects.filter(end__isnull=True)  # type: ignore[attr-defined]
        positions = sorted(guideline().positions.values(), key=lambda p: p.rank)
        self.fields["position"].choices = [("", "選んでください"), *((p.name, p.name) for p in positions)]  # type: ignore[attr-defined]


class RoleForm(PeriodForm):
    """役割の付与 — auditor or IT."""

    role = forms.ChoiceField(label="役割", choices=RoleGrant.Role.choices)
    field_order = ("role", "start", "end")


class EndForm(forms.Form):
    """終わりの日 — the last day on which something holds."""

    end = forms.DateField(label="最終日", widget=DayInput)

    def __init__(self, *args: Any, start: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start = start
        self.fields["end"].initial = max(filter(None, (clock.today(), start)))

    def clean_end(self) -> date:
        end: date = self.cleaned_data["end"]
        if self.start and end < self.start:
            raise forms.ValidationError("最終日は、開始日より後の日にしてください。")
        return end


class ReasonForm(forms.Form):
    """理由"""

    reason = LineField(label="理由", limit=100)


class DivisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """所属"""

    code = LineField(label="所属コード", limit=20)
    name = LineField(label="所属名", limit=60)
    name_en = LineField(label="英語名", limit=100, required=False, help_text="公開ページの英語版に使います。")
    telephone = LineField(label="電話番号", limit=30, help_text="公開ページに、問合せ先として載ります。")

    class Meta:
        model = Division
        fields = ("code", "name", "name_en", "telephone", "service", "end")
        widgets = {"end": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "なし"), *Division.Service.choices]  # type: ignore[attr-defined]
        self.fields["end"].help_text = "組織改正で廃止する日。廃止した所属には配属できません。"

    def clean_service(self) -> str:
        service: str = self.cleaned_data["service"]
        holder = Division.objects.filter(service=service).exclude(pk=self.instance.pk).first() if service else None
        if holder:
            raise forms.ValidationError(f"この役割は、いま{holder}が受けています。先に{holder}の役割を「なし」にしてください。")
        return service


class DeputyForm(PeriodForm):
    """代決者 — one of the division's people, in order."""

    person = forms.ModelChoiceField(Person.objects.none(), label="代決者", empty_label="選んでください")
    order = forms.IntegerField(label="順位", min_value=1, max_value=9, initial=1)
    field_order = ("person", "order", "start", "end")

    def __init__(self, *args: Any, division: Division, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.division = division
        self.fields["person"].queryset = members_of(division).exclude(pk=by.pk)  # type: ignore[attr-defined]

    def clean_person(self) -> Person:
        person: Person = self.cleaned_data["person"]
        if self.division.deputies.current().filter(person=person).exists():
            raise forms.ValidationError("この職員は、すでに代決者です。")
        return person


class AbsenceForm(PeriodForm):
    """不在"""

    reason = LineField(label="事由", limit=100, help_text="例：出張、休暇。病名などは書かないでください。")
    field_order = ("start", "end", "reason")


class PeopleFilter(forms.Form):
    """職員の一覧の絞り込み"""

    q = LineField(label="氏名・かな・職員番号", limit=60, required=False)
    division = forms.ModelChoiceField(Division.objects.all(), label="所属", required=False, empty_label="すべて")
    active = forms.ChoiceField(label="ログイン", required=False,
                               choices=[("", "有効"), ("no", "停止中"), ("all", "すべて")])
