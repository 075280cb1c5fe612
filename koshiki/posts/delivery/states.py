"""What may become of a delivery, and the one way to write it: fenced by its epoch (delivery 2).

`sending` never goes back to be sent again unless it is known that nothing went out; what may have gone out is
`unknown`, and from there only evidence leads on. Where a person posts, `offered` waits for one, and `taken` is that
person's intent: it ends with the post's address, with their word that they did not post, or, without a word, as theirs
to be judged (`person`).
"""

from __future__ import annotations

from typing import Any

from django.db.models import F

from koshiki.posts.models import Delivery

S = Delivery.State

MOVES: dict[str, frozenset[str]] = {
    S.WAITING: frozenset({S.CLAIMED, S.CANCELLED, S.UNKNOWN}),  # unknown: a restored copy can't know
    S.RETRY: frozenset({S.CLAIMED, S.UNKNOWN}),
    S.CLAIMED: frozenset({S.SENDING, S.WAITING, S.RETRY, S.HELD, S.FAILED, S.PERSON, S.UNKNOWN,
                          S.OFFERED}),
    S.SENDING: frozenset({S.SENT, S.WAITING, S.RETRY, S.HELD, S.FAILED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.SENT, S.WAITING, S.PERSON}),
    S.OFFERED: frozenset({S.TAKEN, S.SENT, S.HELD, S.CANCELLED, S.UNKNOWN}),  # sent: somebody posted without a word
    S.TAKEN: frozenset({S.SENT, S.WAITING, S.PERSON, S.UNKNOWN}),
    S.PERSON: frozenset({S.SENT, S.WAITING}),
    S.HELD: frozenset({S.WAITING, S.CANCELLED, S.UNKNOWN}),
    S.SENT: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}
CLAIMABLE = (S.WAITING, S.RETRY)
UNDER_WAY = (S.CLAIMED, S.SENDING)


class Overtaken(Exception):
    """Another has taken this delivery since: whatever was about to be done or written is void."""


def sources(target: str) -> list[str]:
    """The states from which a delivery may come to `target`."""
    return [state for state, targets in MOVES.items() if target in targets]


def write(row: Delivery, *, to: str | None = None, **values: Any) -> None:
    """Writes to a delivery whose epoch is still the one in `row`; `row` shows it afterwards.

    `to`: its next state. Raises Overtaken where the row's epoch or state has moved on.
    """
    mine = Delivery.objects.filter(pk=row.pk, epoch=row.epoch)
    mine = mine.filter(state__in=sources(to)) if to else mine.filter(state=row.state)
    changes = values | ({"state": to} if to else {})
    if not mine.update(**changes):
        raise Overtaken(str(row.pk))
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):  # what the database reckons is read again where needed
            setattr(row, name, value)


def fenced_off(**values: Any) -> dict[str, Any]:
    """For who takes a delivery away from its holder: nothing that the holder still writes will stand."""
    return {"epoch": F("epoch") + 1, "lease_until": None, **values}
