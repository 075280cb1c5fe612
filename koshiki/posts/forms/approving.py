"""What an approver ticks and writes. Ticking is asked for by the act, not here: its refusal names the clause."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import prefetch_related_objects

from koshiki.forms import TextField
from koshiki.guideline import guideline
from koshiki.posts.content import service_of, targets_in
from koshiki.posts.models import Finding, Revision, findings_of
from koshiki.posts.roles import target_accounts


class ApproveForm(forms.Form):
    """承認 — §5's nine, each outside link with the author's reason (§8(4)), each finding with its
    answer, permanence (§4(7))."""

    prohibited = forms.MultipleChoiceField(label="どれにも当たらないことを、一つずつ確かめます", required=False,
                                           widget=forms.CheckboxSelectMultiple)
    links = forms.MultipleChoiceField(label="リンク先を開いて、信頼できることを一つずつ確かめます", required=False,
                                      widget=forms.CheckboxSelectMultiple)
    findings = forms.MultipleChoiceField(label="指摘と担当者の答えを読んだことを、一つずつ確かめます", required=False,
                                         widget=forms.CheckboxSelectMultiple)
    permanence = forms.BooleanField(label=guideline().fixed["permanence"], required=False)

    def __init__(self, *, revision: Revision, ticked: Any = None) -> None:
        super().__init__(ticked)
        self.revision = revision
        self._choices("prohibited", [(c.id, f"{c.cite}　{c.text}") for c in guideline().under("§5")])
        self._choices("findings", [(row.key, _finding(row)) for row in findings_of(revision)])
        self._choices("links", [(link.url, f"{link.url}（{link.host}）　理由：{link.reason}")
                                for link in revision.outside_links.all()])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
        field.choices = choices


def _finding(row: Finding) -> str:
    said = f"：{row.said}" if row.said else ""
    return f"{guideline().clauses[row.clause].cite}　{row.name}「{row.quote[:60]}」　{row.get_answer_display()}{said}"


class ReturnForm(forms.Form):
    """差戻し・文案の提案 — a comment, and where useful the wording for each target."""

    comment = TextField(label="意見・理由", limit=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
                        help_text="差し戻すときは必ず書いてください。")

    def __init__(self, *args: Any, revision: Revision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words: list[tuple[str, int, str]] = []
        accounts = target_accounts(revision.post)
        prefetch_related_objects(accounts, "connections")
        contents = {target["account"]: target["content"] for target in targets_in(revision)}
        for account in (known for known in accounts if known.pk in contents):
            content = contents[account.pk]
            for declared in service_of(account).fields:
                name = f"words-{account.pk}-{declared.key}"
                self.fields[name] = TextField(
                    label=f"{account.name}：{declared.label}", required=False, limit=10_000,
                    initial=content.get(declared.key, ""),
                    widget=forms.Textarea(attrs={"rows": 5 if declared.kind == "text" else 1}))
                self.words.append((name, account.pk, declared.key))

    def suggestion(self) -> dict[int, dict[str, str]]:
        """The wording as it was left: what is equal to the draft is sorted out by the act."""
        found: dict[int, dict[str, str]] = {}
        for name, account, key in self.words:
            if name in self.data:
                found.setdefault(account, {})[key] = self.cleaned_data[name]
        return found

    def word_fields(self) -> list[forms.BoundField]:
        return [self[name] for name, _account, _key in self.words]
