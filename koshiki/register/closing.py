"""Who may take a closing from which state to which, under which clause: §7 as a table, in its strict order."""

from __future__ import annotations

from django.db.models import FilteredRelation, Q

from koshiki.organization.models import Person
from koshiki.organization.roles import IP, acts_as_head, belongs, deputises, heads
from koshiki.register.flow import HEAD, IP_HEAD, IP_STAFF, MEMBER, duty_division, is_information_policy
from koshiki.register.models import Account, Closing
from koshiki.workflow import Step, Workflow

State = Closing.State
PEOPLE = ("notification__submitted_by", "delisted_by", "confirmed_by", "closed_by")  # whom a page names


def standing() -> FilteredRelation:
    """The closing that stands, fetched along with accounts as `standing`; each query needs one of its own."""
    return FilteredRelation("closings", condition=~Q(closings__state=State.WITHDRAWN))


def closing_of(account: Account) -> Closing | None:
    """The closing that stands for this account, from its first draft on; kept with this object of it as `standing`.

    Nothing is asked where a page has fetched it along, nor before there can be one.
    """
    if account.state not in (*Account.ACQUIRED_ON, *Account.GONE):
        return None
    if "standing" not in account.__dict__:
        account.__dict__["standing"] = account.closings.standing().select_related(*PEOPLE).first()
    found: Closing | None = account.__dict__["standing"]
    return found


def under_way(account: Account) -> Closing | None:
    """The closing once it was handed in, until it is recorded; a draft is none."""
    closing = closing_of(account)
    return closing if closing and closing.state in Closing.UNDER_WAY else None


# ── people ─────────────────────────────────────────────────────────

def is_member(closing: Closing, person: Person) -> bool:
    return belongs(person, closing.account.division_id)


def is_head(closing: Closing, person: Person) -> bool:
    """Is the person the division's head, or the head's deputy who has not written the draft?"""
    division = closing.account.division_id
    drafted = {closing.begun_by_id} if closing.pk and closing.state == State.DRAFT else set()
    return heads(person, division) or deputises(person, division, due=closing.due_at, took_part=drafted)


def is_information_policy_head(closing: Closing, person: Person) -> bool:
    """Is the person 情報政策課長, or the deputy on the usual terms?"""
    division = duty_division(closing.account, IP)
    took_part = {closing.notification.submitted_by_id} if closing.notification else set()
    return division is not None and bool(acts_as_head(person, division, due=closing.due_at, took_part=took_part))


def may_withdraw(closing: Closing, person: Person) -> bool:
    """The head takes the notification back; a draft, which is nobody's yet, anybody of the division."""
    return is_head(closing, person) or (closing.state == State.DRAFT and is_member(closing, person))


def may_begin(account: Account, person: Person) -> bool:
    """May the person begin 別紙3 for this account: as somebody of the division, its head or deputy?"""
    new = Closing(account=account, begun_by=person)
    return is_member(new, person) or is_head(new, person)


# ── the steps ──────────────────────────────────────────────────────

CLOSING: Workflow[Closing] = Workflow(
    Step("draft", "廃止届出書を下書きする", (State.DRAFT,), "", is_member, "§7(1)", MEMBER),
    Step("notify", "廃止を届け出る", (State.DRAFT, State.RETURNED), State.NOTIFIED, is_head, "§7(1)", HEAD),
    Step("withdraw", "廃止の届出を取り下げる", (State.DRAFT, State.NOTIFIED, State.RETURNED), State.WITHDRAWN,
         may_withdraw, "§7(1)", HEAD),
    Step("return", "廃止の届出を差し戻す", (State.NOTIFIED,), State.RETURNED,
         lambda closing, person: is_information_policy(closing.account, person), "§7(1)", IP_STAFF),
    Step("delist", "市ホームページから削除する", (State.NOTIFIED,), State.DELISTED, is_information_policy_head,
         "§7(2)", IP_HEAD),
    Step("look_at_page", "削除されたことを確かめる", (State.DELISTED,), "", is_head, "§7(3)", HEAD),
    Step("confirm", "削除を確認する", (State.DELISTED,), State.CONFIRMED, is_head, "§7(3)", HEAD),
    Step("close", "アカウントの廃止を記録する", (State.CONFIRMED,), State.CLOSED, is_head, "§7(3)", HEAD),
)
