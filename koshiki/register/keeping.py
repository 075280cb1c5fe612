"""What waits with the accounts that somebody keeps: their own people and the head of their division.

A dead connection, what is wrong in a profile (K-profile, §6(3)ウ, §8(2)ア), a profile that koshiki can't read and nobody has
looked at for a while, terms to be read anew (§4(3)): one question for all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.networks import SERVICES
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.register.models import (
    Account,
    Closing,
    Connection,
    ProfileCheck,
    ProfileFinding,
    Review,
    ServiceChange,
)
from koshiki.register.roles import assigned

Kind = ProfileFinding.Kind
LIVE_HERE = [key for key, service in SERVICES.items() if service.adapter and service.adapter.lives_here]


def kept_by(person: Person) -> Iterator[Duty]:
    """Everything of the accounts that the person works on or heads which is not as it must be."""
    ours = {account for account, _ in assigned(person)}
    if not ours and not person.standing.headed:
        return
    for account in in_want().filter(Q(pk__in=ours) | Q(division__in=person.standing.headed)):
        yield from _connection(account)
        yield from _findings(account)
        yield from _look(account)
        yield from _terms(account)


def in_want() -> QuerySet[Any]:
    """The accounts with something to be put right, each with all that tells what."""
    dead = Connection.objects.filter(account=OuterRef("pk"), ended_at=None, dead_at__isnull=False)
    wrong = ProfileFinding.objects.filter(account=OuterRef("pk"), ended_at=None)
    told = JSONObject(kind="kind", since="since", due="due_at")
    found: QuerySet[Any] = with_terms(with_looks(Account.objects.exclude(state__in=Account.ENDED))).annotate(
        dead_at=Subquery(dead.values("dead_at")[:1]),
        wrong=ArraySubquery(wrong.order_by("due_at", "pk").annotate(told=told).values("told")))
    public = Q(state__in=Account.PUBLIC)
    found = found.annotate(to_see=_true(unseen()), to_read=_true(public & unread()))
    return found.filter(Q(dead_at__isnull=False) | public & Q(Exists(wrong)) | Q(to_see=True) | Q(to_read=True)).select_related(
        "division").order_by("pk")


def _true(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False))


def with_looks(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Each with when its profile was last seen (`seen_at`): by koshiki or by a person."""
    looks = ProfileCheck.objects.filter(account=OuterRef("pk")).exclude(result=ProfileCheck.Result.UNREADABLE)
    found: QuerySet[Any] = accounts.annotate(seen_at=Coalesce(Subquery(looks.order_by("-at").values("at")[:1]), "official_at"))
    return found


def unseen() -> Q:
    """Official, and its profile not seen for as long as the file says: it lets koshiki read nothing, or not any more."""
    return (Q(state=Account.State.OFFICIAL, seen_at__lt=clock.now() - _days("profile_look_days")) & ~Q(service__in=LIVE_HERE)
            & _stays())


def with_terms(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Each with when its service's terms were last read (`reviewed_on`), and what has changed there since (`changed_due`)."""
    reviews = Review.objects.filter(account=OuterRef("pk"), reviewed_on__isnull=False).order_by("-saved_at", "-pk")
    changes = ServiceChange.objects.filter(service=OuterRef("service"), taken_back_at=None)
    found: QuerySet[Any] = accounts.annotate(
        reviewed_on=Coalesce(Subquery(reviews.values("reviewed_on")[:1]), "acquired_on"),
        reviewed_at=Coalesce(Subquery(reviews.values("saved_at")[:1]), "created_at")).annotate(
        changed_due=Subquery(changes.filter(at__gt=OuterRef("reviewed_at")).order_by("due_at").values("due_at")[:1]))
    return found


def open_changes(account: Any) -> QuerySet[ServiceChange]:
    """What changed at the service since its terms were last read, of an account `with_terms`."""
    return ServiceChange.objects.filter(service=account.service, taken_back_at=None, at__gt=account.reviewed_at)


def unread() -> Q:
    """The terms are to be read anew: a year is nearly over, or the service has changed."""
    soon = clock.today() - _days("review_valid_days") + _days("review_remind_days")
    return (Q(reviewed_on__lt=soon) | Q(changed_due__isnull=False)) & _stays()


def _stays() -> Q:
    """What is being closed is not kept in order any more."""
    return ~Q(Exists(Closing.objects.filter(account=OuterRef("pk"), state__in=Closing.UNDER_WAY)))


def terms_due(account: Any) -> datetime:
    """Until when the terms are to be read anew, of an account `with_terms`."""
    until = timezone.make_aware(datetime.combine(account.reviewed_on + _days("review_valid_days"), time.min))
    return min(until, account.changed_due) if account.changed_due else until


def look_due(account: Any) -> datetime:
    """Until when a person looks at the profile, of an account `with_looks`."""
    due: datetime = account.seen_at + _days("profile_look_days") + _days("finding_business_days")
    return due


def _days(term: str) -> timedelta:
    return timedelta(days=guideline().deadlines[term])


# ── the duties ─────────────────────────────────────────────────────

def _duty(account: Account, name: str, title: str, clause: str, action: str, **more: Any) -> Duty:
    return Duty(title=f"{title}：{account}", url=reverse(name, args=[account.pk]), clause=clause, action=action,
                **{"detail": account.division.name, **more})


def _connection(account: Any) -> Iterator[Duty]:
    """A connection that its service refuses: nothing is published until it is made anew."""
    if account.dead_at:
        yield _duty(account, "account_connect", "接続切れ", "K-identity", "接続し直す", since=account.dead_at, urgent=True,
                    detail="接続し直すまで、発信は止まっています。")


def _findings(account: Any) -> Iterator[Duty]:
    """One duty for all of them: they are put right in one place, at once. It bears the clause of the first to be due."""
    if account.wrong and account.state in Account.PUBLIC:
        kinds = [Kind(row["kind"]) for row in account.wrong]
        first = account.wrong[0]
        yield _duty(account, "account_profile", "プロフィール欄の不備", ProfileFinding.CLAUSES[kinds[0]], "プロフィール欄を直す",
                    detail=f"{account.division.name}　直すもの：{'、'.join(kind.label for kind in kinds)}",
                    since=datetime.fromisoformat(first["since"]), due=datetime.fromisoformat(first["due"]))


def _look(account: Any) -> Iterator[Duty]:
    if account.to_see:
        yield _duty(account, "account_profile", "プロフィール欄を目で見る確認", "K-profile", "見て確かめる",
                    since=account.seen_at, due=look_due(account))


def _terms(account: Any) -> Iterator[Duty]:
    if account.to_read:
        detail = "サービスが変わったと知らされました。" if account.changed_due else account.division.name
        yield _duty(account, "account_terms", "規約などの確認", "§4(3)", "読んで確認する", due=terms_due(account), detail=detail)
