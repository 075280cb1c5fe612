"""The public pages, live: the same as the static copy, without login, cookies or script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from koshiki.posts.delivery import staging
from koshiki.public import pictures, register, site, static_copy

LONGEST_QUESTION = 2000
STAGED = re.compile(r"[0-9a-f]{40}\.[a-z0-9]{1,5}")
R = TypeVar("R", HttpResponse, FileResponse)


@login_not_required
@require_safe
@gzip_page
def public_page(request: HttpRequest, path: str = "") -> HttpResponse:
    """The page at `path`; folders have an index. `?q=` asks the check."""
    if path == "" or path.endswith("/"):
        path += "index.html"
    asked = {"q": request.GET.get("q", "")[:LONGEST_QUESTION]} if path.endswith("check.html") else {}
    try:
        found = site.page(path, **asked)
    except site.NoSuchPage:
        return _folder(path) or _lost(gone=register.was_there(path))
    return _answer(found, "no-store" if asked.get("q") else "public, max-age=5")


@login_not_required
@require_safe
def at_the_top(request: HttpRequest, path: str) -> HttpResponse:
    """What machines ask the host itself for: `/trust.txt`, `/.well-known/…`."""
    try:
        return _answer(site.page(path), "public, max-age=5")
    except site.NoSuchPage:
        return _lost()


@login_not_required
@require_safe
@gzip_page
def public_asset(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    """A style sheet or mark, at the place where the static copy has it."""
    return _file(static_copy.asset(name)) if name in site.ASSETS else _lost()


@login_not_required
@require_safe
def public_picture(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    """A picture of something published, or of an account on the register."""
    path = pictures.find(name)
    return _file(path) if path else _lost()


@login_not_required
@require_safe
def staged(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    """What a service fetches: laid out for it under a name that nobody can guess."""
    path = staging.folder() / name
    return _file(path) if STAGED.fullmatch(name) and path.is_file() else _lost()


def _answer(page: site.Page, caching: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(page.body, content_type=page.media_type, status=status)
    response["Cache-Control"] = caching
    return _not_for_search(response)


def _file(path: Path) -> FileResponse:
    return _not_for_search(FileResponse(path.open("rb"), headers={"Cache-Control": "public, max-age=300"}))


def _not_for_search(response: R) -> R:
    """Nothing of the sample belongs into a search engine."""
    if settings.KOSHIKI_SAMPLE:
        response["X-Robots-Tag"] = "noindex"
    return response


def _folder(path: str) -> HttpResponse | None:
    """`…/accounts/3` leads to the folder's index, as a web server of files does."""
    try:
        site.page(f"{path}/index.html")
    except site.NoSuchPage:
        return None
    return HttpResponseRedirect(reverse("public_page", args=[f"{path}/"]))


def _lost(*, gone: bool = False) -> HttpResponse:
    """No such page; 410 where one stood that was taken off the register (§7(2))."""
    return _answer(site.lost(reverse("public")), "no-store", status=410 if gone else 404)
