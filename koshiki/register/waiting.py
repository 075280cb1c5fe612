"""What of the register waits for a person: each duty with its clause and its one button."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.urls import reverse

from koshiki.guideline import Way, guideline
from koshiki.organization.duties import Duty
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import IP, deputises
from koshiki.register import waiting_policies
from koshiki.register.actions.page import with_earlier_policy
from koshiki.register.closing import standing
from koshiki.register.flow import State, current_step
from koshiki.register.keeping import kept_by
from koshiki.register.models import (
    Account,
    Application,
    Closing,
    ClosingCheck,
    Policy,
    RegisterPage,
    RegisterPageCheck,
)
from koshiki.register.turn import long_overdue, own_division


def waiting(person: Person) -> list[Duty]:
    """Everything of the register that waits for the person. The number of queries does not grow with the rows."""
    heads = _headed(person)
    return [
        *_decisions(person, heads),
        *_applications(person),
        *_after_acquisition(person, heads),  # to official, or to the end (§7)
        *_pages(person),
        *waiting_policies.of_policies(person, heads),
        *waiting_policies.afterwards(person),
        *kept_by(person),
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
    for application in rounds:
        step = current_step(application)
        if step is None or any(d.by_id == person.pk for d in application.decisions.all()):
            continue
        account = application.account
        division = account.division_id if step.of == "head" else own_division(person, step.of)
        if division in heads or (division in person.standing.deputy_of and long_overdue(account.due_at)):
            word = "決裁する" if step.kind == "decision" else "合議する"
            yield _duty(account, "account_decide", title=step.label, clause="§6(1)", action=word, due=account.due_at)


def _applications(person: Person) -> Iterator[Duty]:
    """What comes back to whoever applied, and what is to be done once it is decided."""
    applied = Application.objects.filter(account=OuterRef("pk"), submitted_by=person)
    policies = Policy.objects.filter(account=OuterRef("pk"))
    mine: QuerySet[Any] = (
            Account.objects.filter(Q(created_by=person) | Q(Exists(applied)), division__in=person.standing.divisions,
                                   state__in=[State.RETURNED, State.REJECTED, State.APPROVED, State.ACQUIRED])
            .annotate(drafted=Exists(policies.filter(completed_at__isnull=True)),
                      unshared=Exists(policies.filter(completed_at__isnull=False, shared_at__isnull=True)))
            .select_related("division"))
    for account in mine:
        if account.state == State.APPROVED:
            yield _duty(account, "account_acquire", title="アカウントの取得", clause="§6(1)", action="取得を記録する")
        elif account.state == State.RETURNED:
            yield _duty(account, "account_submit", title="差し戻された申請", clause="§6(1)", action="申請を直す")
        elif account.state == State.REJECTED:
            yield _duty(account, "account_submit", title="不可とされた申請", clause="§6(1)", action="理由を読む")
        elif account.drafted or account.unshared:
            word = "完成する" if account.drafted else "所属内で共有する"
            yield _duty(account, "account_policy", title="運用ポリシー", clause="§6(2)", action=word)


# ── §6(3) ──────────────────────────────────────────────────────────

_HEADS_TURN = (State.ACQUIRED, State.NOTIFICATION_RETURNED, State.LISTED)


def _after_acquisition(person: Person, heads: frozenset[int]) -> Iterator[Duty]:
    """What the head still has to do with an account that exists, and what 情報政策課 has; in one query.

    What is being closed is not opened further; a draft of 別紙3 alone changes nothing.
    """
    serves = IP in person.standing.services
    if not heads and not serves:
        return
    keeps = Q(Exists(Division.objects.filter(service=IP, pk__in=heads)))
    for account in _waiting_accounts(heads, keeps, serves=serves):
        if account.opens and account.division_id in heads and account.state in _HEADS_TURN:
            yield _head_duty(account)
        if account.opens and (account.state == State.RECEIVED or (
                serves and account.state in (State.NOTIFIED, State.LISTED))):
            yield _register_duty(account)
        if account.closes:
            yield from _closing_duties(account, account.standing, heads, serves=serves)


def _waiting_accounts(heads: frozenset[int], keeps: Q, *, serves: bool) -> QuerySet[Any]:
    """The accounts with something to do, whether of their opening (`opens`) or of the closing that stands (`closes`)."""
    policies = Policy.objects.filter(account=OuterRef("pk"), completed_at__isnull=False)
    ready = ~Q(state=State.ACQUIRED) | Q(Exists(policies))  # the policy is attached to the form
    own = Q(division__in=heads, state__in=_HEADS_TURN) & ready
    handed_in = Q(state__in=[State.NOTIFIED, State.LISTED] if serves else []) | keeps & Q(state=State.RECEIVED)
    going = Q(Exists(Closing.objects.filter(account=OuterRef("pk"), state__in=Closing.UNDER_WAY)))
    looks = ClosingCheck.objects.filter(closing=OuterRef("standing__pk"), what="page").order_by("-at", "-pk").values("result")
    found: QuerySet[Any] = Account.objects.annotate(
        standing=standing()).annotate(
        looked=Subquery(looks[:1]),
        opens=_true((own | handed_in) & _with_page() & ~going)).annotate(closes=_true(_steps_of(heads, keeps, serves=serves)))
    return found.filter(Q(opens=True) | Q(closes=True)).select_related("division", "standing")


def _true(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False))


def _head_duty(account: Account) -> Duty:
    if account.state == State.LISTED:
        return _duty(account, "account_profile", title="プロフィール欄へのURLの記載", clause="§6(3)ウ",
                     action="記載を確かめる", due=account.due_at)
    again = account.state == State.NOTIFICATION_RETURNED
    return _duty(account, "account_notify", title="差し戻された届出" if again else "届出", clause="§6(3)ア",
                 action="届け出る", due=account.due_at)


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
    lacking = Q(looked=RegisterPageCheck.Result.LACKING)
    wrong = lacking | Q(outdated=True) if guideline().way is Way.FRAGMENT else lacking
    for account in with_earlier_policy(listed).annotate(looked=Subquery(looks)).filter(wrong):
        if account.looked == RegisterPageCheck.Result.LACKING:
            yield _duty(account, "register_page", title="掲載ページの不足", clause="§6(3)イ", action="ページを直す")
        else:
            yield _duty(account, "register_page", title="CMSの運用ポリシーの差替え", clause="§6(3)イ", action="断片を写す")


def _register_duty(account: Account) -> Duty:
    if account.state == State.NOTIFIED:
        return _duty(account, "account_notification", title="届出の受理", clause="§6(3)ア", action="届出を読む",
                     due=account.due_at)
    if account.state == State.RECEIVED:
        return _duty(account, "account_list", title="市ホームページへの掲載", clause="§6(3)イ", action="掲載する",
                     due=account.due_at)
    return _duty(account, "account_profile", title="プロフィール欄の確認", clause="§6(3)ウ",
                 action="確認する", due=account.due_at)


# ── §7 ─────────────────────────────────────────────────────────────

_CLOSINGS = {  # what the page is called on which the head, or 情報政策課長, takes the next step
    Closing.State.DRAFT: ("廃止届出書の提出", "§7(1)", "account_closing", "届出書を読む"),
    Closing.State.RETURNED: ("差し戻された廃止届出書", "§7(1)", "account_closing", "届出書を直す"),
    Closing.State.NOTIFIED: ("市ホームページからの削除", "§7(2)", "account_delist", "届出を読んで削除する"),
    Closing.State.DELISTED: ("掲載が削除されたことの確認", "§7(3)", "closing_page", "確認する"),
    Closing.State.CONFIRMED: ("アカウントの廃止", "§7(3)", "account_close", "廃止して記録する"),
}


def _steps_of(heads: frozenset[int], keeps: Q, *, serves: bool) -> Q:
    """Each step of a closing waits for the head, the delisting for 情報政策課長; what a page still shows, for its division."""
    heads_turn = [state for state in _CLOSINGS if state != Closing.State.NOTIFIED]
    left = Q(standing__state=Closing.State.DELISTED, looked=ClosingCheck.Result.THERE) if serves else Q(pk__in=[])
    return (Q(division__in=heads, standing__state__in=heads_turn) | keeps & Q(standing__state=Closing.State.NOTIFIED) | left)


def _closing_duties(account: Any, closing: Closing, heads: frozenset[int], *, serves: bool) -> Iterator[Duty]:
    closing.account, state = account, Closing.State(closing.state)
    if serves and state == Closing.State.DELISTED and account.looked == ClosingCheck.Result.THERE:
        yield _closing_duty(closing, "掲載ページに残っている記載の削除", "§7(2)", "account", "市のページから消す")
    if state == Closing.State.NOTIFIED or account.division_id in heads:
        yield _closing_duty(closing, *_CLOSINGS[state])


def _closing_duty(closing: Closing, title: str, clause: str, name: str, action: str) -> Duty:
    account = closing.account
    since = closing.confirmed_at or closing.delisted_at or closing.begun_at
    return Duty(title=f"{title}：{account}", url=reverse(name, args=[account.pk]), clause=clause, action=action,
                detail=account.division.name, since=since, due=closing.due_at)


