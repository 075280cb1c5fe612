"""The showcase, a refusal, a database that is away and a bug, each at an address of its own."""

from __future__ import annotations

import errno

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from koshiki.guideline import Refused
from tests.look.showcase import showcase

handler400 = "koshiki.errors.bad_request"
handler403 = "koshiki.errors.forbidden"
handler404 = "koshiki.errors.not_found"
handler500 = "koshiki.errors.server_error"


@login_not_required
def refuse(request: HttpRequest) -> HttpResponse:
    raise Refused(
        "§8(1)", "承認できるのは、起案に加わっていない責任者です。あなたは、この投稿の文を直しています。",
        now="ほかの責任者に承認を頼んでください。", who="市民課 課長補佐（内線 2315）",
    )


@login_not_required
def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("the server closed the connection unexpectedly")


@login_not_required
def full(request: HttpRequest) -> HttpResponse:
    raise OSError(errno.ENOSPC, "No space left on device")


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    path("_components/", showcase),
    path("refuse/", refuse),
    path("away/", away),
    path("full/", full),
    path("broken/", broken),
    path("", include("koshiki.urls")),
]
