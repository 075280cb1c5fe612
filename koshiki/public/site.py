"""The public pages: which there are, and how each is drawn. Live and static copy are drawn here alike.

A page is told by its path below the public address. `register`, `feed` and `official` say what is on it;
nothing here knows a person, a session or a draft.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from koshiki.guideline import guideline
from koshiki.look import Entry
from koshiki.public import (
    atom,
    check_index,
    feed,
    json_feed,
    official,
    open_data,
    proofs,
    register,
    search_index,
)
from koshiki.public.facts import Facts, facts

HTML, JSON, BYTES = "text/html; charset=utf-8", "application/json", "application/octet-stream"
TEXT, CSV = "text/plain; charset=utf-8", "text/csv; charset=utf-8"
ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json"
SCRIPTS = ("search.js", "check.js", "asking.js", "addresses.js", "digest.js")
ASSETS = ("tokens.css", "koshiki.css", "noscript.css", "mark.svg", *SCRIPTS)


class NoSuchPage(LookupError):
    """There is no public page at this path."""


@dataclass(frozen=True)
class Page:
    """One page as it is served: its media type and its bytes."""

    media_type: str
    body: bytes


@dataclass(frozen=True)
class Kind:
    """A kind of page: the paths it stands at, its template, and what is on it (None: no such page)."""

    pattern: re.Pattern[str]
    template: str
    context: Callable[..., dict[str, Any] | None]
    section: str


@dataclass(frozen=True)
class Many:
    """Many pages of one kind: what is on those at the given paths, by their paths; none that there is not."""

    pattern: re.Pattern[str]
    template: str
    contexts: Callable[[Collection[str]], dict[str, dict[str, Any]]]
    section: str


def _kind(pattern: str, template: str, context: Callable[..., dict[str, Any] | None], section: str) -> Kind:
    return Kind(re.compile(pattern), f"public/{template}.html", context, section)


KINDS = (
    _kind(r"index\.html", "register", register.register_page, "register"),
    _kind(r"services/(?P<service>[a-z_]+)\.html", "service", register.service_page, "register"),
    _kind(r"check\.html", "check", official.check_page, "check"),
    _kind(r"about\.html", "about", open_data.about_page, "about"),
)
# What these show is read for many at once: some there are by the thousand, and each in two languages.
MANY = (
    Many(re.compile(r"accounts/[1-9][0-9]{0,17}/index\.html"), "public/account.html", register.account_pages, "register"),
    Many(re.compile(r"accounts/[1-9][0-9]{0,17}/policy(?:-[1-9][0-9]{0,4})?\.html"), "public/policy.html",
         register.account_pages, "register"),
    Many(re.compile(r"accounts/[1-9][0-9]{0,17}/feed-[1-9][0-9]{0,5}\.html"), "public/account_feed.html",
         register.account_pages, "register"),
    Many(re.compile(r"feed/index\.html"), "public/feed.html", feed.overviews, "feed"),
    Many(feed.YEAR, "public/year.html", feed.overviews, "feed"),
    Many(feed.DAY, "public/day.html", feed.day_pages, "feed"),
)
TOGETHER = 100
FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    atom.PATH: (ATOM, atom.atom),
    json_feed.PATH: (JSON_FEED, json_feed.json_feed),
    "accounts.json": (JSON, open_data.accounts_json),
    "accounts.csv": (CSV, open_data.accounts_csv),
    "trust.txt": (TEXT, proofs.trust_txt),
    "accounts.schema.json": (JSON, open_data.schema_json),
    "search.json": (JSON, search_index.search_json),
    "search.bin": (BYTES, search_index.search_packed),
    "check.json": (JSON, check_index.check_json),
}
_CHECK = re.compile(r"check/(2[0-9]{3})\.bin")


def page(path: str, **asked: str) -> Page:
    """The page at `path` (`en/…` in English). `asked` is what a live page was asked (`q` of the check).

    Raises NoSuchPage.
    """
    if path in FILES:
        media_type, content = FILES[path]
        return Page(media_type, content())
    if (digests := _CHECK.fullmatch(path)) and (content_of_year := check_index.year(int(digests[1]))):
        return Page(BYTES, content_of_year)
    if path.startswith(proofs.WELL_KNOWN) and (named := proofs.well_known(path.removeprefix(proofs.WELL_KNOWN))):
        return Page(TEXT, named)
    language, below = ("en", path.removeprefix("en/")) if path.startswith("en/") else ("ja", path)
    for kind in KINDS:
        if match := kind.pattern.fullmatch(below):
            with translation.override(language):
                return Page(HTML, _draw(kind, below, language, kind.context(**match.groupdict(), **asked)))
    for many in MANY:
        if many.pattern.fullmatch(below):
            return Page(HTML, _draw(many, below, language, many.contexts([below]).get(below)))
    raise NoSuchPage(path)


def bodies(paths: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The pages at `paths`, in no order; what is alike is read together, and once for both languages."""
    left = set(paths)
    for many in MANY:
        belows = sorted({below for path in left if many.pattern.fullmatch(below := path.removeprefix("en/"))})
        for place in range(0, len(belows), TOGETHER):
            for below, context in many.contexts(belows[place:place + TOGETHER]).items():
                for path, language in ((below, "ja"), (f"en/{below}", "en")):
                    if path in left:
                        left.discard(path)
                        yield path, _draw(many, below, language, context)
    yield from ((path, page(path).body) for path in left)


def lost(top: str) -> Page:
    """What stands where no page is. Since it is shown at any path, `top` is the address of all pages."""
    with translation.override("ja"):
        return Page(HTML, render_to_string("public/404.html", _around(top, top, "ja")).encode())


def paths(now: Facts | None = None) -> Iterator[str]:
    """Every path of the static copy, as the facts tell; a page and its translation one after the other."""
    now = now or facts()
    yield from FILES
    yield from (f"{proofs.WELL_KNOWN}{name}" for name in proofs.names())
    yield from (f"check/{year}.bin" for year in now.years)
    for path in _pages(now):
        yield path
        yield f"en/{path}"


def _pages(now: Facts) -> Iterator[str]:
    yield from ("index.html", "feed/index.html", "check.html", "about.html")
    yield from (f"services/{service}.html" for service in register.services())
    for number in sorted(now.accounts):
        yield f"accounts/{number}/index.html"
        earlier = list(now.policies.get(number, ()))
        yield from [f"accounts/{number}/policy.html"] if earlier else []
        yield from (f"accounts/{number}/policy-{version}.html" for version in earlier[:-1])
        said = now.said[number].parts if number in now.said else ()
        yield from (f"accounts/{number}/feed-{part}.html" for part, _ in enumerate(said, 1))
    yield from (f"feed/{year}.html" for year in now.years)
    for day, of_day in sorted(now.days.items()):
        yield f"feed/{day:%Y-%m-%d}.html"
        yield from (f"feed/{day:%Y-%m-%d}-{part}.html" for part in range(2, len(of_day.parts) + 1))


def _draw(kind: Kind | Many, below: str, language: str, context: dict[str, Any] | None) -> bytes:
    if context is None:
        raise NoSuchPage(below)
    with translation.override(language):
        return render_to_string(kind.template, {**_frame(kind, below, language), **context}).encode()


def _frame(kind: Kind | Many, below: str, language: str) -> dict[str, Any]:
    """What stands around a page; all addresses are relative, so that the pages work below any path."""
    top = "../" * (below.count("/") + (language == "en")) or "./"
    home = top + "en/" if language == "en" else top
    other = (top if language == "en" else f"{top}en/") + re.sub(r"index\.html$", "", below)
    return {**_around(top, home, language), "other_language_url": other.removeprefix("./") or "./",
            "public_navigation": _navigation(home, kind.section)}


def _around(top: str, home: str, language: str) -> dict[str, Any]:
    return {
        "city": guideline().city, "sample": settings.KOSHIKI_SAMPLE, "top": top, "home": home, "public_home": home,
        "assets": f"{top}assets/", "ja": SafeString(' lang="ja"' if language == "en" else ""),
        "public_navigation": _navigation(home, ""),
    }


def _navigation(home: str, section: str) -> list[Entry]:
    entries = (
        ("register", _("公式アカウント一覧"), ""),
        ("feed", _("市の発信"), "feed/"),
        ("check", _("公式かどうか調べる"), "check.html"),
        ("about", _("このページについて"), "about.html"),
    )
    return [Entry(label, home + path, "", key == section) for key, label, path in entries]
