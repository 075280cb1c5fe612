"""The profile holds the register page's address (§6(3)ウ), verification (§6(3)エ), and the last step to official."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from django.db import transaction

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.networks import adapter
from koshiki.networks.base import Outcome, ShowsProfile, Verb
from koshiki.organization.models import Person
from koshiki.register import policy as policies
from koshiki.register.actions.notify import Upload, refuse_while_closing
from koshiki.register.actions.page import require_address, require_page
from koshiki.register.actions.watch import end_for_reason, kept, settle
from koshiki.register.address import register_address, the_citys_own
from koshiki.register.budget import UsedUp, spend
from koshiki.register.comparing import Reading, answers_nobody, lacking, read
from koshiki.register.files import keep_document
from koshiki.register.flow import FLOW, HEAD, IP_STAFF
from koshiki.register.link import NotConnected
from koshiki.register.models import (
    Account,
    Policy,
    ProfileCheck,
    ProfileException,
    ProfileFinding,
    StoredFile,
    Verification,
)
from koshiki.register.moves import locked_for, pass_on
from koshiki.register.refreshing import fresh_link

Result = ProfileCheck.Result


def newest_check(account: Account) -> ProfileCheck | None:
    """The last look at the account's profile."""
    return account.profile_checks.order_by("-at", "-pk").first()


def open_exception(account: Account) -> ProfileException | None:
    """The recorded reason why the profile need not hold the address."""
    return account.profile_exceptions.filter(ended_at__isnull=True).first()


def newest_reading(account: Account) -> ProfileCheck | None:
    """The last look that saw anything: by koshiki, or by a person with evidence."""
    return account.profile_checks.exclude(result=Result.UNREADABLE).order_by("-at", "-pk").first()


def check_profile(account: Account, *, by: Person) -> ProfileCheck:
    """Read the profile from its service now and compare (§6(3)ウ). No transaction is open during the call.

    Where the service shows no profile, the result says so: a person looks, with evidence.
    """
    FLOW.check(account, "check_profile", by=by)
    require_address(account)
    return _keep_check(account, _looked_up(account), asked_by=by)


def read_profile(account: Account) -> ProfileCheck | None:
    """The same of koshiki itself, every day (K-profile); None where there is nothing to read, or nobody to ask."""
    if not reads_profiles(account) or not register_address(account):
        return None
    return kept(account, _looked_up(account))


def reads_profiles(account: Account) -> bool:
    """Can koshiki read this account's profile at its service?"""
    kind = adapter(account.service)
    if kind is None or kind.lives_here or not issubclass(kind, ShowsProfile):
        return False
    return not kind.needs_connection or account.connections.filter(ended_at=None, dead_at=None).exists()


def _looked_up(account: Account) -> Reading:
    if the_citys_own(account):
        return Reading(Result.HOLDS, "市のページ上のアカウントです。掲載ページがそのプロフィールを兼ねています。")
    kind = adapter(account.service)
    if kind is None or not issubclass(kind, ShowsProfile):
        return Reading(Result.UNREADABLE, "このサービスのプロフィール欄は、自動では読み取れません。")
    try:
        link = fresh_link(account)
        spend(account, Verb.PROFILE)
        profile = kind(link).profile()
    except (Outcome, NotConnected, UsedUp) as trouble:
        return Reading(Result.UNREADABLE, trouble.reason)
    return read(account, profile, register_address(account), newest_reading(account))


@transaction.atomic
def _keep_check(account: Account, reading: Reading, *, asked_by: Person) -> ProfileCheck:
    locked = locked_for(account, "check_profile", by=asked_by)
    check = ProfileCheck.objects.create(
        account=locked, address=register_address(locked), result=reading.result, found=reading.found[:20_000],
        picture=reading.picture, compared_with=reading.compared_with, at=clock.now())
    settle(locked, check, reading.verdicts)
    pass_on(locked, "check_profile", by=asked_by, result=check.get_result_display(), how="自動", address=check.address)
    return check


@transaction.atomic
def record_profile(account: Account, result: Result, found: str, evidence: Upload, *, wrong: Collection[str] = (),
                   by: Person) -> ProfileCheck:
    """A person has looked at the profile and keeps a capture of it (§6(3)ウ, §8(2)ア). Raises BadFile.

    `wrong`: what besides the address is not as it must be; all else the person has seen to be right.
    """
    locked = locked_for(account, "check_profile", by=by)
    require_address(locked)
    file = keep_document(evidence.data, evidence.name, account=locked, kind=StoredFile.Kind.EVIDENCE, by=by)
    check = ProfileCheck.objects.create(account=locked, address=register_address(locked), result=result, found=found,
                                        by=by, at=clock.now(), evidence=file)
    settle(locked, check, lacking(wrong, result))
    pass_on(locked, "check_profile", by=by, result=check.get_result_display(), how="目視", address=check.address,
            evidence=file.sha256)
    return check


@transaction.atomic
def explain_profile(account: Account, reason: str, *, by: Person) -> ProfileException:
    """Record why the address is shortened or not there (原則として, §6(3)ウ)."""
    locked = locked_for(account, "explain_profile", by=by)
    if not reason.strip():
        raise Refused("§6(3)ウ", "理由が書かれていません。", now="記載できない、又は短縮URLを使う理由を書いてください。")
    locked.profile_exceptions.filter(ended_at__isnull=True).update(ended_at=clock.now())
    exception = ProfileException.objects.create(account=locked, reason=reason, by=by, at=clock.now())
    end_for_reason(locked.profile_findings.filter(kind=ProfileFinding.Kind.ADDRESS), reason, by=by)
    pass_on(locked, "explain_profile", by=by, reason=reason)
    return exception


@transaction.atomic
def record_verification(account: Account, *, available: bool, looked_on: date, applied_on: date | None = None,
                        granted_on: date | None = None, note: str = "", by: Person) -> Verification:
    """Record whether the service verifies accounts, and how far this one is (§6(3)エ)."""
    locked = locked_for(account, "verify", by=by)
    found = Verification.objects.create(
        account=locked, available="yes" if available else "no", looked_on=looked_on,
        applied_on=applied_on if available else None, granted_on=granted_on if available else None, note=note, by=by,
        at=clock.now())
    pass_on(locked, "verify", by=by, available=found.get_available_display(), looked_on=str(looked_on),
            applied_on=str(found.applied_on or ""), granted_on=str(found.granted_on or ""))
    return found


@transaction.atomic
def make_official(account: Account, *, by: Person) -> Account:
    """The opening is complete: the account may publish (§6). Raises Refused §6(2), §6(3)ウ, §8(2)ア while something is open."""
    locked = locked_for(account, "make_official", by=by)
    refuse_while_closing(locked)
    require_page(locked)
    _require_policy_shown(locked)
    _require_profile(locked)
    _require_answers(locked)
    locked.official_at = clock.now()
    return pass_on(locked, "make_official", by=by, url=locked.url)


def address_seen(account: Account, *, excepted: bool) -> bool:
    """Was the register page's address seen in the profile, or does a reason stand for its absence?"""
    check = newest_reading(account)
    return check is not None and check.address == register_address(account) and (check.result == Result.HOLDS or excepted)


def ready(policy: Policy | None, *, seen: bool, lacks: Sequence[ProfileFinding], fault: str) -> bool:
    """Is nothing open that the last step asks for? The page, which has read it all, offers its button then."""
    shown = policy is not None and policy.shared_at is not None and policy.shown
    return shown and seen and not fault and not lacks


def lacks_answers(policy: Policy | None, findings: Iterable[ProfileFinding]) -> list[ProfileFinding]:
    """What of §8(2)ア the profile lacks, with no reason recorded, where the policy says that nobody is answered."""
    return [one for one in findings if one.kind in ProfileFinding.SAID] if answers_nobody(policy) else []


def _require_policy_shown(account: Account) -> None:
    policy = policies.public_policy(account)
    if policy is None or not policy.shared_at:
        raise Refused("§6(2)", "運用ポリシーが、まだ所属内で共有されていません。",
                      now="担当所属で共有してください。", who="担当所属の職員")
    if not policy.shown:
        raise Refused("§6(2)", "運用ポリシーをアカウント内のどこに明示したか、又は明示しない理由が記録されていません。",
                      now="明示した場所と証拠、又は理由を記録してください。", who="担当所属の職員")


def _require_profile(account: Account) -> None:
    check = newest_reading(account)
    if check is None or check.address != register_address(account):
        raise Refused("§6(3)ウ", "プロフィール欄に掲載ページのURLがあることを、まだ確認していません。",
                      now="プロフィール欄を確認し、読み取れないときは目で見て証拠を添えてください。", who=IP_STAFF)
    if check.result != Result.HOLDS and open_exception(account) is None:
        raise Refused("§6(3)ウ", f"プロフィール欄の確認の結果が「{check.get_result_display()}」です。理由も記録されていません。",
                      now="短縮しないURLをプロフィール欄に書いて確認し直すか、書けない理由を記録してください。", who=HEAD)


def _require_answers(account: Account) -> None:
    standing = account.profile_findings.filter(ended_at=None).order_by("pk")
    if lacks := lacks_answers(policies.public_policy(account), standing):
        named = "、".join(finding.get_kind_display() for finding in lacks)
        raise Refused("§8(2)ア", f"意見や質問に個別に対応しない運用ポリシーですが、プロフィール欄に、{named}が見当たりません。",
                      now="プロフィール欄に書いて確認し直すか、書けない理由を記録してください。", who=HEAD)
