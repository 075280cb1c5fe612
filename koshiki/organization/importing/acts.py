"""What IT does with a file: hand it in, see what it would do, carry it out; and take a file along."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from django.db import IntegrityError, connection, transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.flow import CLAUSE, require_it
from koshiki.organization.importing.divisions import Divisions
from koshiki.organization.importing.people import People
from koshiki.organization.importing.plan import Kind, Plan
from koshiki.organization.importing.postings import Postings
from koshiki.organization.importing.table import read
from koshiki.organization.models import Import, Person

KINDS: dict[str, Kind] = {kind.name: kind for kind in (Divisions(), People(), Postings())}
_KEPT = timedelta(days=1)
_ONE_AT_A_TIME = 7_400_010  # the advisory lock under which imports are carried out one after the other


@transaction.atomic
def hand_in(name: str, content: bytes, *, by: Person) -> tuple[Import | None, Plan]:
    """Keep the file for its preview, when nothing is wrong in it. Gives its row and what it would do.

    Raises BadFile when it can't be read, Refused unless `by` keeps people.
    """
    require_it(by)
    kind, table = read(content, {kind.name: kind.columns for kind in KINDS.values()})
    plan = KINDS[kind].plan(table, by)
    if plan.faults:
        return None, plan
    Import.objects.filter(at__lt=clock.now() - _KEPT).delete()
    return Import.objects.create(kind=kind, name=name, content=content, by=by), plan


def planned(handed_in: Import, by: Person) -> Plan:
    """What the file would do now."""
    kind = KINDS[handed_in.kind]
    return kind.plan(read(bytes(handed_in.content), {kind.name: kind.columns})[1], by)


@transaction.atomic
def carry_out(handed_in: Import, digest: str, *, by: Person) -> Plan:
    """Do all of it, or nothing. Raises Refused K-stale when it is not what `digest` stands for any more."""
    require_it(by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    plan = planned(handed_in, by)
    if plan.faults or plan.digest != digest:
        raise _stale()
    try:
        KINDS[plan.kind].carry_out(plan.moving, by)
    except IntegrityError as meanwhile:  # entered by somebody else since the plan was made
        raise _stale() from meanwhile
    record(f"{plan.kind}.import", by, by=by, clause=CLAUSE, file=handed_in.name,
           sha256=hashlib.sha256(handed_in.content).hexdigest(), **{str(what): n for what, n in plan.counts.items()})
    handed_in.delete()
    return plan


@transaction.atomic
def export(kind: Kind, *, by: Person) -> Iterator[tuple[object, ...]]:
    """The headings and all rows, as they can be imported again; that somebody took them along is recorded."""
    require_it(by)
    rows = list(kind.export())
    record(f"{kind.name}.export", by, by=by, clause=CLAUSE, count=len(rows))
    return iter([kind.headings, *rows])


def _stale() -> Refused:
    return Refused("K-stale", "確かめた後に、職員や所属の登録が変わりました。まだ何も取り込んでいません。",
                   now="もう一度ファイルを選び、内容を確かめてから取り込んでください。")
