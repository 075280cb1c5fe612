"""Who works on an account: authors and approvers named by the head (§8(1)), and the head's terms (§6(1))."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from koshiki import clock
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


# Asked with every page and every act, so it is written out (as organization/standing.py).
_KNOWN = """
SELECT a.id, '' FROM koshiki_account a WHERE a.division_id = ANY(%(divisions)s)
UNION ALL
SELECT x.account_id, x.role FROM koshiki_assignment x JOIN koshiki_person p ON p.id = x.person_id AND p.is_active
WHERE p.id = %(person)s AND x.revoked_for = '' AND %(today)s BETWEEN x.start AND coalesce(x."end", 'infinity')"""


def _known(person: Person) -> tuple[frozenset[tuple[int, str]], frozenset[int]]:
    """What the person works on, and all accounts of the person's divisions with these; in one query."""
    if "known_accounts" not in person.__dict__:
        divisions = list(person.standing.divisions)
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN, {"person": person.pk, "divisions": divisions, "today": clock.today()})
            rows = cursor.fetchall()
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
