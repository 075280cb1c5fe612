"""The pages that say why something could not be done: refused, not found, not allowed, away, broken."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from psycopg.errors import DiskFull

from koshiki import disk
from koshiki.guideline import Refused, guideline

PUBLIC_PATH = "/official/"
AWAY = (OperationalError, InterfaceError)
# Names of fields whose content never comes back onto a page.
SECRET_WORDS = ("password", "token", "secret", "code", "key", "csrf")

log = logging.getLogger(__name__)


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """409: what is refused, the clause in its words, what can be done now and by whom; what was typed."""
    context = {"refusal": refusal, "typed": list(_typed(request)), "back": _page_before(request),
               "frame": _frame(request)}
    response = render(request, "errors/refused.html", context, status=409)
    if _by_htmx(request):
        response["HX-Retarget"], response["HX-Reswap"] = "#main", "innerHTML"
    return response


def _frame(request: HttpRequest) -> str:
    if request.path.startswith(PUBLIC_PATH):
        return "public/base.html"
    return "fragment.html" if _by_htmx(request) else "base.html"


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _typed(request: HttpRequest) -> Iterator[str]:
    """The texts of the form that was sent, so that nothing typed is lost; never a secret."""
    hidden: Any = getattr(request, "sensitive_post_parameters", ())
    if hidden == "__ALL__":
        return
    for name, value in request.POST.items():
        if name not in hidden and not any(word in name.lower() for word in SECRET_WORDS) and _is_prose(value):
            yield str(value)


def _is_prose(value: object) -> bool:
    """Words somebody wrote, not a choice, a digest or a number."""
    return isinstance(value, str) and not value.isascii() and len(value) > 3


def _page_before(request: HttpRequest) -> str:
    """The page the person came from, when it is one of ours."""
    before = urlsplit(request.headers.get("Referer", ""))
    return f"{before.path}?{before.query}".rstrip("?") if before.netloc == request.get_host() else ""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: a request that no page of ours makes."""
    return _plain("400", 400, request)


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """403: the form was opened too long ago, or not by this browser (also for CSRF)."""
    return _plain("403", 403, request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or none that this person may see."""
    return render(request, "errors/404.html", {"frame": _frame(request)}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with the number to tell; when the database is away or the disk is full, 503."""
    found = sys.exc_info()[1]
    if isinstance(found, AWAY) or disk.is_full(found):
        return unavailable(request, found)
    return _plain("500", 500, request)


def unavailable(request: HttpRequest, cause: BaseException | None = None) -> HttpResponse:
    """503, drawn without the database; in other words where it is the disk that has no room."""
    full = disk.is_full(cause) or isinstance(getattr(cause, "__cause__", None), DiskFull)
    log.error("The disk is full." if full else "The database does not answer.")
    response = _plain("full" if full else "503", 503, request)
    response["Retry-After"] = "30"
    return response


def _plain(page: str, status: int, request: HttpRequest) -> HttpResponse:
    """A page without context processors: it needs neither session nor database."""
    context = {"city": guideline().city, "sample": settings.KOSHIKI_SAMPLE, "frame": "base.html",
               "request_id": getattr(request, "id", "")}
    return HttpResponse(render_to_string(f"errors/{page}.html", context), status=status)
