"""Write and verify the chained log.

Each entry's digest is SHA-256 over the digest before it and the entry's own canonical text. The text is stored
as hashed: jsonb would change numbers and the order of keys.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models, transaction

from koshiki import clock
from koshiki.audit.models import Entry, Head
from koshiki.guideline import guideline

watchers: list[Callable[[Entry], None]] = []  # the suite notes here which clauses were recorded

# Controls that JSON leaves as they are, but a terminal or an auditor's editor would obey.
_CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Act:
    """行為 — what one entry says of one thing; `data` may hold texts, whole numbers, and lists and mappings of these."""

    verb: str
    thing: models.Model
    clause: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def record(verb: str, thing: models.Model, *, by: AbstractBaseUser | None, clause: str = "", **data: Any) -> Entry:
    """Append one entry for an act on `thing` by a person (None: koshiki itself).

    Belongs in the transaction of the act, after its last row lock: it holds the chain until commit.
    `data` may hold texts, whole numbers, and lists and mappings of these. Raises TypeError for anything else.
    """
    return record_all([Act(verb, thing, clause, data)], by=by)[0]


def record_all(acts: Iterable[Act], *, by: AbstractBaseUser | None) -> list[Entry]:
    """Append an entry for each of many acts of one transaction, in their order; the chain is held once for all."""
    if not connection.in_atomic_block:
        raise RuntimeError("record() belongs in the transaction of the act")
    head = Head.objects.select_for_update().get(pk=1)
    number, digest, entries = head.number, head.digest, []
    for act in acts:
        number += 1
        entry = _entry(number, digest, act, by)
        entries.append(entry)
        digest = entry.digest
    _write(entries)
    for entry, watch in itertools.product(entries, watchers):
        watch(entry)
    return entries


_WRITE = """
WITH moved AS (UPDATE koshiki_head SET number = %(number)s, digest = %(digest)s WHERE id = 1)
INSERT INTO koshiki_entry (number, at, actor_id, verb, thing, clause, canonical, digest)
SELECT * FROM unnest(%(numbers)s::bigint[], %(at)s::timestamptz[], %(actors)s::bigint[], %(verbs)s::text[],
                     %(things)s::text[], %(clauses)s::text[], %(canonicals)s::text[], %(digests)s::text[])"""


def _write(entries: list[Entry]) -> None:
    """The entries and the head that they lead to, in one statement: while it is on its way everybody else waits."""
    if not entries:
        return
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {
            "number": entries[-1].number, "digest": entries[-1].digest, "numbers": [e.number for e in entries],
            "at": [e.at for e in entries], "actors": [e.actor_id for e in entries], "verbs": [e.verb for e in entries],
            "things": [e.thing for e in entries], "clauses": [e.clause for e in entries],
            "canonicals": [e.canonical for e in entries], "digests": [e.digest for e in entries]})


def _entry(number: int, previous: str, act: Act, by: AbstractBaseUser | None) -> Entry:
    entry = Entry(number=number, at=clock.now(), verb=act.verb, thing=name_of(act.thing), clause=act.clause)
    entry.actor_id = by.pk if by else None
    entry.canonical = canonical(_content(entry, label=str(act.thing), data=act.data))
    entry.digest = chain(previous, entry.canonical)
    return entry


def name_of(thing: models.Model) -> str:
    """How the log names a thing: `post:12`."""
    return f"{thing._meta.model_name}:{thing.pk}"


def about(*things: models.Model) -> models.QuerySet[Entry]:
    """The entries about these things, newest first."""
    return Entry.objects.filter(thing__in=[name_of(t) for t in things]).select_related("actor")


def canonical(value: Any) -> str:
    """The one text that stands for `value`: sorted keys, NFC, whole numbers and texts only."""
    text = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _CONTROLS.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def chain(previous: str, text: str) -> str:
    """The digest of an entry whose canonical text follows the entry with digest `previous` (hex)."""
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _content(entry: Entry, *, label: str, data: dict[str, Any]) -> dict[str, Any]:
    return {**_columns(entry), "edition": guideline().edition, "label": label, "data": data}


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": _moment(entry.at),
        "actor": entry.actor_id or 0,
        "verb": entry.verb,
        "thing": entry.thing,
        "clause": entry.clause,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        raise TypeError("the log holds texts and whole numbers only")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", k): _plain(v) for k, v in value.items()}
    if isinstance(value, Iterable):
        return [_plain(v) for v in value]
    raise TypeError(f"the log cannot hold {type(value).__name__}")


@dataclass(frozen=True)
class Verdict:
    """What verification found: how many entries hold, and where and why the chain breaks, if it does."""

    count: int
    broken_at: int = 0
    reason: str = ""

    @property
    def holds(self) -> bool:
        return not self.reason


# The time comes as the text that was hashed: a million times made into a moment and back takes longer than all the rest.
_WHOLE = """
SELECT e.number, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00'), e.actor_id,
       e.verb, e.thing, e.clause, e.canonical, e.digest, h.number, h.digest
FROM koshiki_entry e LEFT JOIN koshiki_head h ON h.id = 1 ORDER BY e.number"""
_COLUMNS = ("number", "at", "actor", "verb", "thing", "clause")
_AT_ONCE = 5000
_Row = tuple[Any, ...]


def verify() -> Verdict:
    """Recompute the chain from the first entry to the head, as both are in one moment: others may go on writing."""
    previous, count, head = "", 0, None
    for row in _rows():
        if reason := _fault(row, count + 1, previous):
            return Verdict(count, row[0], reason)
        previous, count, head = row[7], count + 1, row[8:]
    if head is None:  # not a single entry
        head = Head.objects.filter(pk=1).values_list("number", "digest").first()
    if head != (count, previous):
        return Verdict(count, count + 1, "末尾の記録が失われています。")
    return Verdict(count)


def _rows() -> Iterator[_Row]:
    """Every entry in order, each with the head of the same snapshot; a few thousand at a time."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_WHOLE)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows


def _fault(row: _Row, expected: int, previous: str) -> str:
    number, at, actor, verb, thing, clause, text, digest = row[:8]
    if number != expected:
        return "この前の記録が失われています。"
    if digest != chain(previous, text):
        return "記録が書き換えられています。"
    hashed = json.loads(text)
    if tuple(map(hashed.get, _COLUMNS)) != (number, at, actor or 0, verb, thing, clause):
        return "記録の見出しが書き換えられています。"
    return ""
