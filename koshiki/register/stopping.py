"""停止 that koshiki itself must set: a dead token, a clock that is wrong, a restored copy. Who may end one stands with the
Hold's kind; whatever publishes only obeys."""

from __future__ import annotations

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.organization.alerts import tell
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import heads_of, heads_of_service, it_people
from koshiki.register.models import Account, Assignment, Connection, Hold


@transaction.atomic
def stop(kind: Hold.Kind, reason: str, clause: str, *, account: Account | None = None, service: str = "") -> None:
    """Stops publishing, unless it is stopped for this already; koshiki's own act (by nobody)."""
    held = Hold.objects.open().filter(kind=kind, account=account, service=service, what=Hold.What.PUBLISHING)
    if held.exists():
        return
    hold = Hold.objects.create(kind=kind, account=account, service=service, reason=reason[:300], clause=clause)
    told = _answerable(account)
    record("hold.stop", hold, by=None, clause=clause, reason=reason, kind=str(kind))
    tell(told, subject="発信の停止", path="/", urgent=True)


@transaction.atomic
def token_dead(account: Account, reason: str) -> None:
    """The service refuses the account's credentials: held until it is connected again."""
    Connection.objects.filter(account=account, ended_at=None, dead_at=None).update(dead_at=clock.now())
    stop(Hold.Kind.TOKEN, reason, "K-hold", account=account)


def _answerable(account: Account | None) -> list[Person]:
    if account is None:
        return [*heads_of_service(Division.Service.INFORMATION_POLICY), *it_people()]
    return [*heads_of(account.division_id), *workers(account)]


def workers(account: Account) -> list[Person]:
    """The account's authors and approvers of today."""
    named = Assignment.objects.current().filter(account=account)
    return list(Person.objects.filter(is_active=True, pk__in=named.values("person")))
