"""§4(1): the guideline's words, and one touch."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from koshiki.guideline import guideline
from koshiki.organization.actions import confirm_guideline as confirm
from koshiki.organization.reading import chapters
from koshiki.organization.roles import confirmed_until
from koshiki.organization.sign_in import signed_in


@require_http_methods(["GET", "POST"])
def confirm_guideline(request: HttpRequest) -> HttpResponse:
    """Shows the whole guideline; confirming goes on to `next`, else home."""
    person = signed_in(request)
    if request.method == "POST":
        confirm(by=person)
        messages.success(request, "ガイドラインの確認を記録しました。")
        return redirect(_next(request))
    context = {"guideline": guideline(), "until": confirmed_until(person), "next": request.GET.get("next", ""),
               "chapters": chapters()}
    return render(request, "organization/confirm_guideline.html", context)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "home"
