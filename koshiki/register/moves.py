"""How a step of the flow is taken: lock and ask at the start of the act; state, due time, mail and log at its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.calendar import business_days_end
from koshiki.guideline import guideline
from koshiki.organization.alerts import tell
from koshiki.organization.models import Person
from koshiki.register.flow import FLOW
from koshiki.register.models import Account
from koshiki.register.turn import turn_of
from koshiki.workflow import lock

_DUE = {
    "submit": "decision_business_days",
    "decide": "decision_business_days",
    "acquire": "notification_business_days",
    "notify": "receipt_business_days",
    "return_notification": "notification_business_days",
    "receive": "listing_business_days",
    "list": "profile_business_days",
}

_HANDS_ON = {"complete_policy", "record_page"}  # no new state, yet it is another's turn


def locked_for(account: Account, name: str, *, by: Person) -> Account:
    """The account, locked, when `by` may take this step now. Raises Refused with the step's clause."""
    locked = lock(account)
    FLOW.check(locked, name, by=by)
    return locked


def pass_on(account: Account, name: str, /, *, by: Person, **data: Any) -> Account:
    """The step is done: the new state with its due time, mail to whose turn it is, one entry in the log.

    Last in the act: it ends with the log's lock.
    """
    step = FLOW.steps[name]
    if step.target:
        account.state, account.moved_at, account.due_at = step.target, clock.now(), _due_after(name)
        account.save()
    if step.target or name in _HANDS_ON:
        _tell_next(account, by)
    record(f"account.{name}", account, by=by, clause=step.clause, **data)
    return account


def _due_after(name: str) -> datetime | None:
    return business_days_end(clock.now(), guideline().deadlines[_DUE[name]]) if name in _DUE else None


def _tell_next(account: Account, by: Person) -> None:
    turn = turn_of(account)
    others = [person for person in turn.people() if person != by]
    tell(others, subject=f"公式アカウント：{turn.what}", path=reverse("account", args=[account.pk]))
