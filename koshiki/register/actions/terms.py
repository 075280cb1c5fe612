"""規約などの確認 — a service's terms, mechanism and settings are read again: every year, and when it changed (§4(3))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import record
from koshiki.calendar import business_days_end
from koshiki.guideline import Refused, guideline
from koshiki.organization.alerts import tell
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, heads_of, in_service
from koshiki.register.actions.apply import require_review
from koshiki.register.models import Account, Review, ServiceChange
from koshiki.register.moves import locked_for, pass_on
from koshiki.register.stopping import workers
from koshiki.workflow import lock


@transaction.atomic
def review_terms(account: Account, answers: Mapping[str, str], reviewed_on: date | None, *, by: Person) -> Review:
    """The division has read the service's terms anew, item by item, on this day. Raises Refused §4(3) where one is left out."""
    locked = locked_for(account, "review_terms", by=by)
    require_review(answers, reviewed_on)
    review = Review.objects.create(account=locked, answers=dict(answers), reviewed_on=reviewed_on, by=by, saved_at=clock.now())
    pass_on(locked, "review_terms", by=by, reviewed_on=str(reviewed_on))
    return review


@transaction.atomic
def mark_changed(account: Account, what: str, *, by: Person) -> ServiceChange:
    """The account's service has changed: everybody who keeps an account on it reads its terms anew (§4(3))."""
    locked = locked_for(account, "mark_changed", by=by)
    if not what.strip():
        raise Refused("§4(3)", "変わったことが書かれていません。", now="規約や設定の、何が変わったのかを書いてください。")
    due = business_days_end(clock.now(), guideline().deadlines["service_change_business_days"])
    change = ServiceChange.objects.create(service=locked.service, what=what, by=by, at=clock.now(), due_at=due)
    _tell_all(change, by)
    record("servicechange.mark", change, by=by, clause="§4(3)", what=what)
    return change


def _tell_all(change: ServiceChange, by: Person) -> None:
    kept = Account.objects.public().filter(service=change.service)
    people = {person for account in kept for person in (*workers(account), *heads_of(account.division_id))}
    tell(people - {by}, subject="サービスの変更と規約などの確認", path=reverse("home"))


def may_take_back(change: ServiceChange, person: Person) -> bool:
    """Who made the mark, or 情報政策課, takes it back."""
    return change.taken_back_at is None and (change.by_id == person.pk or in_service(person, IP))


@transaction.atomic
def take_back_change(change: ServiceChange, reason: str, *, by: Person) -> ServiceChange:
    """The mark was a mistake, and asks nobody for anything any more. Raises Refused §4(3), K-stale."""
    locked = lock(change)
    if locked.taken_back_at is not None:
        raise Refused("K-stale", "この知らせは、すでに取り消されています。", now="アカウントのページを確かめてください。")
    if not may_take_back(locked, by.afresh()):
        raise Refused("§4(3)", "この知らせを取り消すことはできません。", who="知らせた職員又は情報政策課の職員")
    if not reason.strip():
        raise Refused("§4(3)", "理由が書かれていません。", now="取り消す理由を書いてください。")
    locked.taken_back_at, locked.taken_back_by, locked.reason = clock.now(), by, reason
    locked.save(update_fields=["taken_back_at", "taken_back_by", "reason"])
    record("servicechange.take_back", locked, by=by, clause="§4(3)", reason=reason)
    return locked
