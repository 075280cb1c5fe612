"""What an approver does: approve exactly what was read (§8(1)), or take an approval back."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import canonical
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.organization.roles import require_confirmation
from koshiki.posts.actions.writing import fall_approvals, moved, wanted
from koshiki.posts.checks import Found
from koshiki.posts.content import Altered, going_out, outside_addresses
from koshiki.posts.delivery.plan import cancel as cancel_deliveries
from koshiki.posts.delivery.plan import plan
from koshiki.posts.findings import as_logged, asked_of
from koshiki.posts.flow import ANSWERABLE, APPROVERS, FLOW
from koshiki.posts.models import Approval, ApprovalTarget, Finding, Post, Revision, findings_of
from koshiki.posts.roles import (
    eligible_approvers,
    refuse_if_stale,
    target_accounts,
    touched,
    whole_latest,
)
from koshiki.register.models import Account
from koshiki.register.roles import decides_for, is_approver
from koshiki.workflow import lock


@dataclass(frozen=True)
class Confirmed:
    """確かめたこと — §5's nine by their ids, each outside link by its address (§8(4)), each finding with its answer by its
    key, §4(7)'s permanence."""

    prohibited: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    permanence: bool = False
    findings: frozenset[str] = frozenset()

    @classmethod
    def everything(cls, post: Post) -> Confirmed:
        """All that the post's latest revision asks to be confirmed."""
        read = post.latest
        return cls(frozenset(c.id for c in guideline().under("§5")), frozenset(outside_links_of(read)), True,
                   frozenset(row.key for row in findings_of(read)))


@transaction.atomic
def approve(post: Post, digest: str, *, by: Person, confirmed: Confirmed) -> Approval:
    """承認 — for every target that `by` is approver of; what was read is `digest`. The last one sends it on its way.

    The same approval a second time gives the first one. Raises Refused: §8(1) for a stale digest, for who wrote
    it, for who is not approver of every target although somebody is; §4(1), §4(7), §5(1)–(9), §6, §8(4), K-late.
    """
    locked = lock(post)
    revision = whole_latest(locked)
    refuse_if_stale(revision, digest)
    standing = list(revision.approvals.filter(withdrawn_at__isnull=True).prefetch_related("targets"))
    if earlier := next((approval for approval in standing if approval.approver_id == by.pk), None):
        return earlier
    FLOW.check(locked, "approve", by=by)
    accounts = target_accounts(locked)
    others = [target for approval in standing for target in approval.targets.all() if target.standing]
    approved = {target.account_id for target in others}
    mine = [a for a in accounts if a.pk not in approved and is_approver(by, a)]
    _refuse_person(revision, accounts, mine, by)
    _refuse_content(revision, accounts)
    _refuse_unanswered(revision)
    _refuse_unconfirmed(revision, confirmed)
    return _approved(locked, revision, mine, others, by=by, confirmed=confirmed)


@transaction.atomic
def withdraw_approval(approval: Approval, reason: str, *, by: Person) -> Post:
    """承認の取消し — by an approver of one of its accounts, or who decides for the division. All approvals of the
    revision fall, what waits to be sent is cancelled, and the post waits for approval again.

    Raises Refused §8(1), K-once when sending has begun.
    """
    locked = lock(Post.objects.get(revisions=approval.revision_id))
    FLOW.check(locked, "withdraw_approval", by=by)
    fresh = Approval.objects.get(pk=approval.pk)
    if fresh.withdrawn_at:
        raise Refused("K-stale", "この承認は、すでに取り消されています。")
    accounts = [t.account for t in fresh.targets.select_related("account")]
    if not any(is_approver(by, a) or decides_for(by, a) for a in accounts):
        raise Refused("§8(1)", "この承認を取り消せるのは、その発信先の責任者か所属長です。", who=ANSWERABLE)
    reason = wanted(reason, "承認を取り消す理由を書いてください。")
    cancel_deliveries(locked, reason=reason, by=by)
    fall_approvals(locked, reason, by=by)
    return moved(locked, "withdraw_approval", by=by, approval=approval.pk, reason=reason)


def outside_links_of(revision: Revision) -> list[str]:
    """The addresses of the revision that lead outside the city's pages, each to be confirmed (§8(4))."""
    contents = (json.loads(target.content) for target in revision.targets.all())
    return [link.url for link in outside_addresses(contents)]


def _refuse_person(revision: Revision, accounts: list[Account], mine: list[Account], by: Person) -> None:
    require_confirmation(by)
    if by.pk in touched(revision):
        raise Refused("§8(1)", "自分が書いた投稿、差戻しの後に自分が手を入れた投稿は、承認できません。",
                      now="ほかの情報発信責任者が承認します。", who=APPROVERS)
    if not mine:
        raise Refused("§8(1)", "承認を待っている発信先に、あなたが責任者であるものはありません。", who=APPROVERS)
    if len(mine) < len(accounts):
        alone = [p.name for p, theirs in eligible_approvers(revision, accounts).items() if len(theirs) == len(accounts)]
        if alone:
            raise Refused("§8(1)", "すべての発信先の責任者である職員がいるため、その職員がまとめて承認します。",
                          now="承認を頼んでください。", who="、".join(alone))


def _refuse_content(revision: Revision, accounts: list[Account]) -> None:
    for account in accounts:
        if account.state in Account.GONE:
            raise Refused("§7(2)", f"{account}は、廃止の手続で掲載が削除されたため、発信できません。",
                          now="差し戻して、発信先から外すか、取り下げてもらってください。", who="情報発信担当者")
        if account.state != Account.State.OFFICIAL:
            raise Refused("§6", f"{account}は公式アカウントではないため、発信できません。",
                          now="開始手続を終えると、発信できるようになります。", who="所属長")
        try:
            going_out(revision, account)
        except Altered as altered:
            raise Refused("§8(1)", str(altered), now="担当者が、あらためて書き、提出します。") from altered
    if revision.due_at and revision.due_at < clock.now():
        raise Refused("K-late", "発信日時が過ぎているため、承認しても発信できません。",
                      now="差し戻して、新しい発信日時で提出してもらってください。", who="情報発信担当者")


def _refuse_unanswered(revision: Revision) -> None:
    """What is found is looked for once more: a day may be over by now, a telephone no longer the city's."""
    rows = findings_of(revision)
    answered = {row.key for row in rows if row.answer == Finding.Answer.JUSTIFIED}
    waiting: list[Finding | Found] = [row for row in rows if row.answer == Finding.Answer.OPEN]
    for one in [*waiting, *(found for found in asked_of(revision) if found.key not in answered)]:
        raise Refused(one.clause, f"「{one.quote[:40]}」について、担当者の答えがありません。{one.reason}",
                      now="差し戻して、直すか、そのままでよい理由を書いてもらってください。", who="情報発信担当者")


def _refuse_unconfirmed(revision: Revision, confirmed: Confirmed) -> None:
    for clause in guideline().under("§5"):
        if clause.id not in confirmed.prohibited:
            raise Refused(clause.id, f"「{clause.text}」に当たらないことを確かめていません。",
                          now="禁止事項の9項目を一つずつ確かめてください。", who=APPROVERS)
    for url in outside_links_of(revision):
        if url not in confirmed.links:
            raise Refused("§8(4)", f"市以外のページへのリンク（{url}）を確かめていません。",
                          now="リンク先と担当者の理由を読んで、一つずつ確かめてください。", who=APPROVERS)
    for row in findings_of(revision):
        if row.key not in confirmed.findings:
            raise Refused(row.clause, f"「{row.quote[:40]}」についての指摘と担当者の答えを確かめていません。",
                          now="指摘と担当者の答えを読んで、一つずつ確かめてください。", who=APPROVERS)
    if not confirmed.permanence:
        raise Refused("§4(7)", "公開した情報は完全には削除できないことを、確かめていません。",
                      now="承認の画面の最後で確かめてください。", who=APPROVERS)


def _approved(locked: Post, revision: Revision, mine: list[Account], others: list[ApprovalTarget], *, by: Person,
              confirmed: Confirmed) -> Approval:
    kept = canonical({"prohibited": sorted(confirmed.prohibited), "links": sorted(confirmed.links), "permanence": 1,
                      "findings": as_logged(findings_of(revision))})
    approval = Approval.objects.create(revision=revision, approver=by, at=clock.now(), digest=revision.digest,
                                       confirmed=kept)
    targets = ApprovalTarget.objects.bulk_create(
        ApprovalTarget(approval=approval, revision=revision, account=account) for account in mine)
    complete = len(targets) + len(others) == len(target_accounts(locked))
    if complete:
        plan(revision, [*others, *targets])
    moved(locked, "approve" if complete else "approve_part", by=by, revision=revision.number,
          digest=revision.digest, approval=approval.pk, accounts=[a.pk for a in mine], confirmed=kept)
    return approval
