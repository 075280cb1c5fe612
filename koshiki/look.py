"""What pages are made of: the small records that views hand to the tags of `templatetags/components.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from django.utils import timezone

from koshiki import clock

When = datetime | date


class Tone(StrEnum):
    """色調 — what a state or a notice means; each tone has its colour, its icon and its word."""

    DRAFT = "draft"  # still with its writer
    WAITING = "waiting"  # somebody's turn
    PLANNED = "planned"  # set for a time
    DONE = "done"
    RETURNED = "returned"  # 差戻し: the writer's turn again
    UNKNOWN = "unknown"  # a person has to look
    FAILED = "failed"
    STOPPED = "stopped"  # 停止
    ENDED = "ended"  # 廃止, withdrawn, cancelled


def passed(due: When | None) -> bool:
    """True when a due time, or a due day's end, is over."""
    if due is None:
        return False
    return due < clock.now() if isinstance(due, datetime) else due < clock.today()


@dataclass(frozen=True)
class WhereItStands:
    """現在の状況 — the four that stand at the top of everything: state, who is next, by when, which clause."""

    state: str
    tone: Tone | str
    who: str = ""
    due: When | None = None
    clause: str = ""
    note: str = ""

    @property
    def late(self) -> bool:
        return passed(self.due)


@dataclass(frozen=True)
class RailStep:
    """手順の一つ — one step from application to official; `state` is done, current, upcoming or skipped.

    `who` is a role or division, `at` when it was done, `due` by when the current one is to be done,
    `mark` a word such as 代決.
    """

    label: str
    state: str
    who: str = ""
    at: When | None = None
    due: When | None = None
    clause: str = ""
    note: str = ""
    mark: str = ""
    url: str = ""

    @property
    def late(self) -> bool:
        return self.state == "current" and passed(self.due)


@dataclass(frozen=True)
class Moment:
    """履歴の一件 — who did what when, under which clause, with which words."""

    at: When
    what: str
    who: str = ""
    clause: str = ""
    comment: str = ""
    tone: Tone | str = Tone.DONE
    url: str = ""


@dataclass(frozen=True)
class Picture:
    """画像又は動画 — as it will be shown; its alt text is read out beneath it. `poster`: one picture of a film."""

    url: str
    alt: str
    film: bool = False
    poster: str = ""


@dataclass(frozen=True)
class Preview:
    """投稿の見え方 — a post as it will look on one account; `more` are the posts that follow it in a thread."""

    service: str
    account: str
    handle: str
    text: str
    more: Sequence[str] = field(default_factory=tuple)
    title: str = ""
    pictures: Sequence[Picture] = field(default_factory=tuple)
    at: When | None = None
    domains: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class GuideStep:
    """入力の段階 — one page of a guided form; `done` ones have an address to go back to."""

    label: str
    url: str = ""
    done: bool = False


@dataclass(frozen=True)
class Bar:
    """帯 — a message across the top of every page: `tone` is emergency, warning or info."""

    tone: str
    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True)
class Entry:
    """案内の項目 — one entry of the navigation."""

    label: str
    url: str
    icon: str
    current: bool = False


def local(moment: When) -> When:
    """A moment in the city's time; a day as it is."""
    return moment.astimezone(timezone.get_default_timezone()) if isinstance(moment, datetime) else moment
