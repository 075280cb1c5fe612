"""The page on which staff test what they write privately (§3): nothing that is typed is stored or logged."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from koshiki import clock
from koshiki.forms import TextField
from koshiki.posts.checks import Found, examine
from koshiki.posts.knowledge import private_on

# §3 asks private writers to heed §4 and §5; where the city's accounts may link (§8(4)) is no matter of theirs.
_HEEDED = ("§4", "§5")


class PrivateText(forms.Form):
    """私的な投稿の文 — to be looked over and forgotten."""

    text = TextField(label="投稿しようとしている文", limit=10_000,
                     widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
                     help_text="ここに書いたものは、保存も記録もされません。ほかの職員にも見えません。")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("text")
@never_cache
def self_check(request: HttpRequest) -> HttpResponse:
    """セルフチェック — a private text against §4 and §5."""
    form = PrivateText(request.POST if request.method == "POST" else None)
    found = _heeded(form.cleaned_data["text"]) if form.is_valid() else []
    context = {"form": form, "found": found, "looked": form.is_bound and not form.errors}
    return render(request, "posts/self_check.html", context, status=422 if form.errors else 200)


def _heeded(text: str) -> list[Found]:
    return [one for one in examine(text, private_on(clock.today())) if one.clause.startswith(_HEEDED)]
