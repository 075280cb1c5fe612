"""Applying for an account (§6(1)): the draft is kept as it grows, then submitted as one unchanging round."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max

from koshiki import clock
from koshiki.audit.log import canonical, record
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import belongs, require_confirmation
from koshiki.register import policy as policies
from koshiki.register.flow import MEMBER, open_application
from koshiki.register.models import Account, Application, Policy, Review
from koshiki.register.moves import locked_for, pass_on


@transaction.atomic
def begin(division: Division, service: str, name: str, *, by: Person) -> Account:
    """Begin an application: the planned account of a division on a service. Raises Refused §6(1), §4(1)."""
    if not belongs(by.afresh(), division):
        raise Refused("§6(1)", f"{division}のアカウントを申請できるのは、{division}の職員です。", who=MEMBER)
    require_confirmation(by)
    account = Account.objects.create(division=division, service=service, name=name, created_by=by)
    Policy.objects.create(account=account, version=1, edition=guideline().edition, written_by=by)
    record("account.begin", account, by=by, clause="§6(1)", service=service, name=name)
    return account


@transaction.atomic
def save_start(account: Account, service: str, name: str, *, by: Person) -> Account:
    """Change the service or the planned name of a draft."""
    locked = locked_for(account, "draft", by=by)
    locked.service, locked.name = service, name
    locked.save(update_fields=["service", "name"])
    return pass_on(locked, "draft", by=by, part="サービスと名前", service=service, name=name)


@transaction.atomic
def save_review(account: Account, answers: Mapping[str, str], reviewed_on: date | None, *, by: Person) -> Review:
    """Keep the review of the service's terms, mechanism and settings (§4(3)), finished or not."""
    locked = locked_for(account, "draft", by=by)
    review = Review.objects.create(account=locked, answers=dict(answers), reviewed_on=reviewed_on, by=by)
    pass_on(locked, "draft", by=by, part="事前確認")
    return review


@transaction.atomic
def save_policy(account: Account, typed: Mapping[str, str], taken: Collection[str], *, by: Person) -> Policy:
    """Keep the draft of the operating policy: what was typed, and which words of 別紙1 were taken over (§6(2))."""
    locked = locked_for(account, "draft", by=by)
    policy = Policy.objects.select_for_update().get(account=locked, completed_at__isnull=True)
    policy.items = canonical(policies.written(locked, typed, taken))
    policy.edition, policy.written_by, policy.saved_at = guideline().edition, by, clock.now()
    policy.save(update_fields=["items", "edition", "written_by", "saved_at"])
    pass_on(locked, "draft", by=by, part="運用ポリシー")
    return policy


def newest_review(account: Account) -> Review | None:
    """The review that an application takes with it."""
    return account.reviews.order_by("-saved_at", "-pk").first()


def review_gaps(review: Review | None) -> list[str]:
    """What the review of §4(3) lacks, by the labels of the guideline file."""
    return _gaps(review.answers if review else {}, review.reviewed_on if review else None)


def _gaps(answers: Mapping[str, str], reviewed_on: date | None) -> list[str]:
    gaps = [item.label for item in guideline().review_items if not str(answers.get(item.key, "")).strip()]
    return gaps if reviewed_on else [*gaps, "確認日"]


def draft_items(account: Account) -> dict[str, Any]:
    """The policy as it stands in the draft, with what the account itself says."""
    draft = account.policies.filter(completed_at__isnull=True).first()
    return {"clauses": {}, **(draft.content if draft else {}), **policies.of_account(account)}


@transaction.atomic
def submit(account: Account, *, by: Person) -> Application:
    """Submit a round: the first decision's turn. Raises Refused §4(1), §4(3), §6(2)… when something is missing."""
    locked = locked_for(account, "submit", by=by)
    require_confirmation(by)
    review, items = newest_review(locked), draft_items(locked)
    require_review(review.answers if review else {}, review.reviewed_on if review else None)
    require_whole(items)
    application = _round(locked, review, items, by)
    pass_on(locked, "submit", by=by, round=application.round, digest=application.digest)
    return application


def require_review(answers: Mapping[str, str], reviewed_on: date | None) -> None:
    """Raises Refused §4(3) unless everything of the service was read, on a day that is not to come."""
    if gaps := _gaps(answers, reviewed_on):
        raise Refused("§4(3)", f"サービスの事前確認が済んでいません（{'、'.join(gaps)}）。",
                      now="事前確認のページで、残りを書いてください。", who=MEMBER)
    if reviewed_on and reviewed_on > clock.today():
        raise Refused("§4(3)", "事前確認の日が、先の日付になっています。", now="確認した日を書いてください。", who=MEMBER)


def require_whole(items: policies.Items, *, acquired: bool = False) -> None:
    """Raises Refused with the clause of the first item that the policy lacks, naming each (§6(2), 別紙1)."""
    if lacks := policies.missing(items, acquired=acquired):
        named = "、".join(lack.label for lack in lacks)
        raise Refused(lacks[0].clause, f"運用ポリシーに足りないものがあります：{named}。",
                      now="運用ポリシーのページで、足りないものを書いてください。", who=MEMBER)


def _round(account: Account, review: Review | None, items: policies.Items, by: Person) -> Application:
    snapshot = canonical({
        "edition": guideline().edition, "service": account.service, "division": account.division.name,
        "name": account.name, "policy": items,
        "review": {"answers": review.answers, "reviewed_on": str(review.reviewed_on), "by": review.by.name}
        if review else {},
    })
    last = account.applications.aggregate(last=Max("round"))["last"] or 0
    return Application.objects.create(
        account=account, round=last + 1, snapshot=snapshot, digest=hashlib.sha256(snapshot.encode()).hexdigest(),
        route=[step.key for step in guideline().routes["opening"]], submitted_by=by, submitted_at=clock.now())


@transaction.atomic
def withdraw(account: Account, reason: str = "", *, by: Person) -> Account:
    """Take an application back (取下げ); it can be changed and submitted again."""
    locked = locked_for(account, "withdraw", by=by)
    if application := open_application(locked):
        close(application, Application.Outcome.WITHDRAWN)
    return pass_on(locked, "withdraw", by=by, reason=reason)


def close(application: Application, outcome: Application.Outcome) -> None:
    """End a round."""
    application.outcome, application.closed_at = outcome, clock.now()
    application.save(update_fields=["outcome", "closed_at"])


