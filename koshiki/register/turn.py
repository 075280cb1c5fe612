"""Whose turn it is in an account's opening, and for what: for pages, duties and mails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from koshiki import clock
from koshiki.guideline import Way, guideline
from koshiki.organization.models import Deputy, Division, Person
from koshiki.organization.roles import IP, heads_of, members_of, present_heads
from koshiki.register.address import cms_page
from koshiki.register.closing import under_way
from koshiki.register.flow import (
    State,
    current_step,
    division_of,
    duty_division,
    newest_application,
    open_application,
)
from koshiki.register.models import Account, Closing


@dataclass(frozen=True)
class Turn:
    """番 — what is next, who does it (as pages name it), under which clause, and the people themselves."""

    what: str = ""
    who: str = ""
    clause: str = ""
    people: Callable[[], list[Person]] = list


def turn_of(account: Account) -> Turn:
    """What is next for this account, in its closing once that is under way; an empty Turn where nothing is."""
    if closing := under_way(account):
        return _CLOSING_TURNS[Closing.State(closing.state)](account)
    known = _TURNS.get(State(account.state))
    return known(account) if known else Turn()


def head_title(division: Division | None) -> str:
    """情報政策課長, 水道課長: as the guideline names the head, else by the division's name."""
    if division is None:
        return "（所属が登録されていません）"
    named = next((d for d in guideline().service_divisions.values() if d.duty == division.service), None)
    return named.head_title if named else f"{division.name}長"


def acting_heads(division: Division | None) -> list[Person]:
    """Who decides for the division today: its heads who are present, else the deputies in order."""
    if division is None:
        return []
    present = present_heads(division)
    if present:
        return present
    named = Deputy.objects.current().filter(division=division, person__is_active=True).select_related("person")
    return [deputy.person for deputy in named.order_by("order")]


def own_division(person: Person, service: str) -> int | None:
    """The division of duty, where it is one that the person is posted in or deputises for."""
    standing = person.standing
    if service in standing.served or not standing.deputy_of:
        return standing.served.get(service)
    if "deputy_services" not in person.__dict__:
        deputised = Division.objects.filter(pk__in=standing.deputy_of).exclude(service="")
        person.__dict__["deputy_services"] = dict(deputised.values_list("service", "pk"))
    found: int | None = person.__dict__["deputy_services"].get(service)
    return found


def long_overdue(due: datetime | None) -> bool:
    """Has the due time passed so long ago that the deputy may act?"""
    return due is not None and clock.now() > due + timedelta(hours=guideline().deadlines["deputy_after_hours"])


def with_names(title: str, people: list[Person]) -> str:
    """水道課長 後藤 剛: a title with its holders."""
    return f"{title} {'、'.join(person.name for person in people)}".strip()


def _deciding(account: Account) -> Turn:
    application = open_application(account)
    step = current_step(application) if application else None
    if application is None or step is None:
        return Turn()
    division = division_of(application, step)
    return Turn(step.label, with_names(head_title(division), list(heads_of(division)) if division else []), "§6(1)",
                lambda: acting_heads(division))


def _applicant(what: str, clause: str = "§6(1)") -> Callable[[Account], Turn]:
    def turn(account: Account) -> Turn:
        newest = newest_application(account)
        person = newest.submitted_by if newest else account.created_by
        return Turn(what, f"{account.division} {person.name}", clause, lambda: [person])

    return turn


def _own_head(what: str, clause: str) -> Callable[[Account], Turn]:
    def turn(account: Account) -> Turn:
        who = with_names(head_title(account.division), list(heads_of(account.division)))
        return Turn(what, who, clause, lambda: acting_heads(account.division))

    return turn


def _acquired(account: Account) -> Turn:
    """The policy is completed with name and address first, then the head notifies."""
    if any(policy.completed_at for policy in account.policies.all()):
        return _own_head("届出", "§6(3)ア")(account)
    return _applicant("運用ポリシーの完成", "§6(2)")(account)


def _information_policy(account: Account) -> Turn:
    division = duty_division(account, IP)
    return Turn("届出の受理", str(division or "情報政策課"), "§6(3)ア", lambda: list(members_of(division)) if division else [])


def _policy_head(what: str, clause: str) -> Callable[[Account], Turn]:
    def turn(account: Account) -> Turn:
        division = duty_division(account, IP)
        return Turn(what, with_names(head_title(division), list(heads_of(division)) if division else []), clause,
                    lambda: acting_heads(division))

    return turn


def _last_check(account: Account) -> Turn:
    division = duty_division(account, IP)
    if guideline().way is Way.FRAGMENT and cms_page(account) is None:
        return Turn("CMSへの掲載とアドレスの記録", str(division or "情報政策課"), "§6(3)イ",
                    lambda: list(members_of(division)) if division else [])
    return Turn("プロフィール欄の確認", f"{account.division}と{division or '情報政策課'}", "§6(3)ウ",
                lambda: [*acting_heads(account.division), *(members_of(division) if division else [])])


_TURNS: dict[State, Callable[[Account], Turn]] = {
    State.PREPARING: _applicant("申請"),
    State.DECIDING: _deciding,
    State.RETURNED: _applicant("差し戻された申請の見直し"),
    State.REJECTED: _applicant("不可とされた申請の見直し"),
    State.APPROVED: _applicant("アカウントの取得"),
    State.ACQUIRED: _acquired,
    State.NOTIFICATION_RETURNED: _own_head("届出の出し直し", "§6(3)ア"),
    State.NOTIFIED: _information_policy,
    State.RECEIVED: _policy_head("市ホームページへの掲載", "§6(3)イ"),
    State.LISTED: _last_check,
}

_CLOSING_TURNS: dict[Closing.State, Callable[[Account], Turn]] = {
    Closing.State.NOTIFIED: _policy_head("市ホームページからの削除", "§7(2)"),
    Closing.State.RETURNED: _own_head("廃止届出書の出し直し", "§7(1)"),
    Closing.State.DELISTED: _own_head("削除の確認", "§7(3)"),
    Closing.State.CONFIRMED: _own_head("アカウント廃止作業とその記録", "§7(3)"),
}
