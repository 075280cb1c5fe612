"""復元 — a restored backup or a clone must not send again what the original has sent (K-restore)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from koshiki import clock
from koshiki.audit.log import record
from koshiki.database import identity
from koshiki.database.models import Installation
from koshiki.guideline import Refused
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import heads_service, is_it
from koshiki.posts.delivery.states import fenced_off
from koshiki.posts.models import Delivery
from koshiki.register import stopping
from koshiki.register.models import Hold

S = Delivery.State
WHO = "システム管理の担当又は情報政策課長"


def discovered(why: str) -> None:
    """Data folder and database do not belong together: everything is held until a person confirms."""
    stopping.stop(Hold.Kind.RESTORE, why, "K-restore")


def may_confirm(person: Person) -> bool:
    return is_it(person) or heads_service(person, Division.Service.INFORMATION_POLICY)


@transaction.atomic
def confirm(*, reason: str, by: Person) -> int:
    """This is the one that sends from now on. What is overdue becomes unknown and is looked up; returns how many.

    Raises Refused K-restore for anybody but IT and the information policy head, and where nothing is to confirm.
    """
    if not may_confirm(by):
        raise Refused("K-restore", f"この設置を使うことを確認できるのは、{WHO}です。", who=WHO)
    if identity.is_this_installation() or not reason.strip():
        raise Refused("K-restore", "確認することがないか、確かめた方法が書かれていません。", who=WHO)
    installed = Installation.objects.get(pk=1)
    doubtful = _doubt_overdue()
    Hold.objects.open().filter(kind=Hold.Kind.RESTORE).update(
        until=clock.now(), lifted_by=by, lift_reason=reason.strip()[:300])
    record(identity.CONFIRMED, installed, by=by, clause="K-restore", reason=reason, doubtful=doubtful)
    identity.lay(installed.identity)
    return doubtful


def _doubt_overdue() -> int:
    """Whatever should have begun by now may have been sent by the installation that this is a copy of."""
    overdue = Delivery.objects.filter(
        state__in=[S.WAITING, S.RETRY, S.CLAIMED, S.SENDING, S.HELD, S.OFFERED, S.TAKEN], due_at__lte=Now())
    return overdue.update(**fenced_off(
        state=S.UNKNOWN, intent_at=Coalesce(F("intent_at"), F("due_at")), unknown_at=Now(), next_at=Now(), negatives=0,
        looked_at=None, clause="K-restore", reason="復元の前に発信されたかどうか、調べています。"))
