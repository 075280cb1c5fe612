"""Asked again at the moment of sending (delivery 3): may this still go out, exactly as it was approved?

Each question raises Refused with its clause; the delivery is then held, and the page says the same words.
"""

from __future__ import annotations

from koshiki import clock
from koshiki.database.ownership import is_this_installation
from koshiki.guideline import Refused, guideline
from koshiki.posts.delivery import holds
from koshiki.posts.models import ApprovalTarget, Delivery, Revision
from koshiki.register.models import Account
from koshiki.register.roles import was_approver

APPROVERS = "このアカウントの情報発信責任者"


def check(row: Delivery) -> None:
    """All questions, in the order in which their answers help most. Raises Refused."""
    refuse_copy()
    refuse_unofficial(row)
    refuse_held(row)
    refuse_unapproved(row)
    refuse_late(row)
    refuse_unreleased(row)


def refuse_copy() -> None:
    """A restored copy or a clone sends nothing until a person has confirmed it."""
    if not is_this_installation():
        raise Refused("K-restore", "復元したデータか写しのため、発信しません。",
                      now="すでに発信されたものがないか確かめたうえで、この設置を使うことを確認します。",
                      who="システム管理の担当又は情報政策課長")


def refuse_unofficial(row: Delivery) -> None:
    """Only an official account publishes (§6)."""
    if not Account.objects.filter(pk=row.account_id, state=Account.State.OFFICIAL).exists():
        raise Refused("§6", f"「{row.account}」は公式アカウントではないため、発信しません。",
                      now="開設の手続を終えると発信できます。", who="所属長")


def refuse_held(row: Delivery) -> None:
    """While a Hold is open nothing begins."""
    if hold := holds.on_publishing(row.account):
        clause = hold.clause if hold.clause in guideline().clauses else "K-hold"
        raise Refused(clause, f"{hold}のため、発信しません（{hold.reason}）。",
                      now="停止が解かれた後、期限の残るものは責任者が進めます。", who=APPROVERS)


def refuse_unreleased(row: Delivery) -> None:
    """What became overdue under a Hold waits for an approver's word."""
    if hold := holds.ended_since(row):
        raise Refused("K-hold", f"{hold}の間に発信日時を過ぎたため、責任者の指示を待っています。",
                      now="今からでも発信してよければ、「発信を進める」を押します。", who=APPROVERS)


def refuse_unapproved(row: Delivery) -> None:
    """The approval stands, binds the latest revision's digest, and its approver was one when approving (§8(1))."""
    approval, revision = row.approval, row.approval.revision
    standing = ApprovalTarget.objects.filter(
        approval=approval, account=row.account, standing=True, approval__withdrawn_at=None)
    if not standing.exists():
        raise _unapproved("承認が取り消されています。")
    newest = Revision.objects.filter(post=row.post_id).order_by("-number").values_list("pk", flat=True).first()
    if newest != revision.pk or approval.digest != revision.digest:
        raise _unapproved("承認された後に内容が変わっています。")
    if not was_approver(approval.approver, row.account_id, approval.at):
        raise _unapproved("承認した職員の指定が取り消されています。")


def refuse_late(row: Delivery) -> None:
    """Past its 配信期限 it would be stale."""
    if clock.now() > row.expires_at:
        raise Refused("K-late", "配信期限を過ぎたため、発信しません。",
                      now="同じ内容のまま新しい発信日時を付けて提出し、承認を受けると発信できます。",
                      who="情報発信担当者と情報発信責任者")


def _unapproved(message: str) -> Refused:
    return Refused("§8(1)", message, now="あらためて承認を受けると発信できます。", who="情報発信担当者と情報発信責任者")
