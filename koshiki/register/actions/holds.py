"""The stop: publishing held for an account, a service or everything, by who may, with a reason (delivery, Holds)."""

from __future__ import annotations

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, heads, in_service
from koshiki.register.models import Account, Hold
from koshiki.register.roles import decides_for, works_on

_DUTY = "情報政策課又は広報広聴シティプロモーション課の職員"
_ACCOUNT = f"アカウントの担当者・責任者、所属長、{_DUTY}"


def may_stop(person: Person, account: Account | None = None) -> bool:
    """May the person stop this account, or (None) a service or everything?"""
    if in_service(person):
        return True
    return account is not None and (works_on(person, account) or decides_for(person, account))


def who_may_stop(account: Account | None = None) -> str:
    return _ACCOUNT if account else _DUTY


@transaction.atomic
def stop(reason: str, *, account: Account | None = None, service: str = "", by: Person) -> Hold:
    """Hold publishing at once: of the account, else of the service, else of everything. Raises Refused K-hold."""
    if not may_stop(by.afresh(), account):
        raise Refused("K-hold", "この停止を行うことはできません。", who=who_may_stop(account))
    if not reason.strip():
        raise Refused("K-hold", "停止には、理由が要ります。", now="理由を書いてください。", who=who_may_stop(account))
    hold = Hold.objects.create(account=account, service="" if account else service, reason=reason, clause="K-hold",
                               by=by, since=clock.now())
    record("hold.stop", hold, by=by, clause="K-hold", account=account.pk if account else 0, service=hold.service,
           reason=reason)
    return hold


def may_lift(hold: Hold, person: Person) -> bool:
    """A stop ends by the head of the account's division or by 情報政策課; every other kind by its own procedure."""
    if hold.until is not None or hold.kind != Hold.Kind.STOP:
        return False
    return in_service(person, IP) or (hold.account is not None and heads(person, hold.account.division_id))


@transaction.atomic
def lift(hold: Hold, reason: str, *, by: Person) -> Hold:
    """End a stop. What is then overdue waits for an approver's word (delivery). Raises Refused K-hold."""
    locked = Hold.objects.select_for_update(of=("self",)).select_related("account").get(pk=hold.pk)
    if locked.until is not None:
        raise Refused("K-hold", "この停止は、すでに解除されています。", now="停止の一覧を確かめてください。")
    if not may_lift(locked, by.afresh()):
        raise Refused("K-hold", "この停止を解除することはできません。", who=who_may_lift(locked))
    if not reason.strip():
        raise Refused("K-hold", "解除には、理由が要ります。", now="理由を書いてください。", who=who_may_lift(locked))
    locked.until, locked.lifted_by, locked.lift_reason = clock.now(), by, reason
    locked.save(update_fields=["until", "lifted_by", "lift_reason"])
    record("hold.lift", locked, by=by, clause="K-hold", reason=reason)
    return locked


def who_may_lift(hold: Hold) -> str:
    """Who ends this kind of hold, for pages and refusals."""
    if hold.kind == Hold.Kind.TOKEN:
        return "アカウントを接続し直した職員（接続すると解けます）"
    if hold.kind in Hold.SAFETY:
        return "システム管理の担当又は情報政策課長（「安全のための停止」で確かめます）"
    if hold.kind == Hold.Kind.CLOSING:
        return "だれも解除できません（廃止の手続による停止です）"
    if hold.kind != Hold.Kind.STOP:
        return "その停止を行った手続を終えた職員"
    return f"{hold.account.division}の長又は情報政策課の職員" if hold.account else "情報政策課の職員"
