"""What the tests about public pages have in common: something that was published, a policy that was completed."""

from __future__ import annotations

import io
import uuid
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from koshiki import clock, images, store
from koshiki.audit.log import canonical
from koshiki.guideline import guideline
from koshiki.organization.models import Person
from koshiki.posts.content import digest_of
from koshiki.posts.models import (
    Approval,
    ApprovalTarget,
    Delivery,
    Medium,
    Post,
    Rendition,
    Revision,
    RevisionMedium,
    RevisionTarget,
)
from koshiki.register.models import Account, Policy
from koshiki.register.policy import fixed_words, written
from tests.cast import Cast

TEXT = "あす午前9時から、総合防災訓練を行います。サイレンが鳴りますが、訓練です。"


def said(cast: Cast, *accounts: Account, text: str = TEXT, at: datetime | None = None,
         state: Delivery.State = Delivery.State.SENT, pictures: tuple[str, ...] = (), **content: str) -> list[Delivery]:
    """One post of aoki's, approved by baba, in this state on each account; `pictures`: their alt texts."""
    at = at or clock.now()
    post = Post.objects.create(division=accounts[0].division, title="庁内での件名", created_by=cast.aoki, state="approved")
    media = [_medium(post, alt, by=cast.aoki) for alt in pictures]
    text_of_all = canonical({"post": post.pk, "targets": [
        {"account": account.pk, "service": account.service, "content": {"text": text, **content},
         "media": [_in_canonical(kept, alt) for (_, kept), alt in zip(media, pictures, strict=True)]}
        for account in accounts]})
    revision = Revision.objects.create(post=post, number=1, author=cast.aoki, at=at - timedelta(hours=2), basis="要綱",
                                       canonical=text_of_all, digest=digest_of(text_of_all))
    for number, ((medium, kept), alt) in enumerate(zip(media, pictures, strict=True)):
        RevisionMedium.objects.create(revision=revision, medium=medium, order=number, alt=alt)
        Rendition.objects.get_or_create(medium=medium, service=accounts[0].service, rules="", defaults={
            "sha256": kept.sha256, "mime": kept.mime, "width": kept.width, "height": kept.height, "size": kept.size})
    for account in accounts:
        RevisionTarget.objects.create(revision=revision, account=account, content=canonical({"text": text, **content}))
    approval = Approval.objects.create(revision=revision, approver=cast.baba, at=at - timedelta(hours=1),
                                       digest=revision.digest, confirmed="{}")
    return [_delivery(approval, account, at, state) for account in accounts]


def _delivery(approval: Approval, account: Account, at: datetime, state: Delivery.State) -> Delivery:
    ApprovalTarget.objects.create(approval=approval, revision=approval.revision, account=account)
    sent = state == Delivery.State.SENT
    number = str(uuid.uuid4().int)[:18]
    return Delivery.objects.create(
        approval=approval, post=approval.revision.post, account=account, due_at=at, next_at=at, state=state,
        expires_at=at + timedelta(minutes=30), sent_at=at if sent else None, remote_id=number if sent else "",
        url=f"{account.url}/{number}" if sent and account.url else "")


def _medium(post: Post, alt: str, *, by: Person) -> tuple[Medium, store.Kept]:
    data = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 800)).convert("RGB").save(data, "JPEG")
    kept = images.keep(data.getvalue())
    return Medium.objects.create(
        division=post.division, uploaded_by=by, name="写真.jpg", sha256=kept.sha256, mime=kept.mime, width=kept.width,
        height=kept.height, size=kept.size, rights="own", people="none"), kept


def _in_canonical(kept: store.Kept, alt: str) -> dict[str, Any]:
    return {"sha256": kept.sha256, "mime": kept.mime, "alt": alt, "width": kept.width, "height": kept.height,
            "size": kept.size}


def policy_of(account: Account, *, by: Person, version: int = 1, complete: bool = True, **typed: str) -> Policy:
    """The account's policy with everything that §6(2) and 別紙1 ask for."""
    items = {"purpose": "防災の情報を、早く正しく市民に届けるため。", "content": "避難情報、訓練のお知らせ、備えの案内。",
             "hours": "平日の8時30分から17時15分まで。災害時はこの限りではありません。", "frequency": "週に2回程度。",
             "answers": "none", "contact": "防災課 電話 0538-00-0110", **typed}
    text = canonical(written(account, items, [words.clause for words in fixed_words()]))
    done = {"completed_at": clock.now(), "completed_by": by, "digest": digest_of(text),
            "in_force_from": clock.today()} if complete else {}
    return Policy.objects.create(account=account, version=version, items=text, edition=guideline().edition,
                                 written_by=by, **done)
