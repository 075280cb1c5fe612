"""Who works on an account: authors and approvers named by the head (§8(1)), and the head's terms (§6(1))."""

from __future__ import annotations

from datetime import datetime

from django.db.models import CharField, QuerySet, Value
from django.utils import timezone

from koshiki.organization.models import Person
from koshiki.organization.roles import acts_as_head
from koshiki.register.models import Account, Assignment

AUTHOR = Assignment.Role.AUTHOR
APPROVER = Assignment.Role.APPROVER


def assigned(person: Person) -> frozenset[tuple[int, str]]:
    """The person's accounts and roles of today, as (account id, role); kept for one request."""
    return _known(person)[0]


def own_accounts(person: Person) -> frozenset[int]:
    """The accounts whose posts the person sees from the first draft on: the division's, and where assigned."""
    return _known(person)[1]


def _known(person: Person) -> tuple[frozenset[tuple[int, str]], frozenset[int]]:
    """What the person works on, and all accounts of the person's divisions with these; in one query."""
    if "known_accounts" not in person.__dict__:
        held = person.assignments.current().filter(person__is_active=True, revoked_for="").order_by()
        owned = Account.objects.filter(division__in=person.standing.divisions).order_by()
        rows = list(owned.values_list("pk", Value("", CharField())).union(held.values_list("account_id", "role"), all=True))
        person.__dict__["known_accounts"] = (frozenset(row for row in rows if row[1]), frozenset(row[0] for row in rows))
    found: tuple[frozenset[tuple[int, str]], frozenset[int]] = person.__dict__["known_accounts"]
    return found


def is_author(person: Person, account: Account | int) -> bool:
    """May the person draft for the account today?"""
    return (_id(account), AUTHOR) in assigned(person)


def is_approver(person: Person, account: Account | int) -> bool:
    """May the person approve for the account today?"""
    return (_id(account), APPROVER) in assigned(person)


def works_on(person: Person, account: Account | int) -> bool:
    """Is the person author or approver of the account today?"""
    return is_author(person, account) or is_approver(person, account)


def accounts_of(person: Person, role: str) -> list[int]:
    """The ids of the accounts where the person has this role today."""
    return sorted(account for account, held in assigned(person) if held == role)


def was_approver(person: Person, account: Account | int, at: datetime) -> bool:
    """Was the person approver of the account at that moment, and not revoked for cause since? (delivery 3)"""
    return approving_at(person.pk, _id(account), at).exists()


def approving_at(person: int, account: int, at: datetime) -> QuerySet[Assignment]:
    """The assignments, not revoked for cause since, under which the person could approve at that moment."""
    held = Assignment.objects.current(timezone.localdate(at)).filter(person=person, account=account, role=APPROVER)
    return held.filter(revoked_for="")


def decides_for(person: Person, account: Account, due: datetime | None = None) -> bool:
    """Is the person the head of the account's division, or the head's deputy on the usual terms?"""
    return bool(acts_as_head(person, account.division_id, due=due or account.due_at))


def _id(account: Account | int) -> int:
    return account if isinstance(account, int) else account.pk
