"""Official accounts, each with the rows of its whole opening: one is opened by the real acts, the others are as it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from benchmarks.city.log import Happened
from benchmarks.city.people import Office
from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.networks.base import Link, Secret
from koshiki.register.link import kept
from koshiki.register.models import (
    Account,
    Application,
    Assignment,
    Connection,
    Decision,
    Notification,
    Policy,
    PolicyReading,
    ProfileCheck,
    Review,
    StoredFile,
    Verification,
)
from tests.cast import SINCE, Cast
from tests.guideline import opening


@dataclass(frozen=True)
class Target:
    """公式アカウント with its office."""

    account: Account
    office: Office


def make_accounts(number: int, offices: list[Office], cast: Cast, since: datetime) -> tuple[list[Target], list[Happened]]:
    """So many official accounts over the offices, and what stands in the log about them."""
    with clock.at(since):
        pattern = opening.listed(cast)
        for stage in (opening.submitted, opening.approved, opening.received):
            stage(cast, service="city_feed")
    copied = _Copies(pattern, number, offices)
    return copied.targets, copied.happened(since)


class _Copies:
    """The rows of the pattern's opening once more for each account."""

    def __init__(self, pattern: Account, number: int, offices: list[Office]) -> None:
        self.pattern = pattern
        self.offices = [offices[n % len(offices)] for n in range(number)]
        self.accounts = Account.objects.bulk_create(self._account(n, o) for n, o in enumerate(self.offices))
        self.targets = [Target(a, o) for a, o in zip(self.accounts, self.offices, strict=True)]
        self.files = self._once(StoredFile, pattern.files.all()[0])
        self._once(Review, pattern.reviews.get())
        self.policies = self._once(Policy, pattern.policies.get())
        PolicyReading.objects.bulk_create(
            PolicyReading(policy=p, person=person) for p, o in zip(self.policies, self.offices, strict=True)
            for person in o.people)
        self.decisions = self._decided()
        self._once(Notification, pattern.notifications.get(), policy=self.policies, image=self.files)
        self._afterwards()

    def _account(self, number: int, office: Office) -> Account:
        own = number % 3 == 0
        name = f"{office.division.name}{'のお知らせ' if own else f'だより{number}'}"
        now = clock.now() - timedelta(days=300)
        return Account(
            division=office.division, service="city_feed" if own else "mastodon", state=Account.State.OFFICIAL, name=name,
            handle="" if own else f"@city{number}", url="" if own else f"https://social{number % 7}.example/@city{number}",
            introduction=f"{office.division.name}から、暮らしに役立つお知らせをお届けします。", created_by=office.authors[0],
            acquired_on=SINCE, listed_at=now, official_at=now, created_at=now, moved_at=now)

    def _once(self, kind: type[models.Model], row: models.Model, **own: Any) -> list[Any]:
        """The row once for each account; `own`: what differs from one account to the next."""
        values = {f.attname: getattr(row, f.attname) for f in kind._meta.concrete_fields if not f.primary_key}
        made = [kind(**{**values, "account_id": account.pk, **{f"{k}_id": v[n].pk for k, v in own.items()}})
                for n, account in enumerate(self.accounts)]
        return kind._default_manager.bulk_create(made)

    def _decided(self) -> list[Decision]:
        """The database takes decisions on an open round only, and closes it only with all of them."""
        round_ = self.pattern.applications.get()
        decisions = list(round_.decisions.order_by("pk"))
        outcome, closed = round_.outcome, round_.closed_at
        round_.outcome, round_.closed_at = "", None
        applications = self._once(Application, round_)
        values = [{f.attname: getattr(d, f.attname) for f in Decision._meta.concrete_fields if not f.primary_key}
                  for d in decisions]
        made = Decision.objects.bulk_create(
            Decision(**{**v, "application_id": a.pk}) for a in applications for v in values)
        Application.objects.filter(pk__in=[a.pk for a in applications]).update(outcome=outcome, closed_at=closed)
        return made

    def _afterwards(self) -> None:
        Assignment.objects.bulk_create(
            Assignment(account=t.account, person=person, role=role, start=SINCE, named_by=t.office.head)
            for t in self.targets for role, people in (("author", t.office.authors), ("approver", t.office.approvers))
            for person in people)
        Connection.objects.bulk_create(
            Connection(account=a, remote_id=str(a.pk), handle=a.handle, connected_by=o.head, **_link(a))
            for a, o in zip(self.accounts, self.offices, strict=True) if a.service == "mastodon")
        ProfileCheck.objects.bulk_create(
            ProfileCheck(account=a, address="https://city.example/", result="holds", by=o.head, evidence=f)
            for a, o, f in zip(self.accounts, self.offices, self.files, strict=True))
        Verification.objects.bulk_create(
            Verification(account=a, available="no", looked_on=SINCE, by=o.head)
            for a, o in zip(self.accounts, self.offices, strict=True))

    def happened(self, since: datetime) -> list[Happened]:
        """The pattern's entries, told of each account and of the rows that are its own."""
        entries = list(Entry.objects.filter(thing__in=self._things(self.pattern)).order_by("number"))
        names = [self._names(n) for n in range(len(self.accounts))]
        return [Happened(since + timedelta(minutes=n * len(entries) + place), e.actor_id, e.verb, names[n](e.thing),
                         e.clause, str(account), e.data)
                for n, account in enumerate(self.accounts) for place, e in enumerate(entries)]

    @staticmethod
    def _things(account: Account) -> list[str]:
        decisions = Decision.objects.filter(application__account=account).order_by("pk")
        return [f"account:{account.pk}", f"policy:{account.policies.get().pk}", *(f"decision:{d.pk}" for d in decisions)]

    def _names(self, number: int) -> Callable[[str], str]:
        own = [f"account:{self.accounts[number].pk}", f"policy:{self.policies[number].pk}"]
        each = len(self.decisions) // len(self.accounts)
        own += [f"decision:{d.pk}" for d in self.decisions[number * each:(number + 1) * each]]
        return dict(zip(self._things_of_pattern, own, strict=True)).__getitem__

    @property
    def _things_of_pattern(self) -> list[str]:
        if not hasattr(self, "_pattern_things"):
            self._pattern_things = self._things(self.pattern)
        return self._pattern_things


def _link(account: Account) -> dict[str, Any]:
    """What is kept of a connection to a server that is not there, sealed as always."""
    link = Link(str(account.pk), "https://social.example", {"access_token": Secret("of nobody")}, {})
    return kept(link, service="mastodon")
