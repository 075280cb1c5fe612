"""What of the posts is asked for: the form that all these pages share, kept in the address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.utils import timezone

from koshiki import clock
from koshiki.forms import DayField, LineField
from koshiki.networks import service_choices
from koshiki.organization.models import Division, Person
from koshiki.posts.models import Post, Slot
from koshiki.posts.stages import STAGES
from koshiki.register.models import Account
from koshiki.register.roles import assigned

WHOSE = (("", "すべて"), ("mine", "自分が起案した投稿"), ("accounts", "自分が担当するアカウント"))
_ALL = ("", "すべて")
OF_POSTS = ("division", "stage", "whose", "words")  # what is asked of the posts themselves


class Choice(forms.Form):
    """絞込み — by division, account, service, state, whose, words and days; `on` is the day that a calendar shows."""

    division = forms.ModelChoiceField(Division.objects.none(), label="所属", required=False, empty_label="すべて")
    name = LineField(label="アカウント名", limit=100, required=False)
    service = forms.ChoiceField(label="サービス", required=False, choices=lambda: [_ALL, *service_choices()])
    stage = forms.ChoiceField(label="状態", required=False,
                              choices=[_ALL, *((stage.key, stage.label) for stage in STAGES.values())])
    whose = forms.ChoiceField(label="担当", required=False, choices=WHOSE)
    words = LineField(label="件名・文", limit=100, required=False)
    since = DayField(label="いつから", required=False)
    until = DayField(label="いつまで", required=False)
    account = forms.ModelChoiceField(Account.objects.none(), label="アカウント", required=False, widget=forms.HiddenInput)
    undated = forms.BooleanField(label="発信日時のない投稿", required=False, widget=forms.HiddenInput)
    on = DayField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, person: Person, hides: tuple[str, ...] = ()) -> None:
        """`hides`: what this page chooses by other means; it stays in the address. Raises Http404 where the
        account is none that the person may see."""
        super().__init__(data, auto_id="filter_%s")
        self.person = person
        self._offer("division", Division.objects.filter(accounts__isnull=False).distinct())
        self._offer("account", Account.objects.visible_to(person))
        for name in hides:
            self.fields[name].widget = forms.HiddenInput()
        self.is_valid()
        if "account" in self.errors:
            raise Http404

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", "「いつまで」は、「いつから」より後の日にしてください。")
        return data

    def chosen(self, name: str) -> Any:
        return self.cleaned_data.get(name) or None

    @property
    def day(self) -> date:
        """The day whose month or week is shown: the one in the address, else where the days begin, else today."""
        found: date = self.chosen("on") or self.chosen("since") or clock.today()
        return found

    # ── what it leaves ─────────────────────────────────────────────

    def posts(self) -> QuerySet[Post]:
        """The posts this person may see that match, by what is asked of posts themselves."""
        return self._at_stage(self._asked_for(Post.objects.visible_to(self.person)))

    def _at_stage(self, found: QuerySet[Post]) -> QuerySet[Post]:
        stage = STAGES.get(self.chosen("stage") or "")
        return found.filter(stage.condition) if stage else found

    def _asked_for(self, found: QuerySet[Post]) -> QuerySet[Post]:
        if division := self.chosen("division"):
            found = found.filter(division=division)
        if self.chosen("whose") == "mine":
            found = found.filter(created_by=self.person)
        if words := self.chosen("words"):
            found = found.filter(Q(title__icontains=words) | Q(pk__in=_saying(words)))
        return found

    def slots(self) -> QuerySet[Slot]:
        """The posts on accounts that match, on whatever day."""
        seen = Slot.objects.visible_to(self.person)
        if any(self.chosen(name) for name in OF_POSTS):
            seen = seen.filter(post__in=self._at_stage(self._asked_for(Post.objects.all())))
        return self._on_accounts(seen)

    def calendar(self) -> QuerySet[Slot]:
        """The same without what was taken back, unless that is asked for."""
        taken_back = Q(state=Post.State.WITHDRAWN)
        return self.slots() if self.chosen("stage") == "withdrawn" else self.slots().exclude(taken_back)

    def listed(self) -> QuerySet[Post]:
        """The posts that match, and are on an account and a day that match."""
        return self._placed(self.posts())

    def of_all_stages(self) -> QuerySet[Post]:
        """The same, whatever state is asked for."""
        return self._placed(self._asked_for(Post.objects.visible_to(self.person)))

    def _placed(self, posts: QuerySet[Post]) -> QuerySet[Post]:
        if not self._asks_of_accounts():
            return posts
        return posts.filter(pk__in=self._in_days(self._on_accounts(Slot.objects.all())).values("post"))

    def dated(self) -> QuerySet[Slot]:
        """The posts on accounts that match, on the days asked for."""
        return self._in_days(self.slots())

    def by_time(self) -> bool:
        """Is it asked for days? Then their order is that of time."""
        return bool(self.chosen("since") or self.chosen("until"))

    def _asks_of_accounts(self) -> bool:
        return bool(self.chosen("account") or self.chosen("name") or self.chosen("service") or self.chosen("undated")
                    or self.chosen("whose") == "accounts" or self.by_time())

    def _on_accounts(self, slots: QuerySet[Slot]) -> QuerySet[Slot]:
        if account := self.chosen("account"):
            slots = slots.filter(account=account)
        if name := self.chosen("name"):
            slots = slots.filter(Q(account__name__icontains=name) | Q(account__handle__icontains=name))
        if service := self.chosen("service"):
            slots = slots.filter(account__service=service)
        if self.chosen("whose") == "accounts":
            slots = slots.filter(account__in={account for account, _role in assigned(self.person)})
        return slots.filter(at__isnull=True) if self.chosen("undated") else slots

    def _in_days(self, slots: QuerySet[Slot]) -> QuerySet[Slot]:
        if since := self.chosen("since"):
            slots = slots.filter(at__gte=midnight(since))
        if until := self.chosen("until"):
            slots = slots.filter(at__lt=midnight(until + timedelta(days=1)))
        return slots

    # ── as it is shown ─────────────────────────────────────────────

    def said(self) -> Iterator[tuple[str, str]]:
        """Each condition in words, with the query of the same page without it."""
        for name, field in self.fields.items():
            if name != "on" and (value := self.chosen(name)):
                yield f"{field.label}：{_in_words(name, value)}", self.query(**{name: None})

    def query(self, **changed: object) -> str:
        """The conditions as they stand in an address, some of them changed (None: without)."""
        kept = {name: self.data[name] for name in self.fields if self.data.get(name) and name not in self.errors}
        query = QueryDict(mutable=True)
        query.update({k: str(v) for k, v in {**kept, **changed}.items() if v is not None})
        return query.urlencode()


def midnight(day: date) -> datetime:
    """When the day begins in the city."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _saying(words: str) -> QuerySet[Slot, Any]:
    """The posts whose text holds the words: in a value of its canonical JSON, not in the name of a field."""
    written = json.dumps(words, ensure_ascii=False)[1:-1]
    in_value = rf':"(?:[^"\\]|\\.)*{re.escape(written)}'
    return Slot.objects.filter(content__contains=written).filter(content__regex=in_value).values("post")


_NAMES = {"service": dict(service_choices()), "whose": dict(WHOSE), "stage": {key: s.label for key, s in STAGES.items()},
          "undated": {"True": "だけ"}}


def _in_words(name: str, value: object) -> str:
    return f"{value.month}月{value.day}日" if isinstance(value, date) else _NAMES.get(name, {}).get(str(value), str(value))
