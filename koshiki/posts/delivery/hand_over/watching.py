"""見守り — what nobody has taken, what may no longer go out, and who took something and never came back."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from koshiki import clock
from koshiki.audit.log import record
from koshiki.calendar import wareki
from koshiki.guideline import Refused
from koshiki.organization.alerts import tell
from koshiki.posts.delivery import settle
from koshiki.posts.delivery.check import check
from koshiki.posts.delivery.hand_over.offering import next_reminder, path_of, remind
from koshiki.posts.delivery.states import Overtaken, write
from koshiki.posts.delivery.times import times
from koshiki.posts.models import Delivery

S = Delivery.State
AT_ONCE = 200
FORGOTTEN = "投稿した後の記録"
log = logging.getLogger("koshiki.delivery")


def watch() -> None:
    """Looks at what is in people's hands; each at its time."""
    rows = Delivery.objects.filter(state__in=[S.OFFERED, S.TAKEN], next_at__lte=Now()).order_by("next_at", "pk")
    for row in rows.select_related("account", "approval__revision", "post", "taken_by")[:AT_ONCE]:
        try:
            (_offered if row.state == S.OFFERED else _taken)(row)
        except Overtaken:
            log.info("delivery %s was taken or ended meanwhile", row.pk)


@transaction.atomic
def _offered(row: Delivery) -> None:
    """Held where it may not go out any more, as any other; else people are reminded."""
    try:
        check(row)
    except Refused as refused:
        return settle.hold(row, refused.message, refused.clause.id)
    write(row, next_at=Now() + timedelta(seconds=times().watch))
    if clock.now() >= next_reminder(row):
        remind(row)
    return None


@transaction.atomic
def _taken(row: Delivery) -> None:
    """Whether it is out, nobody knows: who took it is reminded once; then a person judges (delivery 6)."""
    assert row.taken_by  # noqa: S101  (constraint)
    end = (row.intent_at or row.due_at) + timedelta(seconds=times().posting)
    if clock.now() >= end:
        said = f"{row.taken_by.name}さんが{wareki(row.intent_at or row.due_at)}に引き受けた後、投稿の記録がありません。"
        return settle.to_person(row, said)
    write(row, next_at=end)
    tell([row.taken_by], subject=FORGOTTEN, path=path_of(row))
    record("delivery.remind", row, by=None, clause="K-handover", person=row.taken_by_id)
    return None
