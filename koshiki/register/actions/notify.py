"""The notification 別紙2, from the head to 情報政策課長, and the listing that follows (§6(3)ア, §6(3)イ)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from koshiki import clock
from koshiki.audit.log import canonical
from koshiki.guideline import Form, Refused, Way, guideline
from koshiki.networks import service_label
from koshiki.organization.models import Person
from koshiki.organization.roles import heads
from koshiki.register import policy as policies
from koshiki.register.address import account_address, on_the_citys_site
from koshiki.register.closing import under_way
from koshiki.register.files import keep_image
from koshiki.register.flow import HEAD, IP_STAFF
from koshiki.register.models import Account, Notification, StoredFile
from koshiki.register.moves import locked_for, pass_on
from koshiki.text import graphemes
from koshiki.workflow import lock


@dataclass(frozen=True)
class Upload:
    """添付 — a file as it was given."""

    data: bytes = field(repr=False)
    name: str


def form() -> Form:
    """別紙2 as the guideline file has it."""
    return guideline().forms["opening"]


def known_fields(account: Account) -> dict[str, str]:
    """The rows of the form that the register itself knows."""
    return {
        "division": account.division.name,
        "service": service_label(account.service),
        "account_name": account.name,
        "url": account_address(account),
    }


@transaction.atomic
def notify(account: Account, typed: Mapping[str, str], image: Upload | None = None, *, by: Person) -> Notification:
    """The head submits 別紙2 with the policy and the account's image (§6(3)ア).

    `typed` holds content, introduction, person_in_charge and contact. Without `image` the one of the version
    before is attached again. Raises Refused §6(3)ア, §別紙2; BadFile for the image.
    """
    locked = locked_for(account, "notify", by=by)
    refuse_while_closing(locked)
    policy = policies.public_policy(locked)
    rows = {**{k: v.strip() for k, v in typed.items()}, **known_fields(locked)}
    require_filled(form(), rows, clause="§別紙2")
    attached = _image(locked, image, by)
    if policy is None or attached is None:
        lacking = "、".join(n for n, there in (("運用ポリシー", policy), ("アカウント画像", attached)) if there is None)
        raise Refused("§6(3)ア", f"添付が足りません：{lacking}。", now="添付をそろえてから届け出てください。", who=HEAD)
    fields = canonical(rows)
    last = locked.notifications.filter(form="opening").aggregate(last=Max("version"))["last"] or 0
    notification = Notification.objects.create(
        account=locked, form="opening", version=last + 1, fields=fields,
        digest=hashlib.sha256(fields.encode()).hexdigest(), policy=policy, image=attached, submitted_by=by,
        as_deputy=not heads(by, locked.division_id), submitted_at=clock.now())
    pass_on(locked, "notify", by=by, version=notification.version, digest=notification.digest,
            policy=policy.digest, image=attached.sha256)
    return notification


def require_filled(paper: Form, rows: Mapping[str, str], *, clause: str) -> None:
    """No row of the form is empty or longer than the form allows. Raises Refused with the form's clause."""
    wanted = (*paper.field, *paper.footer)
    if empty := [row.label for row in wanted if not rows.get(row.key, "").strip()]:
        raise Refused(clause, f"届出書に空欄があります：{'、'.join(empty)}。",
                      now="空欄を埋めてから届け出てください。", who=HEAD)
    for row in wanted:
        if row.max and graphemes(rows[row.key]) > row.max:
            raise Refused(clause, f"「{row.label}」が{row.max}字を超えています（{graphemes(rows[row.key])}字）。",
                          now="短くしてから届け出てください。", who=HEAD)


def refuse_while_closing(account: Account) -> None:
    """Raises Refused §7(1): what is being closed is not opened further."""
    if under_way(account):
        raise Refused("§7(1)", "このアカウントは、廃止の手続中です。", now="続けるときは、廃止の届出を取り下げます。", who=HEAD)


def _image(account: Account, image: Upload | None, by: Person) -> StoredFile | None:
    if image is not None:
        return keep_image(image.data, image.name, account=account, by=by)
    before = account.notifications.filter(form="opening").select_related("image").order_by("-version").first()
    return before.image if before else None


@transaction.atomic
def receive(notification: Notification, *, by: Person) -> Notification:
    """情報政策課 receives the notification."""
    account = locked_for(notification.account, "receive", by=by)
    locked = _open(notification)
    locked.received_at, locked.received_by = clock.now(), by
    locked.save(update_fields=["received_at", "received_by"])
    pass_on(account, "receive", by=by, version=locked.version, digest=locked.digest)
    return locked


@transaction.atomic
def return_notification(notification: Notification, comment: str, *, by: Person) -> Notification:
    """情報政策課 sends the notification back for correction."""
    account = locked_for(notification.account, "return_notification", by=by)
    locked = _open(notification)
    if not comment.strip():
        raise Refused("§6(3)ア", "差し戻すには、直す点が要ります。", now="直す点を書いてください。", who=IP_STAFF)
    locked.returned_at, locked.returned_by, locked.comment = clock.now(), by, comment
    locked.save(update_fields=["returned_at", "returned_by", "comment"])
    pass_on(account, "return_notification", by=by, version=locked.version, comment=comment)
    return locked


def _open(notification: Notification) -> Notification:
    locked = lock(notification)
    if locked.received_at or locked.returned_at:
        raise Refused("K-stale", "この届出は、すでに受理又は差戻しになっています。", now="アカウントのページを確かめてください。")
    return locked


@transaction.atomic
def list_account(account: Account, *, by: Person) -> Account:
    """情報政策課長 puts the account on the register (§6(3)イ): its page at the fixed address is public from now on."""
    locked = locked_for(account, "list", by=by)
    refuse_while_closing(locked)
    _require_the_citys_site()
    received = locked.notifications.filter(form="opening", received_at__isnull=False).latest("version")
    locked.introduction = received.content["introduction"]
    locked.image = received.image.sha256 if received.image else ""
    locked.listed_at = clock.now()
    return pass_on(locked, "list", by=by, notification=received.digest,
                   as_="本人" if heads_information_policy(by) else "代決")


def _require_the_citys_site() -> None:
    """Where the register is a copy on the city's home page, that is where its address must lie."""
    if guideline().way is Way.STATIC and not on_the_citys_site(settings.KOSHIKI_PUBLIC_URL):
        raise Refused("§6(3)イ", f"公開ページのアドレス（{settings.KOSHIKI_PUBLIC_URL}）が、"
                      "市公式ホームページのものではありません。",
                      now="KOSHIKI_PUBLIC_URL に、市公式ホームページの中のアドレスを書いてください。",
                      who="システム管理の職員")


def heads_information_policy(person: Person) -> bool:
    """Is the person 情報政策課長, not a deputy?"""
    return "information_policy" in person.standing.headed_services
