"""プロフィールの見守り — what a reading of a profile finds wrong is kept until it is right, or a reason stands (K-profile)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import Act, record, record_all
from koshiki.calendar import business_days_end
from koshiki.guideline import Refused, guideline
from koshiki.organization.alerts import tell
from koshiki.organization.models import Person
from koshiki.organization.roles import heads_of
from koshiki.register.address import register_address
from koshiki.register.comparing import Reading, Verdict
from koshiki.register.models import Account, ProfileCheck, ProfileFinding
from koshiki.register.moves import locked_for
from koshiki.register.stopping import workers
from koshiki.workflow import lock

Kind = ProfileFinding.Kind


@transaction.atomic
def kept(account: Account, reading: Reading) -> ProfileCheck | None:
    """What koshiki itself read, as a row; in the log what is new in it. None where the account left the register meanwhile."""
    locked = lock(account)
    if locked.state not in Account.PUBLIC:
        return None
    before = locked.profile_checks.order_by("-at", "-pk").first()
    check = ProfileCheck.objects.create(
        account=locked, address=register_address(locked), result=reading.result, found=reading.found[:20_000],
        picture=reading.picture, compared_with=reading.compared_with, at=clock.now())
    settle(locked, check, reading.verdicts)
    if before is None or before.result != check.result:
        record("account.check_profile", locked, by=None, clause="§6(3)ウ", result=check.get_result_display(), how="自動",
               address=check.address)
    return check


def settle(account: Account, check: ProfileCheck, verdicts: Iterable[Verdict]) -> None:
    """Each thing that is wrong is a finding from now on, unless a reason stands for just that; each that is right ends its own.

    In the transaction of the reading, the account locked.
    """
    past = list(account.profile_findings.order_by("pk"))
    standing = {finding.kind: finding for finding in past if finding.ended_at is None}
    excused = _excused(account, check, past)
    new = [_found(account, check, verdict.kind, verdict.seen) for verdict in verdicts if not verdict.right
           and verdict.kind not in standing and not excused(verdict)]
    right = [standing[verdict.kind] for verdict in verdicts if verdict.right and verdict.kind in standing]
    ProfileFinding.objects.filter(pk__in=[finding.pk for finding in right]).update(ended_at=check.at, right_in=check)
    ProfileFinding.objects.bulk_create(new)
    _say(account, new, right)


def _found(account: Account, check: ProfileCheck, kind: str, seen: str) -> ProfileFinding:
    due = business_days_end(clock.now(), guideline().deadlines["finding_business_days"])
    return ProfileFinding(account=account, kind=kind, seen=seen[:400], reading=check, since=clock.now(), due_at=due)


def _excused(account: Account, check: ProfileCheck, past: Iterable[ProfileFinding]) -> Callable[[Verdict], bool]:
    """Does a reason stand for what was seen? A person who says that a name or picture is wrong says so of the one they saw."""
    last = {(finding.kind, finding.seen): finding for finding in past}
    excepted = account.profile_exceptions.filter(ended_at=None).exists()

    def stands(verdict: Verdict) -> bool:
        if verdict.kind is Kind.ADDRESS:
            return excepted
        known = last.get((verdict.kind, verdict.seen[:400]))
        told_by_eye = check.by_id is not None and verdict.kind not in ProfileFinding.SAID
        return known is not None and known.by_id is not None and not told_by_eye

    return stands


def _say(account: Account, new: list[ProfileFinding], right: list[ProfileFinding]) -> None:
    if new:
        tell([*workers(account), *heads_of(account.division_id)], subject="プロフィール欄の不備",
             path=reverse("account", args=[account.pk]))
    record_all([*(_act("find", finding, seen=finding.seen) for finding in new),
                *(_act("right", finding) for finding in right)], by=None)


def _act(verb: str, finding: ProfileFinding, **data: str) -> Act:
    return Act(f"profilefinding.{verb}", finding, finding.clause, {"item": finding.get_kind_display(), **data})


@transaction.atomic
def explain_finding(finding: ProfileFinding, reason: str, *, by: Person) -> ProfileFinding:
    """Record why this stays as it is (原則として); only another thing in its place is a finding again (K-profile, §8(2)ア).

    Raises Refused §6(3)ウ for the address, which has its exception (`explain_profile`); K-stale.
    """
    locked = locked_for(finding.account, "explain_finding", by=by)
    if not reason.strip():
        raise Refused(finding.clause, "理由が書かれていません。", now="直せない理由を書いてください。")
    if finding.kind == Kind.ADDRESS:
        raise Refused("§6(3)ウ", "掲載ページのURLについての理由は、記載の例外として記録します。",
                      now="プロフィール欄の確認のページの「記載できない理由を記録する」から記録してください。")
    ended = end_for_reason(locked.profile_findings.filter(pk=finding.pk), reason, by=by)
    if not ended:
        raise Refused("K-stale", "この不備は、すでに解消しています。", now="アカウントのページを確かめてください。")
    return ended[0]


@transaction.atomic
def reopen_finding(finding: ProfileFinding, *, by: Person) -> ProfileFinding:
    """The reason does not hold any more, or was a mistake: what was seen is a finding again, due anew."""
    locked = locked_for(finding.account, "explain_finding", by=by)
    found = locked.profile_findings.get(pk=finding.pk)
    if found.by_id is None or locked.profile_findings.filter(kind=found.kind, pk__gt=found.pk).exists():
        raise Refused("K-stale", "この理由は、もう取り消すことができません。", now="プロフィール欄の確認のページを見てください。")
    if found.kind == Kind.ADDRESS:
        locked.profile_exceptions.filter(ended_at=None).update(ended_at=clock.now())
    again = _found(locked, found.reading, found.kind, found.seen)
    again.save()
    record_all([_act("reopen", again, seen=again.seen)], by=by)
    return again


def end_for_reason(findings: QuerySet[ProfileFinding], reason: str, *, by: Person) -> list[ProfileFinding]:
    """Of these the open ones end by a person's reason; the account is locked."""
    standing = list(findings.filter(ended_at=None))
    findings.filter(ended_at=None).update(ended_at=clock.now(), by=by, reason=reason[:400])
    record_all([_act("explain", finding, seen=finding.seen, reason=reason) for finding in standing], by=by)
    return standing
