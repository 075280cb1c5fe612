"""Decisions and concurrences on one round of an application, on the screen or from paper (§6(1))."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused, RouteStep, guideline
from koshiki.organization.models import Deputy, Division, Person
from koshiki.organization.roles import heads, heads_of, present_heads
from koshiki.register.actions.apply import close
from koshiki.register.files import keep_document
from koshiki.register.flow import DECIDER, current_step, decides_as, division_of, needed, replaced
from koshiki.register.models import Account, Application, Decision, PolicyDecision, StoredFile
from koshiki.register.moves import locked_for, pass_on
from koshiki.workflow import lock

Outcome = Decision.Outcome
_STEP = {Outcome.RETURN: "return", Outcome.REJECT: "reject"}
_CLOSES = {Outcome.RETURN: Application.Outcome.RETURNED, Outcome.REJECT: Application.Outcome.REJECTED}


def approve_application(application: Application, *, digest: str, comment: str = "", by: Person) -> Decision:
    """Decide or concur on exactly what was read. Raises Refused §6(1), K-stale."""
    return _decide(application, Outcome.APPROVE, digest, comment, by)


def return_application(application: Application, *, digest: str, comment: str, by: Person) -> Decision:
    """Send it back with what is to be changed (差戻し)."""
    return _decide(application, Outcome.RETURN, digest, comment, by)


def reject_application(application: Application, *, digest: str, comment: str, by: Person) -> Decision:
    """Refuse it with the reason (不可); it may be changed and submitted again."""
    return _decide(application, Outcome.REJECT, digest, comment, by)


@transaction.atomic
def _decide(application: Application, outcome: Outcome, digest: str, comment: str, by: Person) -> Decision:
    refuse_second(application, by)
    account = locked_for(application.account, step_for(application, outcome), by=by)
    application = _as_read(account, application, digest)
    decision = _save(application, outcome, comment, by=by, entered_by=by,
                     as_deputy=decides_as(application, by) == "deputy")
    _go_on(account, decision, by=by)
    return decision


@dataclass(frozen=True)
class Paper:
    """決裁文書 — a decision that was given on paper: its number, its date, the scanned document."""

    number: str
    date: date
    scan: bytes = field(repr=False)
    scan_name: str = "決裁文書"


@transaction.atomic
def record_paper_decision(application: Application, outcome: Outcome, paper: Paper, *, decided_by: Person,
                          digest: str, comment: str = "", by: Person) -> Decision:
    """Enter a decision given on paper. Raises Refused §6(1), K-stale; BadFile for the scan."""
    refuse_second(application, decided_by)
    account = locked_for(application.account, "enter_paper", by=by)
    application = _as_read(account, application, digest)
    as_deputy = _decided_as(application, decided_by) == "deputy"
    if paper.date > clock.today():
        raise Refused("§6(1)", "決裁文書の日付が、先の日付になっています。", now="文書の日付を確かめてください。")
    scan = keep_document(paper.scan, paper.scan_name, account=account, kind=StoredFile.Kind.SCAN, by=by)
    decision = _save(application, outcome, comment, by=decided_by, entered_by=by, as_deputy=as_deputy,
                     paper_number=paper.number, paper_date=paper.date, scan=scan)
    _go_on(account, decision, by=by)
    return decision


@transaction.atomic
def read_decision(decision: Decision | PolicyDecision, *, by: Person) -> Decision | PolicyDecision:
    """The holder reads what the deputy decided, or what was entered from paper, afterwards (後閲)."""
    locked = lock(decision)
    if not may_read_afterwards(locked, by.afresh()):
        raise Refused("K-deputy", "後閲できるのは、本来の決裁者です。", who=f"{locked.division}の長")
    locked.read_by, locked.read_at = by, clock.now()
    locked.save(update_fields=["read_by", "read_at"])
    record(f"{locked._meta.model_name}.read", locked, by=by, clause="K-deputy", account=locked.account.pk, step=locked.step)
    return locked


def may_read_afterwards(decision: Decision | PolicyDecision, person: Person) -> bool:
    """Does 後閲 of this decision wait for the person?"""
    if decision.read_at is not None:
        return False
    if decision.as_deputy:
        return person.pk != decision.by_id and heads(person, decision.division_id)
    return isinstance(decision, Decision) and decision.on_paper and person.pk == decision.by_id != decision.entered_by_id


def refuse_second(application: Application, person: Person) -> None:
    """Raises Refused §6(1) for a person who has already given a decision of this round."""
    if application.outcome == "" and application.decisions.filter(by=person).exists():
        raise Refused("§6(1)", f"{person.name}さんは、この申請の決裁・合議をすでに行っています。"
                      "一人の職員が二つを行うことはできません。", now="次の課の長の合議を待ちます。", who=DECIDER)


def step_for(application: Application, outcome: Outcome) -> str:
    """Which step of the flow this outcome is now."""
    if outcome != Outcome.APPROVE:
        return _STEP[outcome]
    last = application.decisions.count() + 1 >= len(needed(application))
    return "decide_last" if last else "decide"


def _as_read(account: Account, application: Application, digest: str) -> Application:
    """The round as it is now. Raises Refused K-stale when it is not the one that was read."""
    now = account.applications.filter(outcome="").select_related("account__division").first()
    if now is None or now.pk != application.pk or now.digest != digest:
        raise Refused("K-stale", "画面を開いた後に、申請の内容が変わりました。",
                      now="新しい内容を読んでから、あらためて決裁してください。", who=DECIDER)
    return now


def _decided_as(application: Application, person: Person) -> str:
    """Whether the person gave the paper decision as head or deputy. Raises Refused for anybody else."""
    step = _current(application)
    division = _division(application, step)
    if heads_of(division).filter(pk=person.pk).exists():
        return "head"
    if Deputy.objects.current().filter(division=division, person=person).exists():
        return "deputy"
    raise Refused("§6(1)", f"「{step.label}」を行えるのは、{division}の長又は代決者です。", who=DECIDER)


def _current(application: Application) -> RouteStep:
    step = current_step(application)
    if step is None:
        raise Refused("§6(1)", "決裁・合議は、すべて済んでいます。")
    return step


def _division(application: Application, step: RouteStep) -> Division:
    division = division_of(application, step)
    if division is None:
        raise Refused("§6(1)", f"「{step.label}」を行う所属が、登録されていません。", who="システム管理の職員が登録します")
    return division


def _save(application: Application, outcome: Outcome, comment: str, *, by: Person, entered_by: Person,
          as_deputy: bool, **paper: Any) -> Decision:
    step = _current(application)
    division = _division(application, step)
    if outcome != Outcome.APPROVE and not comment.strip():
        raise Refused("§6(1)", "差戻し・不可には、理由が要ります。", now="理由を書いてください。", who=DECIDER)
    heads_now = (present_heads(division) or list(heads_of(division))) if as_deputy else []
    stands = replaced(application) if step.of == "head" and outcome == Outcome.APPROVE else ""
    return Decision.objects.create(
        application=application, digest=application.digest, step=step.key, stands_for=stands, division=division,
        outcome=outcome, by=by, as_deputy=as_deputy, holder=next((h for h in heads_now if h != by), None),
        comment=comment, at=clock.now(), entered_by=entered_by, **paper)


def _go_on(account: Account, decision: Decision, *, by: Person) -> None:
    application = decision.application
    name = step_after(application, decision)
    if outcome := _CLOSES.get(Outcome(decision.outcome)):
        close(application, outcome)
    elif name == "decide_last":
        close(application, Application.Outcome.APPROVED)
    pass_on(account, name, by=by, **_noted(decision))


def step_after(application: Application, decision: Decision) -> str:
    """The step of the flow that this decision, already saved, completes."""
    if decision.outcome != Outcome.APPROVE:
        return _STEP[Outcome(decision.outcome)]
    return "decide_last" if current_step(application) is None else "decide"


def _noted(decision: Decision) -> dict[str, Any]:
    noted = {
        "step": decision.label, "outcome": decision.get_outcome_display(), "comment": decision.comment,
        "digest": decision.digest, "round": decision.application.round, "decided_by": decision.by.staff_number,
        "as": "代決" if decision.as_deputy else "本人", "paper": decision.paper_number,
    }
    if decision.stands_for:
        noted["own_concurrence"] = guideline().fixed["own_concurrence"]
    return noted
