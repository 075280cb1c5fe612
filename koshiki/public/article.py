"""発信の一件 — one publication as citizens see it on every page.

Written here and not in a template: the static copy draws some hundred thousand of them, and this takes a tenth.
Whatever comes from people is escaped where it is put in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from koshiki.look import local
from koshiki.networks import service_label
from koshiki.public.pictures import Picture
from koshiki.public.publications import Place, Publication
from koshiki.templatetags.dates import time_element
from koshiki.templatetags.prose import linked


def article(publication: Publication, top: str, home: str) -> SafeString:
    """The publication; `top` and `home` are the ways to the top of all pages, and of those in this language."""
    ja = ' lang="ja"' if get_language() == "en" else ""
    return mark_safe("\n".join(_lines(publication, top, home, ja)))  # noqa: S308  (escaped below)


def _lines(publication: Publication, top: str, home: str, ja: str) -> Iterator[str]:
    first, *others = publication.places
    yield f'<article class="card" id="{first.anchor}">' + "".join(f'<span id="{place.anchor}"></span>' for place in others)
    yield f'<p class="quiet">{time_element(publication.at)}</p>'
    yield from _corrections(publication, home)
    if publication.title:
        yield f'<p class="preview-title"{ja}>{escape(publication.title)}</p>'
    if not publication.gone:
        yield f'<p class="preview-text"{ja}>{publication.html}</p>'
    if publication.link:
        yield f"<p{ja}>{linked(publication.link)}</p>"
    yield from (_picture(picture, top, ja) for picture in publication.pictures)
    yield f'<ul class="quiet">{"".join(_place(place, home, ja, publication.gone) for place in publication.places)}</ul>'
    yield "</article>\n"


def _corrections(publication: Publication, home: str) -> Iterator[str]:
    """What puts it right, what it puts right, and since when it is gone (§8(3))."""
    if tie := publication.corrects:
        yield f'<p><strong>{_("訂正")}</strong>　<a href="{home}{tie.path}">{_("訂正した発信")}: {time_element(tie.at)}</a></p>'
    for tie in publication.corrected:
        yield f'<p><strong>{_("訂正あり")}</strong>　<a href="{home}{tie.path}">{_("訂正")}: {time_element(tie.at)}</a></p>'
    if publication.gone:
        yield f'<p><strong>{_("削除しました")}</strong>　{time_element(publication.gone)}</p>'


def line(publication: Publication, page: str) -> SafeString:
    """The publication in one line, at its own place, with the way to the page on which all of it stands."""
    first, *others = publication.places
    anchors = "".join(f'<span id="{place.anchor}"></span>' for place in others)
    words = escape(Truncator(_("削除しました") if publication.gone else publication.headline).chars(16))
    return mark_safe(f'<li id="{first.anchor}">{anchors}<a href="{escape(page)}#{first.anchor}">'  # noqa: S308  (escaped)
                     f"{local(publication.at):%H:%M} {words}</a></li>\n")


def _picture(picture: Picture, top: str, ja: str) -> str:
    width, height = picture.small_size
    return (f'<p><a href="{top}media/{picture.name}"><img src="{top}media/{picture.small}" alt="{escape(picture.alt)}"{ja}'
            f' width="{width}" height="{height}" loading="lazy"></a></p>')


def _place(place: Place, home: str, ja: str, gone: datetime | None) -> str:
    account = place.account
    shown = place.elsewhere and not gone
    elsewhere = f'　<a href="{escape(place.elsewhere)}" rel="noopener">{_("元の投稿")}</a>' if shown else ""
    return f'<li><a href="{home}accounts/{account.pk}/"{ja}>{_named(account.service, account.name)}</a>{elsewhere}</li>'


@lru_cache(maxsize=4096)
def _named(service: str, name: str) -> SafeString:
    return escape(f"{service_label(service)}「{name}」")
