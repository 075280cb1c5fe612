"""One image or film in the form: its alt text, whose it is, who is to be seen (§4(2))."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django import forms
from django.core.signing import BadSignature
from django.core.validators import MaxLengthValidator
from django.urls import reverse

from koshiki.forms import LineField, TextField
from koshiki.look import Picture
from koshiki.organization.models import Division, Person
from koshiki.posts.forms.uploads import kept_from
from koshiki.posts.media import Statement, register
from koshiki.posts.models import Medium
from koshiki.store import Kept


class ImageForm(forms.Form):
    """画像又は動画 — the bytes are in the store already; `held` is the signed note of them."""

    STATEMENT: ClassVar[tuple[str, ...]] = (
        "rights", "rights_evidence", "people", "consent_who", "consent_purpose", "consent_until")

    held = forms.CharField(widget=forms.HiddenInput)
    alt = TextField(label="代替テキスト", limit=1500, validators=[MaxLengthValidator(1500, "代替テキストが長すぎます。")],
                    widget=forms.Textarea(attrs={"rows": 2}),
                    help_text="画像を見られない人に読み上げられる説明です。必ず書いてください。",
                    error_messages={"required": "代替テキストを書いてください（§4(2)）。"})
    rights = forms.ChoiceField(label="だれの画像ですか", choices=Medium.Rights.choices, widget=forms.RadioSelect,
                               error_messages={"required": "だれの画像かを選んでください（§4(2)）。"})
    rights_evidence = LineField(label="利用できる根拠", required=False, limit=300,
                                validators=[MaxLengthValidator(300)],
                                help_text="職員が作成したもののほかは必要です。許諾の条件、許可した人と日付など。")
    people = forms.ChoiceField(label="だれかと分かる人が写っていますか", choices=Medium.People.choices,
                               widget=forms.RadioSelect,
                               error_messages={"required": "写っている人について選んでください（§4(2)）。"})
    consent_who = LineField(label="同意した人", required=False, limit=200, validators=[MaxLengthValidator(200)])
    consent_purpose = LineField(label="同意の目的", required=False, limit=200, validators=[MaxLengthValidator(200)])
    consent_until = forms.DateField(label="同意の期限", required=False, help_text="期限がなければ空のままにします。",
                                    widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                                    error_messages={"invalid": "日付を選んでください。"})
    remove = forms.BooleanField(label="この画像を外す", required=False)

    def __init__(self, data: Any = None, *, number: int, person: Person, fresh: bool = False, **kwargs: Any) -> None:
        super().__init__(data, prefix=f"image-{number}", **kwargs)
        self.number, self.person, self.fresh = number, person, fresh  # fresh: uploaded with this very request
        if self.kept and self.kept.is_film:
            self._ask_about_a_film()

    def _ask_about_a_film(self) -> None:
        """The same is asked; only what it is asked about has another name."""
        for field in self.fields.values():
            field.label, field.help_text = (str(words or "").replace("画像", "動画") for words in (field.label, field.help_text))
            field.error_messages = {kind: str(words).replace("画像", "動画") for kind, words in field.error_messages.items()}

    @property
    def note(self) -> str:
        """The note, when it is one of this person's."""
        held = self.typed("held")
        try:
            kept_from(held, self.person)
        except (BadSignature, TypeError, ValueError):
            return ""
        return held

    @property
    def kept(self) -> Kept | None:
        return kept_from(self.note, self.person)[0] if self.note else None

    @property
    def name(self) -> str:
        return kept_from(self.note, self.person)[1] if self.note else ""

    def picture(self) -> Picture:
        """As it is shown in the form and its previews. Only with a `note`."""
        shown, film = reverse("post_upload", args=[self.note]), bool(self.kept and self.kept.is_film)
        return Picture(shown, self.typed("alt"), film=film, poster=f"{shown}?poster" if film else "")

    @property
    def removed(self) -> bool:
        return self.typed("remove") in {"on", "True", "true", "1"}

    def typed(self, name: str) -> str:
        return str(self[name].value() or "")

    def clean(self) -> dict[str, Any]:
        """The statement must be whole (§4(2)); the messages are those of the act."""
        values = super().clean() or {}
        if not self.note:
            raise forms.ValidationError("画像や動画をもう一度選んでください。")
        for name, message in self._statement().lacks().items():
            if name not in self.errors:
                self.add_error(name, f"{message}（§4(2)）")
        return values

    def _statement(self) -> Statement:
        texts = {name: self.cleaned_data.get(name) or "" for name in self.STATEMENT if name != "consent_until"}
        return Statement(**texts, consent_until=self.cleaned_data.get("consent_until"))

    def medium(self, division: Division, *, register: bool) -> Medium:
        """The material: the one it was, when nothing was changed about it; else a new one."""
        kept, name = kept_from(self.note, self.person)
        statement = self._statement()
        return _registered(kept, name, statement, division, self.person) if register else Medium(
            division=division, uploaded_by=self.person, name=name, **asdict(kept), **asdict(statement))


def _registered(kept: Kept, name: str, statement: Statement, division: Division, person: Person) -> Medium:
    same = Medium.objects.filter(division=division, name=name, **asdict(kept), **asdict(statement)).first()
    return same or register(kept, name, statement, division=division, by=person)
