"""主な案内 — what this person may open, in the order of the day's work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from koshiki.look import Entry
from koshiki.organization.flow import sees_people
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, in_service, is_auditor, is_it


def _everybody(person: Person) -> bool:
    return True


def _keeps_register(person: Person) -> bool:
    return in_service(person, IP) or is_auditor(person)


@dataclass(frozen=True)
class Room:
    """案内先 — an entry of the navigation, and for whom."""

    label: str
    name: str
    icon: str
    open_to: Callable[[Person], bool] = _everybody


ROOMS = (
    Room("ホーム", "home", "home"),
    Room("投稿", "posts", "post"),
    Room("アカウント", "accounts", "account"),
    Room("届出・掲載", "register_management", "register", _keeps_register),
    Room("停止", "holds", "stopped"),
    Room("所属", "divisions", "setting"),
    Room("職員", "people", "people", sees_people),
    Room("サービス", "services", "lock", is_it),
    Room("控え", "backups", "file", is_it),
    Room("記録", "log", "log"),
    Room("ガイドライン", "guideline_map", "guideline"),
    Room("セルフチェック", "self_check", "check"),
)


def navigation(request: HttpRequest, person: Person) -> list[Entry]:
    """The entries for this person; the one whose pages these are is current."""
    entries = [(room, reverse(room.name)) for room in ROOMS if room.open_to(person)]
    here = max((url for _, url in entries if request.path.startswith(url)), key=len, default="")
    return [Entry(room.label, url, room.icon, current=url == here) for room, url in entries]

