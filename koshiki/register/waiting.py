"""What of the register waits for a person: each duty with its clause and its one button."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from koshiki import clock
from koshiki.guideline import Way, guideline
from koshiki.organization.duties import Duty
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import IP, deputises, service_division
from koshiki.register.flow import State, current_step
from koshiki.register.models import (
    Account,
    Application,
    Connection,
    Decision,
    Policy,
    RegisterPage,
    RegisterPageCheck,
)
from koshiki.register.roles import assigned


def waiting(person: Person) -> list[Duty]:
    """Everything of the register that waits for the person. The number of queries does not grow with the rows."""
    heads = _headed(person)
    return [
        *_decisions(person, heads),
        *_applications(person),
        *_own_division(person, heads),
        *_information_policy(person, heads),
        *_pages(person),
        *_policies(person),
        *_afterwards(person),
        *_dead_connections(person),
    ]


def _headed(person: Person) -> frozenset[int]:
    """The divisions for which the person decides today: as head, or as deputy while the head is absent."""
    standing = person.standing
    return standing.headed | {division for division in standing.deputy_of if deputises(person, division)}


def _duty(account: Account, name: str, *, title: str, clause: str, action: str, url: str = "",
          due: datetime | None = None) -> Duty:
    return Duty(title=f"{title}：{account}", url=url or reverse(name, args=[account.pk]), clause=clause, action=action,
                detail=account.division.name, since=account.moved_at, due=due)


# ── §6(1) ──────────────────────────────────────────────────────────

def _decisions(person: Person, heads: frozenset[int]) -> Iterator[Duty]:
    if not heads and not person.standing.deputy_of:
        return
    rounds = (Application.objects.filter(outcome="").select_related("account__division")
              .prefetch_related("decisions"))
    services = {division.service: division for division in Division.objects.exclude(service="")}
    for application in rounds:
        step = current_step(application)
        if step is None:
            continue
        division = application.account.division if step.of == "head" else services.get(step.of)
        if division is None or any(d.by_id == person.pk for d in application.decisions.all()):
            continue
        account = application.account
        if division.pk in heads or (division.pk in person.standing.deputy_of and _overdue(account.due_at)):
            word = "決裁する" if step.kind == "decision" else "合議する"
            yield _duty(account, "account_decide", title=step.label, clause="§6(1)", action=word, due=account.due_at)


def _overdue(due: datetime | None) -> bool:
    return due is not None and clock.now() > due + timedelta(hours=guideline().deadlines["deputy_after_hours"])


def _applications(person: Person) -> Iterator[Duty]:
    """What comes back to whoever applied, and what is to be done once it is decided."""
    mine = (Account.objects.filter(Q(created_by=person) | Q(applications__submitted_by=person),
                                   state__in=[State.RETURNED, State.REJECTED, State.APPROVED, State.ACQUIRED])
            .filter(division__in=person.standing.divisions).select_related("division").distinct())
    drafts = set(Policy.objects.filter(account__in=mine, completed_at__isnull=True).values_list("account", flat=True))
    unshared = set(Policy.objects.filter(account__in=mine, completed_at__isnull=False, shared_at__isnull=True)
                   .values_list("account", flat=True))
    for account in mine:
        if account.state == State.APPROVED:
            yield _duty(account, "account_acquire", title="アカウントの取得", clause="§6(1)", action="取得を記録する")
        elif account.state == State.RETURNED:
            yield _duty(account, "account_submit", title="差し戻された申請", clause="§6(1)", action="申請を直す")
        elif account.state == State.REJECTED:
            yield _duty(account, "account_submit", title="不可とされた申請", clause="§6(1)", action="理由を読む")
        elif account.pk in drafts | unshared:
            word = "完成する" if account.pk in drafts else "所属内で共有する"
            yield _duty(account, "account_policy", title="運用ポリシー", clause="§6(2)", action=word)


# ── §6(3) ──────────────────────────────────────────────────────────

def _own_division(person: Person, heads: frozenset[int]) -> Iterator[Duty]:
    """What the head still has to do after the acquisition."""
    states = [State.ACQUIRED, State.NOTIFICATION_RETURNED, State.LISTED]
    unready = Q(state=State.ACQUIRED) & ~Q(policies__completed_at__isnull=False)  # the policy is attached to the form
    found = (Account.objects.filter(division__in=heads, state__in=states).exclude(unready).filter(_with_page())
             .select_related("division"))
    for account in found:
        if account.state == State.LISTED:
            yield _duty(account, "account_profile", title="プロフィール欄へのURLの記載", clause="§6(3)ウ",
                        action="記載を確かめる", due=account.due_at)
        else:
            again = account.state == State.NOTIFICATION_RETURNED
            yield _duty(account, "account_notify", title="差し戻された届出" if again else "届出", clause="§6(3)ア",
                        action="届け出る", due=account.due_at)


def _information_policy(person: Person, heads: frozenset[int]) -> Iterator[Duty]:
    division = service_division(IP)
    if division is None or not (IP in person.standing.services or division.pk in heads):
        return
    states = [State.NOTIFIED, State.LISTED] if IP in person.standing.services else []
    states += [State.RECEIVED] if division.pk in heads else []
    for account in Account.objects.filter(_with_page(), state__in=states).select_related("division"):
        yield _register_duty(account)


def _with_page() -> Q:
    """Where the city lists by its CMS, the profile waits until the page's address is known (仮掲載)."""
    if guideline().way is not Way.FRAGMENT:
        return Q()
    return ~Q(state=State.LISTED) | Q(Exists(RegisterPage.objects.filter(account=OuterRef("pk"), ended_at=None)))


def _pages(person: Person) -> Iterator[Duty]:
    """What is wrong with the pages on the city's site: not recorded yet, or not showing the account."""
    if IP not in person.standing.services or guideline().way is Way.PAGES:
        return
    listed = Account.objects.public().select_related("division")
    if guideline().way is Way.FRAGMENT:
        recorded = Exists(RegisterPage.objects.filter(account=OuterRef("pk"), ended_at=None))
        for account in listed.exclude(recorded):
            yield _duty(account, "register_page", title="CMSへの掲載とアドレスの記録", clause="§6(3)イ", action="断片を写す",
                        due=account.due_at)
        listed = listed.filter(recorded)
    looks = RegisterPageCheck.objects.filter(account=OuterRef("pk")).order_by("-at", "-pk").values("result")[:1]
    for account in listed.annotate(looked=Subquery(looks)).filter(looked=RegisterPageCheck.Result.LACKING):
        yield _duty(account, "register_page", title="掲載ページの不足", clause="§6(3)イ", action="ページを直す")


def _register_duty(account: Account) -> Duty:
    if account.state == State.NOTIFIED:
        return _duty(account, "account_notification", title="届出の受理", clause="§6(3)ア", action="届出を読む",
                     due=account.due_at)
    if account.state == State.RECEIVED:
        return _duty(account, "account_list", title="市ホームページへの掲載", clause="§6(3)イ", action="掲載する",
                     due=account.due_at)
    return _duty(account, "account_profile", title="プロフィール欄の確認", clause="§6(3)ウ",
                 action="確認する", due=account.due_at)


# ── to be read ─────────────────────────────────────────────────────

def _policies(person: Person) -> Iterator[Duty]:
    """Policies shared in the person's divisions and not yet read (§6(2))."""
    unread: QuerySet[Policy] = (
        Policy.objects.filter(shared_at__isnull=False, account__division__in=person.standing.divisions)
        .exclude(readings__person=person).exclude(account__state__in=Account.ENDED).select_related("account__division"))
    days = timedelta(days=guideline().deadlines["policy_reading_days"])
    for policy in unread:
        due = policy.shared_at + days if policy.shared_at else None
        yield Duty(title=f"運用ポリシーの周知：{policy.account}", url=reverse("account_policy", args=[policy.account_id]),
                   clause="§6(2)", action="読む", detail=policy.account.division.name, since=policy.shared_at, due=due)


def _afterwards(person: Person) -> Iterator[Duty]:
    """後閲: what a deputy decided for the person, and what was entered from paper as the person's decision."""
    unread = (Decision.objects.filter(read_at__isnull=True)
              .filter(Q(as_deputy=True, division__in=person.standing.headed) & ~Q(by=person)
                      | Q(as_deputy=False, by=person) & ~Q(paper_number="") & ~Q(entered_by=person))
              .select_related("application__account__division"))
    for decision in unread:
        account = decision.application.account
        yield Duty(title=f"後閲（{decision.label}）：{account}", url=reverse("account_application", args=[account.pk]),
                   clause="K-deputy", action="読む", detail=account.division.name, since=decision.at)


def _dead_connections(person: Person) -> Iterator[Duty]:
    """Connections that their service refuses: nothing is published until they are made anew."""
    ours = {account for account, _ in assigned(person)}
    dead = (Connection.objects.filter(ended_at__isnull=True, dead_at__isnull=False)
            .filter(Q(account__in=ours) | Q(account__division__in=person.standing.headed))
            .select_related("account__division"))
    for connection in dead:
        account = connection.account
        yield Duty(title=f"接続切れ：{account}", url=reverse("account_connect", args=[account.pk]), clause="K-identity",
                   action="接続し直す", detail="接続し直すまで、発信は止まっています。", since=connection.dead_at, urgent=True)
