"""What of the policies waits for a person: to be read, shown, decided, put right; what a deputy decided (§6(2), K-policy)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Value
from django.urls import reverse

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.networks import service_label
from koshiki.organization.duties import Duty
from koshiki.organization.models import Absence, Deputy, Person, Posting
from koshiki.register.changing import CHANGEABLE, next_step
from koshiki.register.models import Account, Decision, Policy, PolicyChange, PolicyDecision, PolicyReading
from koshiki.register.turn import long_overdue, own_division

State = PolicyChange.State


def of_policies(person: Person, heads: frozenset[int]) -> Iterator[Duty]:
    """Each account's version in force, with the change that is under way from it: all in one query."""
    for policy in _concerning(person, heads):
        change = getattr(policy, "open_change", None)  # no attribute where the relation found none
        if policy.unread:
            yield _duty(policy, "運用ポリシーの周知", "読む", due=policy.shared_at + _reading_days())
        if policy.left_unread:
            yield _duty(policy, "運用ポリシーを読んでいない職員", "だれかを見る")
        if policy.unshown:
            yield _duty(policy, "運用ポリシーの新しい版の明示", "明示を記録する", name="policy_shown")
        if change and policy.account.state in CHANGEABLE:  # else it rests
            change.account = policy.account
            yield from _of_change(change, policy, person, heads)


def _reading_days() -> timedelta:
    return timedelta(days=guideline().deadlines["policy_reading_days"])


def _duty(policy: Policy, title: str, action: str, *, name: str = "account_policy", **more: Any) -> Duty:
    account = policy.account
    return Duty(title=f"{title}：{account}", url=reverse(name, args=[account.pk]), clause="§6(2)", action=action,
                detail=account.division.name, since=policy.shared_at, **more)


def _of_change(change: Any, policy: Any, person: Person, heads: frozenset[int]) -> Iterator[Duty]:
    if change.state == State.RETURNED:
        yield _change_duty(change, "差し戻された運用ポリシーの変更", "変更を直す")
    elif change.state == State.DECIDING and (step := next_step(change, policy.decided)) is not None:
        division = change.account.division_id if step.of == "head" else own_division(person, step.of)
        barred = {*change.writers, change.submitted_by_id, *policy.deciders}
        if division and person.pk not in barred and (division in heads or _as_deputy(person, division, change, barred)):
            yield _change_duty(change, f"運用ポリシーの変更の{step.label}", "決裁する" if step.kind == "decision" else "合議する")


def _change_duty(change: PolicyChange, title: str, action: str) -> Duty:
    return Duty(title=f"{title}：{change.account}", url=reverse("policy_change", args=[change.pk]), clause="K-policy",
                action=action, detail=change.account.division.name, since=change.submitted_at, due=change.due_at)


def _as_deputy(person: Person, division: int, change: PolicyChange, barred: Collection[int]) -> bool:
    """Does the first deputy decide because the head is late, or because every head who is there wrote it?"""
    if division not in person.standing.deputy_of:
        return False
    if not (long_overdue(change.due_at) or _heads_there(person)[division] <= set(barred)):
        return False
    return next((deputy for deputy in _deputies_there(person)[division] if deputy not in barred), None) == person.pk


def _deputies_there(person: Person) -> dict[int, list[int]]:
    """The deputies who are there today, in their order, of the divisions that the person deputises for; asked once."""
    if "deputies_there" not in person.__dict__:
        rows = Deputy.objects.current().filter(division__in=person.standing.deputy_of, person__is_active=True).exclude(
            person__in=Absence.objects.current().values("person")).order_by("order", "pk")
        found: dict[int, list[int]] = defaultdict(list)
        for division, deputy in rows.values_list("division", "person"):
            found[division].append(deputy)
        person.__dict__["deputies_there"] = found
    there: dict[int, list[int]] = person.__dict__["deputies_there"]
    return there


def _heads_there(person: Person) -> dict[int, set[int]]:
    """The heads who are there today, of the divisions that the person deputises for; asked once."""
    if "heads_there" not in person.__dict__:
        named = [position.name for position in guideline().positions.values() if position.head]
        absent = Absence.objects.current().values("person")
        rows = Posting.objects.current().filter(division__in=person.standing.deputy_of, position__in=named,
                                                person__is_active=True).exclude(person__in=absent)
        found: dict[int, set[int]] = defaultdict(set)
        for division, head in rows.values_list("division", "person"):
            found[division].add(head)
        person.__dict__["heads_there"] = found
    there: dict[int, set[int]] = person.__dict__["heads_there"]
    return there


def _concerning(person: Person, heads: frozenset[int]) -> QuerySet[Any]:
    standing = person.standing
    newer = Policy.objects.filter(account=OuterRef("account"), completed_at__isnull=False, version__gt=OuterRef("version"))
    read = PolicyReading.objects.filter(policy=OuterRef("pk"), person=person)
    shared, late = Q(shared_at__isnull=False), Q(shared_at__lt=clock.now() - _reading_days())
    mine, decides = Q(open_change__state=State.RETURNED, open_change__submitted_by=person), Q(pk__in=[])
    if heads or standing.deputy_of:
        decides = Q(open_change__state=State.DECIDING) & (
            Q(account__division__in=heads | standing.deputy_of) | ~Q(open_change__route__contained_by=_own_heads()))
    found: QuerySet[Any] = Policy.objects.annotate(
        open_change=FilteredRelation("changes", condition=Q(changes__state__in=PolicyChange.UNDER_WAY))).annotate(
        unread=shared & Q(account__division__in=standing.divisions) & ~Exists(read),
        left_unread=shared & late & Q(account__division__in=heads) & Exists(_not_read(person)),
        unshown=Q(place_shown="", not_shown_reason="", change__isnull=False, account__state__in=Account.PUBLIC)
        & (Q(account__division__in=heads) | Q(change__submitted_by=person, account__division__in=standing.divisions)),
        decided=ArraySubquery(_of_round("step")), deciders=ArraySubquery(_of_round("by")))
    return (found.filter(Q(unread=True) | Q(left_unread=True) | Q(unshown=True) | mine | decides)
            .filter(~Exists(newer), completed_at__isnull=False, account__state__in=Account.ACQUIRED_ON)
            .select_related("account__division", "open_change").order_by("pk"))


def _own_heads() -> list[str]:
    """The steps that an account's own division takes; all others are another's."""
    return [step.key for route in guideline().routes.values() for step in route if step.of == "head"]


def _not_read(person: Person) -> QuerySet[Posting]:
    """Others of the account's division, posted there today, who have not read the policy."""
    read = PolicyReading.objects.filter(policy=OuterRef(OuterRef("pk"))).values("person")
    return (Posting.objects.current().filter(division=OuterRef("account__division"), person__is_active=True)
            .exclude(person=person).exclude(person__in=read))


def _of_round(field: str) -> Any:
    """What was decided on the change as it now is."""
    return PolicyDecision.objects.filter(change=OuterRef("open_change__pk"), round=OuterRef("open_change__round")).order_by(
        "pk").values(field)


# ── 後閲 ───────────────────────────────────────────────────────────

def afterwards(person: Person) -> Iterator[Duty]:
    """What a deputy decided for the person, and what was entered from paper as the person's decision; in one query."""
    deputised = Q(as_deputy=True, division__in=person.standing.headed) & ~Q(by=person)
    on_paper = Q(as_deputy=False, by=person) & ~Q(paper_number="") & ~Q(entered_by=person)
    openings = _rows(Decision.objects.filter(deputised | on_paper), "account_application", "application__account")
    changes = _rows(PolicyDecision.objects.filter(deputised), "policy_change", "change__account", of="change")
    labels = {step.key: step.label for route in guideline().routes.values() for step in route}
    for step, page, of, service, name, division, at in openings.union(changes, all=True).order_by("at"):
        yield Duty(title=f"後閲（{labels.get(step, step)}）：{service_label(service)} {name}", url=reverse(page, args=[of]),
                   clause="K-deputy", action="読む", detail=division, since=at)


def _rows(decisions: QuerySet[Any], page: str, account: str, *, of: str = "") -> Any:
    return decisions.filter(read_at__isnull=True).order_by().annotate(
        page=Value(page), of=F(f"{of or account}__pk"), service=F(f"{account}__service"), name=F(f"{account}__name"),
        of_division=F(f"{account}__division__name")).values_list("step", "page", "of", "service", "name", "of_division", "at")
