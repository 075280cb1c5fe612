"""What the pages of the calendar and the list have in common: the ways to look at posts, the conditions in words."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from koshiki.posts.overview.choice import Choice
from koshiki.posts.overview.days import Span
from koshiki.register.roles import AUTHOR, accounts_of

TABS = {"post_month": "月", "post_week": "週", "post_accounts": "アカウント別", "posts": "一覧"}


def frame(name: str, choice: Choice, span: Span | None = None) -> dict[str, Any]:
    """For the templates; `span`: the days that are shown, which the list then begins with."""
    return {"form": choice, "tabs": [(label, _address(tab, choice, span), tab == name) for tab, label in TABS.items()],
            "said": list(choice.said()), "writes": bool(accounts_of(choice.person, AUTHOR)), "list": reverse("posts"),
            "without_days": choice.query(on=None, since=None, until=None)}


def _address(tab: str, choice: Choice, span: Span | None) -> str:
    days: dict[str, object] = {"since": None, "until": None, "undated": None}
    if tab == "posts" and span:
        days = {"on": None, "since": span.first, "until": span.last}
    elif not span:
        days["on"] = choice.chosen("since")
    return f"{reverse(tab)}?{choice.query(**days)}"
