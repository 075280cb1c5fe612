"""What the frame around every staff page needs. Citizens' pages get the city alone: no session is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from koshiki.errors import PUBLIC_PATH
from koshiki.guideline import guideline
from koshiki.look import Bar, Entry
from koshiki.organization.models import Person
from koshiki.register.models import Hold

# Label, name of the address, icon. An entry whose address does not exist yet is left out.
NAVIGATION = (
    ("ホーム", "home", "home"),
    ("投稿", "posts", "post"),
    ("予定表", "calendar", "calendar"),
    ("アカウント", "accounts", "account"),
    ("届出", "notifications", "notification"),
    ("掲載", "register", "register"),
    ("職員", "people", "people"),
    ("記録", "log", "log"),
    ("ガイドライン", "guideline_map", "guideline"),
    ("設定", "connections", "setting"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """The city and the guideline; for a signed-in person also who they are, the navigation and the bars."""
    city = {"city": guideline().city, "guideline": guideline(), "sample": settings.KOSHIKI_SAMPLE}
    if request.path.startswith(PUBLIC_PATH):
        return city
    person = getattr(request, "user", None)
    if not isinstance(person, Person):
        return city
    return city | {
        "person": person, "divisions": _divisions(person), "navigation": list(_navigation(request.path)),
        "bars": list(_bars(person)), "sign_out_url": _address("sign_out"),
    }


def _divisions(person: Person) -> str:
    return "、".join(f"{p.division.name} {p.position}" for p in person.postings.current().select_related("division"))


def _navigation(path: str) -> Iterator[Entry]:
    for label, name, icon in NAVIGATION:
        if url := _address(name):
            yield Entry(label, url, icon, current=path == url or (url != "/" and path.startswith(url)))


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _bars(person: Person) -> Iterator[Bar]:
    """What everybody has to know on every page: what is stopped, and that no mail goes out."""
    for hold in _holds(person):
        yield Bar("emergency", f"{_held(hold)}の{hold.get_what_display()}を停止しています。理由: {hold.reason}",
                  _address("holds"), "停止の一覧")
    if not settings.EMAIL_HOST and not settings.KOSHIKI_SAMPLE:
        yield Bar("info", "メールの設定がないため、番が来ても知らせは届きません。ホームで確かめてください。")


def _holds(person: Person) -> list[Hold]:
    mine = Q(account__isnull=True)
    if person.standing.sees_everything:
        mine |= Q(account__isnull=False)
    else:
        mine |= Q(account__division__in=person.standing.divisions)
    return list(Hold.objects.open().filter(mine).select_related("account")[:3])


def _held(hold: Hold) -> str:
    if hold.account:
        return f"「{hold.account}」"
    return hold.get_service_display() if hold.service else "すべての公式アカウント"
