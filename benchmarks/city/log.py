"""The log of the city: what happened, in the order of time, chained as koshiki chains it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from koshiki.audit.log import _content, canonical, chain
from koshiki.audit.models import Entry, Head
from koshiki.organization.models import Person

_COLUMNS = ("number", "at", "actor_id", "verb", "thing", "clause", "canonical", "digest")


class Happened(NamedTuple):
    """行為 — one act before it has its number."""

    at: datetime
    actor: int | None
    verb: str
    thing: str
    clause: str
    label: str
    data: dict[str, Any]


def sign_ins(people: list[Person], number: int, since: datetime, until: datetime, dice: random.Random) -> list[Happened]:
    """So many sign-ins of these people, spread over the days."""
    span = (until - since).total_seconds()
    return [Happened(since + timedelta(seconds=dice.random() * span), p.pk, "person.sign_in", f"person:{p.pk}", "", p.name, {})
            for p in (people[n % len(people)] for n in range(number))]


def write_log(acts: Iterable[Happened]) -> int:
    """Append the acts in the order of their times, after what the log holds already. Gives the number of entries."""
    head = Head.objects.get(pk=1)
    with connection.cursor() as cursor, cursor.copy(
            f"COPY koshiki_entry ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        last = (head.number, head.digest)
        for row in _chained(sorted(acts, key=lambda act: act.at), *last):
            copy.write_row(row)
            last = (row[0], row[-1])
    Head.objects.filter(pk=1).update(number=last[0], digest=last[1])
    return last[0]


def _chained(acts: Iterable[Happened], number: int, digest: str) -> Iterator[tuple[Any, ...]]:
    for act in acts:
        number += 1
        entry = Entry(number=number, at=act.at, actor_id=act.actor, verb=act.verb, thing=act.thing, clause=act.clause)
        text = canonical(_content(entry, label=act.label, data=act.data))
        digest = chain(digest, text)
        yield (number, act.at, act.actor, act.verb, act.thing, act.clause, text, digest)
