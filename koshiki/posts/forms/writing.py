"""The one form in which an author writes: the post, each target's content, images and films, links to others' pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from koshiki.films import ACCEPT as FILMS
from koshiki.forms import LineField, MomentField, TextField
from koshiki.guideline import guideline
from koshiki.images import ACCEPT as IMAGES
from koshiki.look import Preview
from koshiki.networks.base import Field
from koshiki.organization.models import Person
from koshiki.posts.checks import Found
from koshiki.posts.content import (
    Attached,
    Correcting,
    Draft,
    by_hand,
    outside_addresses,
    publishes,
    service_of,
)
from koshiki.posts.corrections.ways import ways_of
from koshiki.posts.findings import day_of, look, of_media, passages
from koshiki.posts.forms.asking import Unjudged, answer_rows, link_rows
from koshiki.posts.forms.images import ImageForm
from koshiki.posts.forms.uploads import held_by, take_in
from koshiki.posts.models import Revision, Way
from koshiki.posts.readiness import Lack, lacking
from koshiki.posts.showing import limited, preview_of
from koshiki.register.models import Account
from koshiki.register.roles import AUTHOR, accounts_of
from koshiki.store import BadMedium
from koshiki.text import BadText, clean

MOST_IMAGES = 12
EXPIRIES = ((10, "10分"), (30, "30分"), (60, "1時間"), (180, "3時間"), (360, "6時間"), (720, "12時間"), (1440, "24時間"))


class SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class PostForm(forms.Form):
    """投稿 — what belongs to the post as a whole."""

    title = LineField(label="件名", limit=100, validators=[MaxLengthValidator(100, "件名が長すぎます。")],
                      help_text="庁内での呼び名です。発信されません。")
    basis = LineField(label="根拠", limit=300, required=False, validators=[MaxLengthValidator(300, "根拠が長すぎます。")],
                      help_text="提出までに必ず書きます。内容が正しいと言える元（要綱、通知、決裁番号、担当への確認など）。")
    targets = forms.ModelMultipleChoiceField(
        Account.objects.none(), label="発信先", widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "発信先を選んでください。"})
    text = TextField(label="本文（すべての発信先に共通）", limit=10_000, required=False,
                     widget=forms.Textarea(attrs={"rows": 7}),
                     help_text="提出までに必ず書きます。発信先ごとに変えるときは、下の発信先の欄に書きます。")
    images = forms.Field(label="画像・動画を加える", required=False,
                         widget=SeveralFiles(attrs={"accept": f"{IMAGES},{FILMS}"}),
                         help_text="JPEG・PNG・WebP・GIFの静止画、1枚20MBまで。MP4・MOVの動画（H.264とAAC）、"
                                   f"1本{settings.KOSHIKI_FILM_MB:,}MBまで。撮影場所や機種などの情報は取り除いて保存します。")
    due_at = MomentField(
        label="発信日時", required=False, help_text="空のままなら、承認されたらすぐに発信します。",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "日時を「2026-11-22T14:05」のように入力してください。"})
    expires_after = forms.TypedChoiceField(
        label="配信期限", choices=EXPIRIES, coerce=int, empty_value="",
        help_text="発信日時からこの時間を過ぎたら、発信しません。")
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)
    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    image_count = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=MOST_IMAGES)
    link_count = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=100)


class TargetForm(forms.Form):
    """発信先の内容 — the fields that the account's service declares; its text may be the shared one."""

    def __init__(self, data: Any = None, *, account: Account, ways: Sequence[Way] = (), **kwargs: Any) -> None:
        """`ways`: of a correction, those by which it can be made here (§8(3))."""
        super().__init__(data, prefix=f"target-{account.pk}", **kwargs)
        self.account, self.service, self.by_hand = account, service_of(account), by_hand(account)
        self.declared = [declared.key for declared in self.service.fields]
        if ways:
            self.fields["way"] = forms.ChoiceField(label="訂正の方法", choices=[(way.value, way.label) for way in ways])
        for declared in self.service.fields:
            self.fields[declared.key] = _form_field(declared)

    def content(self, shared: str, raw: bool = False) -> dict[str, str]:
        """The content for this target; an empty text is the shared one. Nothing where something is only taken down."""
        if self.way == Way.TAKE_DOWN:
            return dict.fromkeys(self.declared, "")
        values = {key: self.typed(key) if raw else self.cleaned_data.get(key, "") for key in self.declared}
        if "text" in values and not values["text"].strip():
            values["text"] = shared
        return values

    @property
    def way(self) -> str:
        return self.typed("way") if "way" in self.fields else ""

    def typed(self, key: str) -> str:
        return str(self[key].value() or "")


def _form_field(declared: Field) -> forms.Field:
    if declared.key == "text":
        return TextField(label=f"{declared.label}（この発信先だけ）", required=False, limit=10_000,
                         help_text="空なら共通の文になります。", widget=forms.Textarea(attrs={"rows": 4}))
    if declared.kind == "choice":
        return forms.ChoiceField(label=declared.label, choices=declared.choices, required=False,
                                 help_text=declared.help)
    field = TextField if declared.kind == "text" else LineField
    return field(label=declared.label, required=False, limit=5000, help_text=declared.help)


class Writing:
    """The whole form. `judged`: errors are shown; else what was typed is shown again without judgement."""

    def __init__(self, person: Person, *, data: QueryDict | None = None, judged: bool = True,
                 files: MultiValueDict[str, Any] | None = None, initial: Mapping[str, Any] | None = None,
                 correcting: Correcting | None = None) -> None:
        self.person, self.data, self.judged, self.correcting = person, data, judged, correcting
        self.initial = dict(initial or {})
        self.uploads_refused: list[str] = []
        self.choices = writable_accounts(person)
        ways = ways_of(correcting.wrong, self.choices) if correcting else {}
        if correcting:
            self.choices = [account for account in self.choices if account in ways]
        self.post = self._made(PostForm)
        self._offer()
        self.targets = [self._made(TargetForm, account=a, ways=ways.get(a, ())) for a in self.choices]
        self.images = [self._made(ImageForm, number=n, person=person) for n in range(self._count("image_count"))]
        if files:
            self._take_in(files.getlist("images"))
        asked = None if data is None else data if judged else Unjudged(data)
        self.links = link_rows(outside_addresses(self.typed_contents().values()), self.initial.get("reasons", {}), asked)
        self.found = self._found()
        self.answers = answer_rows(self.found, self.initial.get("answers", {}), asked)

    # ------------------------------------------------------------ making

    @classmethod
    def of(cls, person: Person, draft: Draft, revision: Revision | None = None) -> Writing:
        """The form with what a draft holds; `revision`: what it goes on from."""
        return cls(person, initial=_initial(person, draft, revision), judged=False, correcting=draft.correcting)

    @classmethod
    def new(cls, person: Person, account: str = "") -> Writing:
        """An empty form; the one account that a person writes for, or the one asked for, is chosen."""
        mine = [a.pk for a in writable_accounts(person)]
        chosen = mine if len(mine) == 1 else [pk for pk in mine if str(pk) == account]
        return cls(person, judged=False, initial={
            "targets": chosen, "once": uuid.uuid4(),
            "expires_after": guideline().deadlines["delivery_expires_minutes"]})

    def _made(self, form: Any, **kwargs: Any) -> Any:
        """The form bound to what was sent when it is to be judged, else with the same values as its start."""
        if self.data is None:
            start = self.initial if form is PostForm else self.initial.get(form.__name__, {}).get(_key(kwargs), {})
            return form(initial=start, **kwargs)
        bound = form(self.data, **kwargs)
        if self.judged:
            return bound
        values = {n: f.widget.value_from_datadict(self.data, MultiValueDict(), bound.add_prefix(n))
                  for n, f in bound.fields.items()}
        return form(initial=values, **kwargs)

    def _offer(self) -> None:
        field = self.post.fields["targets"]
        field.queryset = Account.objects.filter(pk__in=[a.pk for a in self.choices])
        field.choices = [(a.pk, f"{a.name}（{a.get_service_display()}）") for a in self.choices]

    def _count(self, name: str) -> int:
        given = self.data.get(name, "0") if self.data is not None else self.initial.get(name, 0)
        return min(int(given), MOST_IMAGES) if str(given).isascii() and str(given).isdigit() else 0

    def _take_in(self, files: Sequence[Any]) -> None:
        """Each uploaded image or film becomes a row of its own; what is refused is said at the field."""
        taken = files[: MOST_IMAGES - len(self.images)]
        for file in taken:
            try:
                held = take_in(file, self.person)
            except BadMedium as bad:
                self._complain("images", f"{file.name}：{bad.message}")
                continue
            number = len(self.images)
            given = {"data": {f"image-{number}-held": held}} if self.judged else {"initial": {"held": held}}
            self.images.append(ImageForm(**given, number=number, person=self.person, fresh=True))
        if len(self.images) + len(files) - len(taken) > MOST_IMAGES:
            self._complain("images", f"画像と動画は、合わせて{MOST_IMAGES}までです。")

    def _complain(self, field: str, message: str) -> None:
        if not self.post.is_bound:
            self.uploads_refused.append(message)
        else:
            self.post.add_error(field, message)

    def _found(self) -> list[Found]:
        """What the checks see in what stands in the form, judged or not."""
        media = [(_presentable({"alt": _typed(image, "alt")})["alt"], image.name) for image in self.kept_images() if image.note]
        return look([*passages(self.typed_contents()), *of_media(media)], day_of(self._typed_time()))

    def _typed_time(self) -> datetime | None:
        """When it is to go out, as far as it can be read."""
        field = self.post.fields["due_at"]
        try:
            time: datetime | None = field.clean(self.post["due_at"].value())
        except ValidationError:
            return None
        return time

    # ------------------------------------------------------------ showing

    @property
    def advice(self) -> list[Found]:
        """What would make it easier to read; nobody must answer it."""
        return [one for one in self.found if not one.asks]

    @property
    def chosen(self) -> list[int]:
        """The targets as ticked, by id."""
        return [int(pk) for pk in (self.post["targets"].value() or []) if str(pk).isascii() and str(pk).isdigit()]

    def chosen_targets(self) -> list[TargetForm]:
        return [form for form in self.targets if form.account.pk in self.chosen]

    def other_targets(self) -> list[TargetForm]:
        """Not ticked, yet something was typed for them: it stays in the form."""
        return [f for f in self.targets if f.account.pk not in self.chosen and any(f.typed(k) for k in f.declared)]

    def typed_contents(self) -> dict[Account, dict[str, str]]:
        """What stands in the form, judged or not."""
        shared = str(self.post["text"].value() or "")
        return {form.account: _presentable(form.content(shared, raw=True)) for form in self.chosen_targets()}

    def live(self) -> list[tuple[Account, Preview, list[tuple[str, int, int]]]]:
        """For each target how it would look, and how long its texts are as the service counts."""
        pictures = [image.picture() for image in self.images if image.note and not image.removed]
        return [(account, preview_of(account, content, pictures), limited(service_of(account), content))
                for account, content in self.typed_contents().items()]

    def kept_images(self) -> list[ImageForm]:
        return [image for image in self.images if not image.removed]

    # ------------------------------------------------------------ judging

    def is_valid(self, *, complete: bool) -> bool:
        """Is everything well-formed; with `complete`, may it be submitted? Errors stand at their fields."""
        forms_ = [self.post, *self.chosen_targets(), *self.kept_images(), *self._asking()]
        sound = not [form for form in forms_ if not form.is_valid()]
        if complete and not self.post.errors.get("targets"):
            for lack in lacking(self._draft(registered=False)):
                self._place(lack)
                sound = False
        return sound

    def draft(self) -> Draft:
        """What was written, its images registered with their statements (§4(2)). After `is_valid`."""
        return self._draft(registered=True)

    def _draft(self, *, registered: bool) -> Draft:
        values = self.post.cleaned_data
        shared = values.get("text", "")
        division = self.chosen_targets()[0].account.division
        return Draft(
            title=values.get("title", ""), basis=values.get("basis", ""),
            contents={f.account: f.content(shared) for f in self.chosen_targets()},
            media=[Attached(i.medium(division, register=registered), i.cleaned_data.get("alt", ""))
                   for i in self.kept_images() if i.kept and not i.errors],
            due_at=values.get("due_at"), expires_after=values.get("expires_after") or 30,
            reasons={link.url: form.cleaned_data.get("reason", "") for link, form in self.links},
            answers={one.key: form.cleaned_data.get("reason", "") for one, form in self.answers},
            correcting=Correcting(self.correcting.wrong, {f.account: f.way for f in self.chosen_targets()})
            if self.correcting else None,
        )

    def _place(self, lack: Lack) -> None:
        """Set the message at the field where it can be mended."""
        message = f"{lack.message}（{lack.clause}）"
        named = f"{lack.account.name}：{message}" if lack.account else message
        if lack.field in {"links", "findings"}:
            self._place_at_reason(lack, message)
        elif lack.account and lack.field not in {"targets", "media"}:
            self._place_at_target(lack, named)
        else:
            self.post.add_error("images" if lack.field == "media" else lack.field, named)

    def _place_at_reason(self, lack: Lack, message: str) -> None:
        """At the row of this finding, of links at the first that has no reason yet; at the text where no row is left."""
        answers: list[forms.Form] = [form for one, form in self.answers if one.key == lack.finding]
        rows = answers if lack.finding else [form for _, form in self.links]
        open_ = [form for form in rows if not form.errors and not form.cleaned_data.get("reason")]
        if open_:
            open_[0].add_error("reason", message)
        elif not rows:
            self.post.add_error("text", message)
        elif not any(form.errors for form in rows):  # a reason alone does not mend it
            rows[0].add_error("reason", message)

    def _asking(self) -> list[forms.Form]:
        """The rows that ask for reasons: of links and of findings."""
        return [*(form for _, form in self.links), *(form for _, form in self.answers)]

    def _place_at_target(self, lack: Lack, message: str) -> None:
        target = next(f for f in self.targets if f.account == lack.account)
        shared = lack.field == "text" and not target.typed("text").strip()
        form = self.post if shared else target
        if lack.field in form.cleaned_data:  # else it has its own message already
            form.add_error(lack.field, message)

    def errors(self) -> Iterator[tuple[str, str]]:
        """Every message with the id of its field, for the summary at the top."""
        shown = [self.post, *self.chosen_targets(), *self.kept_images(), *self._asking()]
        for form in shown if self.judged else []:
            for name in form.errors:
                for message in form.errors[name]:
                    named = f"{form[name].label}: {message}" if name in form.fields else message
                    yield (_place_of(form, name), named)


def writable_accounts(person: Person) -> list[Account]:
    """The official accounts that the person writes for and koshiki publishes to."""
    rows = (Account.objects.filter(pk__in=accounts_of(person, AUTHOR), state=Account.State.OFFICIAL)
            .select_related("division").prefetch_related("connections"))
    return [account for account in rows if publishes(account)]


def _place_of(form: forms.BaseForm, name: str) -> str:
    """The id to which a message leads: its field, a group's first choice, else the form's first field."""
    field = form[name] if name in form.fields else form.visible_fields()[0]
    return field.id_for_label or f"{field.auto_id}_0"


def _key(kwargs: Mapping[str, Any]) -> Any:
    account = kwargs.get("account")
    return account.pk if account else kwargs.get("number")


def _typed(form: ImageForm, name: str) -> str:
    return str(form[name].value() or "")


def _presentable(content: dict[str, str]) -> dict[str, str]:
    """For counting and preview of what is being typed: what can't be cleaned is shown by its error instead."""
    shown = {}
    for key, value in content.items():
        try:
            shown[key] = clean(value)
        except BadText:
            shown[key] = "".join(c if c.isprintable() or c == "\n" else "�" for c in value)
    return shown


def _initial(person: Person, draft: Draft, revision: Revision | None) -> dict[str, Any]:
    texts = [content.get("text", "") for content in draft.contents.values()]
    shared = texts[0] if texts else ""
    targets = {
        account.pk: {"way": draft.way(account)} | {k: "" if k == "text" and v == shared else v for k, v in content.items()}
        for account, content in draft.contents.items()
    }
    images = {
        n: {"held": held_by(m.medium.kept, m.medium.name, person), "alt": m.alt,
            **{f: getattr(m.medium, f) for f in ImageForm.STATEMENT}}
        for n, m in enumerate(draft.media)
    }
    return {
        "title": draft.title, "basis": draft.basis, "targets": [a.pk for a in draft.contents], "text": shared,
        "due_at": timezone.localtime(draft.due_at) if draft.due_at else None, "expires_after": draft.expires_after,
        "once": uuid.uuid4(), "based_on": revision.number if revision else None, "image_count": len(images),
        "TargetForm": targets, "ImageForm": images, "reasons": draft.reasons, "answers": draft.answers,
    }
