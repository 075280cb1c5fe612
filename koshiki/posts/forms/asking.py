"""Where the form asks for reasons: why a link leads outside the city (§8(4)), why what was found may stay (§4, §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.http import QueryDict

from koshiki.forms import LineField
from koshiki.posts.checks import Found
from koshiki.text import Link

MOST = 100  # rows of each kind


class LinkForm(forms.Form):
    """市以外へのリンク — the author's reason (§8(4))."""

    url = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = LineField(label="リンクする理由", limit=300, required=False, help_text="提出までに必ず書きます。",
                       validators=[MaxLengthValidator(300, "理由が長すぎます。")])


class AnswerForm(forms.Form):
    """指摘への答え — why what was found may stay; what is changed is found no more (§4, §5, §8(4))."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = LineField(label="直さないときは、そのままでよい理由", limit=300, required=False,
                       validators=[MaxLengthValidator(300, "理由が長すぎます。")])


class Unjudged:
    """What was sent, to be shown again without judgement."""

    def __init__(self, data: QueryDict) -> None:
        self.data = data


Asked = QueryDict | Unjudged | None


def link_rows(links: Sequence[Link], known: Mapping[str, str], asked: Asked) -> list[tuple[Link, LinkForm]]:
    """One row for each address that leads outside, with the reason as far as it was typed."""
    typed = {**known, **_typed(asked, "link", "url")}
    return [(link, _row(LinkForm, f"link-{n}", {"url": link.url, "reason": typed.get(link.url, "")}, asked))
            for n, link in enumerate(links[:MOST])]


def answer_rows(found: Iterable[Found], known: Mapping[str, str], asked: Asked) -> list[tuple[Found, AnswerForm]]:
    """One row for each finding that must be answered, with the reason as far as it was typed."""
    typed = {**known, **_typed(asked, "finding", "key")}
    return [(one, _row(AnswerForm, f"finding-{n}", {"key": one.key, "reason": typed.get(one.key, "")}, asked))
            for n, one in enumerate([one for one in found if one.asks][:MOST])]


def _typed(asked: Asked, prefix: str, name: str) -> dict[str, str]:
    data = asked.data if isinstance(asked, Unjudged) else asked
    if data is None:
        return {}
    return {data.get(f"{prefix}-{n}-{name}", ""): data.get(f"{prefix}-{n}-reason", "") for n in range(min(MOST, len(data)))}


def _row(form: Any, prefix: str, values: Mapping[str, str], asked: Asked) -> Any:
    if asked is None or isinstance(asked, Unjudged):
        return form(initial=values, prefix=prefix)
    return form({f"{prefix}-{name}": value for name, value in values.items()}, prefix=prefix)
