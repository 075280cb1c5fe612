"""Closing an account in §7's order: 別紙3 by the head, the delisting, the look that it is gone, the end of the account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import canonical, record
from koshiki.calendar import business_days_end, local_day
from koshiki.guideline import Form, Refused, guideline
from koshiki.organization.alerts import tell
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, heads
from koshiki.register.actions.change import end_with_account
from koshiki.register.actions.connect import end_live
from koshiki.register.actions.notify import Upload, heads_information_policy, known_fields, require_filled
from koshiki.register.address import account_address
from koshiki.register.closing import CLOSING
from koshiki.register.files import keep_document
from koshiki.register.flow import HEAD, IP_STAFF, duty_division
from koshiki.register.gone import Look, look_at_account, look_at_page, page_address
from koshiki.register.models import Account, Closing, ClosingCheck, Hold, Notification, StoredFile
from koshiki.register.stopping import workers
from koshiki.register.turn import acting_heads, turn_of
from koshiki.workflow import lock

State, Result = Closing.State, ClosingCheck.Result
HELD = "廃止の手続で、市ホームページから掲載が削除されたため"
_TYPED = ("content", "reason", "person_in_charge", "contact")
_DUE = {"notify": "delisting_business_days", "delist": "closing_business_days", "confirm": "closing_business_days"}
_NOT_YET = (State.DRAFT, State.RETURNED)


def form() -> Form:
    """別紙3 as the guideline file has it."""
    return guideline().forms["closing"]


# ── §7(1) ──────────────────────────────────────────────────────────

@transaction.atomic
def save_closing_draft(account: Account, typed: Mapping[str, str], *, by: Person) -> Closing:
    """Somebody of the division writes 別紙3 for the head; it changes nothing. Raises Refused §7(1)."""
    closing = _begun(lock(account), by)
    CLOSING.check(closing, "draft", by=by)
    closing.draft = canonical({key: typed.get(key, "") for key in _TYPED})
    return _passed_on(closing, "draft", by=by)


@transaction.atomic
def notify_closing(account: Account, typed: Mapping[str, str], *, by: Person) -> Notification:
    """The head submits 別紙3 with the reason, before anything is closed (§7(1)).

    `typed` holds content, reason, person_in_charge and contact. Raises Refused §7(1), §別紙3.
    """
    closing = _begun(lock(account), by)
    CLOSING.check(closing, "notify", by=by)
    rows = {**{key: typed.get(key, "").strip() for key in _TYPED}, **known_fields(closing.account)}
    require_filled(form(), rows, clause="§別紙3")
    closing.notification, closing.draft = _handed_in(closing.account, canonical(rows), by), "{}"
    _passed_on(closing, "notify", by=by, version=closing.notification.version, digest=closing.notification.digest,
               reason=rows["reason"])
    return closing.notification


def _begun(account: Account, by: Person) -> Closing:
    """The account's closing, or a new one that is not yet kept. Raises Refused §7(1) before the acquisition."""
    if account.state not in (*Account.ACQUIRED_ON, *Account.GONE):
        raise Refused("§7(1)", f"「{account.get_state_display()}」のアカウントはまだ取得していないので、廃止できません。",
                      now="申請をやめるときは、取り下げます。", who=HEAD)
    closing = account.closings.standing().select_for_update(of=("self",)).first()
    closing = closing or Closing(account=account, begun_by=by, begun_at=clock.now())
    closing.account = account
    return closing


def _handed_in(account: Account, fields: str, by: Person) -> Notification:
    last = account.notifications.filter(form="closing").aggregate(last=Max("version"))["last"] or 0
    return Notification.objects.create(
        account=account, form="closing", version=last + 1, fields=fields, submitted_by=by, submitted_at=clock.now(),
        digest=hashlib.sha256(fields.encode()).hexdigest(), as_deputy=not heads(by, account.division_id))


@transaction.atomic
def withdraw_closing(account: Account, reason: str, *, by: Person) -> Closing:
    """The account stays after all: the notification, or the draft, is taken back before the delisting."""
    closing = _locked(account, "withdraw", by=by)
    if not reason.strip():
        raise Refused("§7(1)", "取り下げるには、理由が要ります。", now="理由を書いてください。", who=HEAD)
    told: list[Person] = []
    if closing.state == State.NOTIFIED:
        told = acting_heads(duty_division(closing.account, IP))  # for whom there is nothing to delist any more
        _sent_back(closing, f"取下げ：{reason}", by)
    return _passed_on(closing, "withdraw", by=by, also_told=told, reason=reason)


@transaction.atomic
def return_closing(account: Account, comment: str, *, by: Person) -> Closing:
    """情報政策課 sends 別紙3 back for correction."""
    closing = _locked(account, "return", by=by)
    if not comment.strip():
        raise Refused("§7(1)", "差し戻すには、直す点が要ります。", now="直す点を書いてください。", who=IP_STAFF)
    _sent_back(closing, comment, by)
    return _passed_on(closing, "return", by=by, comment=comment)


def _sent_back(closing: Closing, comment: str, by: Person) -> None:
    """The form that was handed in is answered; the next one is a new version."""
    Notification.objects.filter(closing=closing).update(
        returned_at=clock.now(), returned_by=by, comment=comment)


# ── §7(2) ──────────────────────────────────────────────────────────

@transaction.atomic
def delist(account: Account, *, by: Person) -> Closing:
    """情報政策課長 takes the account off the register; what was to go out is held from now on (§7(2)).

    Raises Refused §7(1) without a notification that was handed in, §7(2) for anybody else.
    """
    closing = _locked(account, "delist", by=by)
    Notification.objects.filter(closing=closing).update(received_at=clock.now(), received_by=by)
    closing.delisted_at, closing.delisted_by = clock.now(), by
    hold = Hold.objects.create(kind=Hold.Kind.CLOSING, account=closing.account, reason=HELD, clause="§7(2)", by=by,
                               since=clock.now())
    _passed_on(closing, "delist", by=by, also_told=workers(closing.account), address=page_address(closing.account),
               as_="本人" if heads_information_policy(by) else "代決")
    record("hold.stop", hold, by=by, clause="§7(2)", account=closing.account_id, reason=hold.reason)
    end_with_account(closing.account, by=by)
    return closing


# ── §7(3) ──────────────────────────────────────────────────────────

def check_page_gone(account: Account, *, by: Person) -> ClosingCheck:
    """The head lets koshiki fetch the page where the account stood, and sees what it shows; gone, this is confirmed.

    No transaction is open during the call. Raises Refused §7(3) before the delisting, and for anybody else.
    """
    look = look_at_page(_asked(account, "look_at_page", by).account)
    with transaction.atomic():
        closing = _locked(account, "look_at_page", by=by)
        return _page_seen(closing, look, by)


@transaction.atomic
def confirm_page_gone(account: Account, evidence: Upload, *, by: Person) -> ClosingCheck:
    """The head has seen with their own eyes that it is gone, and keeps a capture (§7(3)). Raises Refused, BadFile."""
    return _page_seen(_locked(account, "confirm", by=by), evidence, by)


def _page_seen(closing: Closing, proof: Look | Upload, by: Person) -> ClosingCheck:
    check = _kept(closing, ClosingCheck.What.PAGE, page_address(closing.account), proof, by)
    gone = check.result == Result.GONE
    if gone:
        closing.confirmed_at, closing.confirmed_by = clock.now(), by
    _passed_on(closing, "confirm" if gone else "look_at_page", by=by, **_said(check))
    return check


def close_account(account: Account, closed_on: date, evidence: Upload | None = None, *, by: Person) -> Closing:
    """The head has closed the account at its service and records it: with a capture, else with its fetched 404 (§7(3)).

    The connection ends, its secrets are destroyed. Raises Refused §7(3) before the delisting was confirmed, for
    anybody else, and while the account is still there; BadFile.
    """
    asked = _asked(account, "close", by)
    _require_day(asked, closed_on)
    proof = evidence or _gone(asked.account)
    with transaction.atomic():
        closing = _locked(account, "close", by=by)
        check = _kept(closing, ClosingCheck.What.ACCOUNT, account_address(closing.account), proof, by)
        closing.closed_on, closing.closed_at, closing.closed_by = closed_on, clock.now(), by
        ended = end_live(closing.account)
        _end_hold(closing, by)
        return _passed_on(closing, "close", by=by, closed_on=str(closed_on), part="接続を終了" if ended else "",
                          **_said(check))


def _end_hold(closing: Closing, by: Person) -> None:
    """What is closed needs no stop: it is not official any more, and never will be."""
    Hold.objects.open().filter(account=closing.account, kind=Hold.Kind.CLOSING).update(
        until=clock.now(), lifted_by=by, lift_reason="アカウントを廃止しました。")


def _gone(account: Account) -> Look:
    """The account's address, fetched, is gone. Raises Refused §7(3)."""
    look = look_at_account(account)
    if look.result != Result.GONE:
        raise Refused("§7(3)", f"アカウントのアドレスを取りに行きましたが、廃止を確かめられません。{look.found}",
                      now="サービスの画面で廃止したことを確かめ、その画面の写しを添えてください。", who=HEAD)
    return look


def _require_day(closing: Closing, day: date) -> None:
    if closing.confirmed_at and not local_day(closing.confirmed_at) <= day <= clock.today():
        raise Refused("§7(3)", "廃止日は、掲載の削除を確認した日から今日までの日です。",
                      now="サービスの画面で廃止した日を入れてください。", who=HEAD)


def _kept(closing: Closing, what: ClosingCheck.What, address: str, proof: Look | Upload, by: Person) -> ClosingCheck:
    """What koshiki fetched, or what a person saw and photographed. Raises BadFile."""
    kept = partial(ClosingCheck.objects.create, closing=closing, what=what, at=clock.now())
    if isinstance(proof, Look):
        return kept(address=proof.address, status=proof.status, result=proof.result, found=proof.found[:400])
    file = keep_document(proof.data, proof.name, account=closing.account, kind=StoredFile.Kind.EVIDENCE, by=by)
    return kept(address=address, result=Result.GONE, by=by, evidence=file)


def _said(check: ClosingCheck) -> dict[str, Any]:
    """The check as the log has it."""
    return {"how": "目視" if check.by else "自動", "address": check.address, "result": check.get_result_display(),
            "comment": check.found, "evidence": check.evidence.sha256 if check.evidence else ""}


# ── how a step is taken ────────────────────────────────────────────

def _asked(account: Account, name: str, by: Person) -> Closing:
    """The closing as it is now, not locked, when `by` may take this step. Raises Refused."""
    return _open(account, account.closings.standing().select_related("account").first(), name, by)


def _locked(account: Account, name: str, *, by: Person) -> Closing:
    """The closing with its account, both locked, when `by` may take this step now. Raises Refused."""
    held = lock(account)
    closing = held.closings.standing().select_for_update(of=("self",)).select_related("notification").first()
    if closing:
        closing.account = held
    return _open(held, closing, name, by)


def _open(account: Account, closing: Closing | None, name: str, by: Person) -> Closing:
    """Raises Refused: §7(1) while 別紙3 was not handed in, else with the step's clause."""
    if closing is None or (name in ("delist", "return") and closing.state in _NOT_YET):
        raise Refused("§7(1)", f"「{account}」の廃止届出書（別紙3）が、提出されていません。",
                      now="所属長が、廃止の理由を書いた届出書を、先に提出します。", who=HEAD)
    CLOSING.check(closing, name, by=by)
    return closing


_ACCOUNT_THEN = {"delist": Account.State.DELISTED, "close": Account.State.CLOSED}


def _passed_on(closing: Closing, name: str, /, *, by: Person, also_told: Iterable[Person] = (), **data: Any) -> Closing:
    """The step is done: the new state with its due time, mail to whose turn it is, one entry in the log."""
    step, account = CLOSING.steps[name], closing.account
    if step.target:
        closing.state = step.target
        closing.due_at = business_days_end(clock.now(), guideline().deadlines[_DUE[name]]) if name in _DUE else None
    closing.save()
    if name in _ACCOUNT_THEN:
        account.state, account.moved_at, account.due_at = _ACCOUNT_THEN[name], clock.now(), None
        account.save(update_fields=["state", "moved_at", "due_at"])
    if step.target:
        turn = turn_of(account)
        people = {*also_told, *turn.people()} - {by}
        tell(people, subject=f"公式アカウント：{turn.what or step.label}", path=reverse("account", args=[account.pk]))
    record(f"closing.{name}", closing, by=by, clause=step.clause, account=account.pk, **data)
    return closing
