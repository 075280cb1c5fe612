"""アドレスを直す — the address of what a person posted was recorded wrongly; the post itself stays as it is."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import jobs
from koshiki.posts.delivery.judge import WORKERS, evidence_in, locked_row, posted_at, rewrite
from koshiki.posts.models import Delivery
from koshiki.posts.models.delivery import CHANGING
from koshiki.register.roles import works_on

S = Delivery.State


def may_mend(row: Delivery, person: Person) -> bool:
    """Who may mend it: the account's authors and approvers, where a person told the address and not the service."""
    return row.state == S.SENT and row.by_hand and row.verb not in CHANGING and works_on(person, row.account_id)


@transaction.atomic
def mend_address(row: Delivery, *, address: str, reason: str, by: Person) -> Delivery:
    """The post is at this address and not at the recorded one; it is read and compared anew.

    The log keeps both. The same word twice is one. Raises Refused: K-handover for anybody else, for what is not sent
    by hand, and for an address of anything else; K-once for one that is another delivery's; K-evidence without a reason.
    """
    locked, by, reason = locked_row(row), by.afresh(), evidence_in(reason)
    if not may_mend(locked, by):
        raise _nothing_to_mend(locked)
    posted, before = posted_at(locked, address.strip()), {"address": locked.url, "remote_id": locked.remote_id}
    if before == {"address": posted.url, "remote_id": posted.remote_id}:
        return locked
    seen = {} if posted.remote_id else {"judged_by": by, "evidence": reason}
    rewrite(locked, [S.SENT], remote_id=posted.remote_id, url=posted.url, next_at=Now(), read_back="", read_back_at=None,
            differs=False, **seen)
    jobs.read_back.defer(delivery=locked.pk)
    record("delivery.mend_address", locked, by=by, clause="K-handover", reason=reason, before=before,
           address=locked.url, remote_id=locked.remote_id, approval=locked.approval_id)
    return locked


def _nothing_to_mend(row: Delivery) -> Refused:
    return Refused("K-handover", f"この配信は「{row.get_state_display()}」で、職員が記録したアドレスを直せるものではありません。",
                   now="直せるのは、職員が投稿して「配信済み」になったもののアドレスです。", who=WORKERS)
