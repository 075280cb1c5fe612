"""停止中 — what is stopped, of what a person may see."""

from __future__ import annotations

from koshiki.organization.models import Person
from koshiki.register.models import Hold

_MOST = 50


def open_holds(person: Person) -> list[Hold]:
    """The open holds on everything, on a service, and on the accounts this person may see; the widest first.

    No more than a page can use. Kept with the person for one request: bars and duties both ask.
    """
    if "open_holds" not in person.__dict__:
        holds = Hold.objects.open().select_related("account")
        theirs = (hold for hold in holds if not hold.account or hold.account.seen_by(person))
        person.__dict__["open_holds"] = sorted(theirs, key=_width)[:_MOST]
    found: list[Hold] = person.__dict__["open_holds"]
    return found


def _width(hold: Hold) -> tuple[bool, bool, float]:
    return bool(hold.account_id), bool(hold.service), -hold.since.timestamp()
