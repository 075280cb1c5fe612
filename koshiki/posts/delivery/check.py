"""Asked again at the moment of sending (delivery 3): may this still go out, exactly as it was approved?

Each question raises Refused with its clause; the delivery is then held, and the page says the same words.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, Subquery

from koshiki import clock
from koshiki.database.identity import same_installation
from koshiki.guideline import Refused, guideline
from koshiki.posts.delivery import holds
from koshiki.posts.models import ApprovalTarget, Delivery, Revision
from koshiki.register.models import Account, Hold
from koshiki.register.roles import approving_at

APPROVERS = "このアカウントの情報発信責任者"


@dataclass(frozen=True)
class Facts:
    """What the database says of a delivery in this moment, in one answer."""

    same_installation: bool
    official: bool
    gone: bool  # off the register by §7(2)
    standing: bool  # the approval
    newest: bool  # the revision
    named: bool  # the approver, when approving
    held: int | None  # by this Hold
    ended: int | None  # this Hold, since the delivery had become due


def ask(row: Delivery) -> Facts:
    """One query, however many questions."""
    approval, revision = row.approval, row.approval.revision
    standing = ApprovalTarget.objects.filter(
        approval=approval, account=row.account_id, standing=True, approval__withdrawn_at=None)
    newer = Revision.objects.filter(post=row.post_id, number__gt=revision.number)
    found = Delivery.objects.filter(pk=row.pk).annotate(
        same_installation=Exists(same_installation()),
        official=Exists(Account.objects.filter(pk=row.account_id, state=Account.State.OFFICIAL)),
        gone=Exists(Account.objects.filter(pk=row.account_id, state__in=Account.GONE)),
        standing=Exists(standing),
        newest=~Exists(newer),
        named=Exists(approving_at(approval.approver_id, row.account_id, approval.at)),
        held=Subquery(holds.open_on(row.account).values("pk")[:1]),
        ended=Subquery(holds.ended_since(row).values("pk")[:1]),
    )
    return Facts(**found.values(*Facts.__dataclass_fields__).get())


def check(row: Delivery) -> None:
    """All questions, in the order in which their answers help most. Raises Refused."""
    facts = ask(row)
    for question in QUESTIONS:
        question(row, facts)


def refuse_copy(row: Delivery, facts: Facts) -> None:
    """A restored copy or a clone sends nothing until a person has confirmed it."""
    if not facts.same_installation:
        raise Refused("K-restore", "復元したデータか写しのため、発信しません。",
                      now="すでに発信されたものがないか確かめたうえで、この設置を使うことを確認します。",
                      who="システム管理の担当又は情報政策課長")


def refuse_unofficial(row: Delivery, facts: Facts) -> None:
    """Only an official account publishes (§6); one that was delisted for its closing never again (§7(2))."""
    if facts.gone:
        raise Refused("§7(2)", f"「{row.account}」は、廃止の手続で市ホームページから掲載が削除されたため、発信しません。",
                      now="投稿のページで、発信を取りやめます。", who=APPROVERS)
    if not facts.official:
        raise Refused("§6", f"「{row.account}」は公式アカウントではないため、発信しません。",
                      now="開設の手続を終えると発信できます。", who="所属長")


def refuse_held(row: Delivery, facts: Facts) -> None:
    """While a Hold is open nothing begins."""
    if facts.held:
        hold = Hold.objects.select_related("account").get(pk=facts.held)
        clause = hold.clause if hold.clause in guideline().clauses else "K-hold"
        raise Refused(clause, f"{hold}のため、発信しません（{hold.reason}）。",
                      now="停止が解かれた後、期限の残るものは責任者が進めます。", who=APPROVERS)


def refuse_unapproved(row: Delivery, facts: Facts) -> None:
    """The approval stands, binds the latest revision's digest, and its approver was one when approving (§8(1))."""
    if not facts.standing:
        raise _unapproved("承認が取り消されています。")
    if not facts.newest or row.approval.digest != row.approval.revision.digest:
        raise _unapproved("承認された後に内容が変わっています。")
    if not facts.named:
        raise _unapproved("承認した職員の指定が取り消されています。")


def refuse_unreleased(row: Delivery, facts: Facts) -> None:
    """What became overdue under a Hold waits for an approver's word."""
    if facts.ended:
        hold = Hold.objects.select_related("account").get(pk=facts.ended)
        raise Refused("K-hold", f"{hold}の間に発信日時を過ぎたため、責任者の指示を待っています。",
                      now="今からでも発信してよければ、「発信を進める」を押します。", who=APPROVERS)


def refuse_late(row: Delivery, facts: Facts | None = None) -> None:
    """Past its 配信期限 it would be stale."""
    if clock.now() > row.expires_at:
        raise Refused("K-late", "配信期限を過ぎたため、発信しません。",
                      now="同じ内容のまま新しい発信日時を付けて提出し、承認を受けると発信できます。",
                      who="情報発信担当者と情報発信責任者")


def _unapproved(message: str) -> Refused:
    return Refused("§8(1)", message, now="あらためて承認を受けると発信できます。", who="情報発信担当者と情報発信責任者")


QUESTIONS = (refuse_copy, refuse_unofficial, refuse_held, refuse_unapproved, refuse_late, refuse_unreleased)
