"""停止中 — what is stopped, of what a person may see."""

from __future__ import annotations

from django.db.models import F

from koshiki.organization.models import Person
from koshiki.register.models import Hold

_MOST = 50


def open_holds(person: Person) -> list[Hold]:
    """The open holds on everything, on a service, and on the accounts this person may see; the widest first.

    No more than a page can use. Kept with the person for one request: bars and duties both ask.
    """
    if "open_holds" not in person.__dict__:
        theirs = Hold.objects.open().seen_by(person).select_related("account")
        widest = theirs.order_by(F("account").asc(nulls_first=True), "-since")[:_MOST]
        person.__dict__["open_holds"] = sorted(
            widest, key=lambda hold: (bool(hold.account_id), bool(hold.service), -hold.since.timestamp()))
    found: list[Hold] = person.__dict__["open_holds"]
    return found
