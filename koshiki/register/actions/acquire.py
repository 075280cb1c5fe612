"""After the decisions: the account is acquired (§6(1)), its policy completed, shared and shown (§6(2))."""

from __future__ import annotations

import hashlib
import json
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from koshiki import clock
from koshiki.audit.log import canonical, record
from koshiki.guideline import Refused, guideline
from koshiki.networks import service_label
from koshiki.organization.models import Person
from koshiki.register import policy as policies
from koshiki.register.actions.apply import require_whole
from koshiki.register.address import account_with, fits, the_citys_own
from koshiki.register.files import keep_document
from koshiki.register.flow import MEMBER, is_member
from koshiki.register.models import Account, Policy, PolicyReading, StoredFile
from koshiki.register.moves import locked_for, pass_on
from koshiki.workflow import lock


@transaction.atomic
def record_acquisition(account: Account, *, name: str, acquired_on: date, by: Person, handle: str = "",
                       url: str = "") -> Account:
    """Record that the account was acquired, as its service names it. Raises Refused §6(1) before the decisions."""
    locked = locked_for(account, "acquire", by=by)
    _require_sound(locked, name, url, acquired_on)
    locked.name, locked.handle, locked.url, locked.acquired_on = name, handle, url, acquired_on
    _save_address(locked)
    return pass_on(locked, "acquire", by=by, name=name, handle=handle, url=url, acquired_on=str(acquired_on))


def _require_sound(account: Account, name: str, url: str, acquired_on: date) -> None:
    """The acquisition comes after the decisions, and its address is no other account's."""
    if not name.strip() or not (url or the_citys_own(account)):
        raise Refused("§6(2)イ", "アカウント名とURLが要ります。", now="サービスでの名前とURLを書いてください。", who=MEMBER)
    decided = account.applications.filter(outcome="approved").latest("round").closed_at
    if decided and acquired_on < timezone.localdate(decided):
        raise Refused("§6(1)", "取得日が、決裁・合議の済んだ日より前になっています。アカウントは、その後に取得します。",
                      now="取得した日を確かめてください。", who=MEMBER)
    if acquired_on > clock.today():
        raise Refused("§6(1)", "取得日が、先の日付になっています。", now="取得した日を書いてください。", who=MEMBER)
    if url and not fits(account, url):
        raise Refused("§6(2)イ", f"このURLは、{service_label(account.service)}のアカウントのURLではありません。",
                      now="アカウントのページを開き、そのURLを写してください。", who=MEMBER)
    if url and (other := account_with(url, besides=account)):
        raise _taken(f"{other.division}のアカウント「{other.name}」として")


def _save_address(account: Account) -> None:
    """The database decides between two who record the same address at once."""
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise _taken("ほかのアカウントのものとして") from None


def _taken(as_what: str) -> Refused:
    return Refused("§6(2)イ", f"このURLは、{as_what}登録されています。", now="URLを確かめてください。", who=MEMBER)


@transaction.atomic
def complete_policy(account: Account, *, by: Person) -> Policy:
    """Complete the approved policy with name and URL: from now on in force (§6(2)).

    Raises Refused §6(2) when anything else differs from what was decided.
    """
    locked = locked_for(account, "complete_policy", by=by)
    draft = Policy.objects.select_for_update(of=("self",)).filter(account=locked, completed_at__isnull=True).first()
    if draft is None:
        raise Refused("§6(2)", "運用ポリシーは、すでに完成しています。", now="所属内での共有に進んでください。")
    items = {**draft.content, **policies.of_account(locked)}
    require_whole(items, acquired=True)
    _require_as_decided(locked, items)
    draft.items, draft.completed_at, draft.completed_by = canonical(items), clock.now(), by
    draft.digest, draft.in_force_from = hashlib.sha256(draft.items.encode()).hexdigest(), clock.today()
    if the_citys_own(locked):
        draft.place_shown = policies.ON_THE_LIST
    draft.save()
    pass_on(locked, "complete_policy", by=by, version=draft.version, digest=draft.digest)
    record("policy.complete", draft, by=by, clause="§別紙1-1", digest=draft.digest, clauses=list(items["clauses"]))
    return draft


def _require_as_decided(account: Account, items: policies.Items) -> None:
    decided = account.applications.filter(outcome="approved").latest("round").content["policy"]
    completed = {item.key for item in guideline().policy_items if item.kind == "account"}
    if any(json.dumps(items.get(key)) != json.dumps(decided.get(key)) for key in {*items, *decided} - completed):
        raise Refused("§6(2)", "運用ポリシーが、決裁・合議を受けたものと違います。名前とURLのほかは変えられません。",
                      now="内容を変えるときは、あらためて決裁・合議を受けます。", who=MEMBER)


@transaction.atomic
def share_policy(policy: Policy, *, by: Person) -> Policy:
    """Share a policy in the division: everybody there is asked to read it (§6(2))."""
    account = locked_for(policy.account, "share_policy", by=by)
    locked = _completed(policy)
    if locked.shared_at:
        raise Refused("§6(2)", "この運用ポリシーは、すでに共有しています。",
                      now="だれが読んだかは、アカウントのページで分かります。")
    locked.shared_at, locked.shared_by = clock.now(), by
    locked.save(update_fields=["shared_at", "shared_by"])
    PolicyReading.objects.get_or_create(policy=locked, person=by, defaults={"at": clock.now()})
    pass_on(account, "share_policy", by=by, version=locked.version)
    return locked


@transaction.atomic
def read_policy(policy: Policy, *, by: Person) -> PolicyReading:
    """A person of the division has read the policy (§6(2)). Raises Refused for anybody else."""
    locked = _completed(policy)
    if not is_member(locked.account, by.afresh()) or locked.shared_at is None:
        raise Refused("§6(2)", "運用ポリシーを読んだことを記録できるのは、共有を受けた担当所属の職員です。", who=MEMBER)
    reading, new = PolicyReading.objects.get_or_create(policy=locked, person=by, defaults={"at": clock.now()})
    if new:
        record("policy.read", locked, by=by, clause="§6(2)", account=locked.account_id)
    return reading


@transaction.atomic
def show_policy(policy: Policy, place: str, evidence: bytes, evidence_name: str, *, by: Person) -> Policy:
    """Record where in the account the policy is shown, with evidence (明示, §6(2)). Raises BadFile."""
    account = locked_for(policy.account, "show_policy", by=by)
    locked = _completed(policy)
    if not place.strip():
        raise Refused("§6(2)", "運用ポリシーを明示した場所が要ります。", now="アカウントのどこに示したかを書いてください。")
    file = keep_document(evidence, evidence_name, account=account, kind=StoredFile.Kind.EVIDENCE, by=by)
    locked.place_shown, locked.shown_evidence, locked.not_shown_reason = place, file, ""
    locked.save(update_fields=["place_shown", "shown_evidence", "not_shown_reason"])
    pass_on(account, "show_policy", by=by, version=locked.version, place=place, evidence=file.sha256)
    return locked


@transaction.atomic
def explain_policy_not_shown(policy: Policy, reason: str, *, by: Person) -> Policy:
    """Record why the account does not show the policy (原則として, §6(2))."""
    account = locked_for(policy.account, "show_policy", by=by)
    locked = _completed(policy)
    if not reason.strip():
        raise Refused("§6(2)", "アカウント内に明示しない理由が要ります。", now="理由を書いてください。")
    locked.not_shown_reason, locked.place_shown, locked.shown_evidence = reason, "", None
    locked.save(update_fields=["place_shown", "shown_evidence", "not_shown_reason"])
    pass_on(account, "show_policy", by=by, version=locked.version, reason=reason)
    return locked


def _completed(policy: Policy) -> Policy:
    locked = lock(policy)
    if locked.completed_at is None:
        raise Refused("§6(2)", "運用ポリシーが、まだ完成していません。",
                      now="先に、名前とURLを入れて完成してください。", who=MEMBER)
    return locked
