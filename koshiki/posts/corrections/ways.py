"""訂正の方法 — what of a post is out, and how it can be put right on each account; what a service can't do is not offered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from koshiki.networks.base import Verb
from koshiki.posts.content import Draft, by_hand, segments_of, service_of
from koshiki.posts.models import Delivery, Post, Way
from koshiki.posts.models.delivery import CHANGING, STANDS
from koshiki.register.models import Account

NEEDS: dict[Way, Verb | None] = {
    Way.REPLY: Verb.THREAD, Way.EDIT: Verb.EDIT, Way.NOTICE: None, Way.REPOST: Verb.DELETE, Way.TAKE_DOWN: Verb.DELETE}
CHANGES = frozenset({Way.EDIT, Way.REPOST, Way.TAKE_DOWN})

Rows = Sequence[Delivery]


def out_on(wrong: Post, accounts: Collection[Account] | None = None) -> dict[int, list[Delivery]]:
    """What the post made appear, by account, of a thread in order; also what was edited or deleted since."""
    rows = wrong.deliveries.filter(state=Delivery.State.SENT).exclude(verb=Delivery.Verb.DELETE)
    if accounts is not None:
        rows = rows.filter(account__in=[account.pk for account in accounts])
    found: dict[int, list[Delivery]] = {}
    whole = rows.select_related("account__division", "wrong").prefetch_related("account__connections")
    for row in whole.order_by("account_id", "segment"):
        found.setdefault(row.account_id, []).append(row)
    return found


def changed() -> Exists:
    """Of deliveries: what they made appear is edited or deleted, or about to be."""
    return Exists(Delivery.objects.filter(STANDS, wrong=OuterRef("pk"), verb__in=CHANGING))


def standing(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those of these publications that say what they said, and will."""
    return rows.exclude(verb=Delivery.Verb.DELETE).exclude(changed())


def offered(account: Account, rows: Rows) -> list[Way]:
    """The ways that the service leaves, first those by which both stay to be seen."""
    service = service_of(account)
    reachable = by_hand(account) is not None or all(row.published_id for row in rows)
    mends = service.mends if reachable else frozenset()
    return [way for way, verb in NEEDS.items()
            if (verb is None or verb in mends) and not (way is Way.EDIT and len(rows) > 1)]


def ways_of(wrong: Post, accounts: Collection[Account]) -> dict[Account, list[Way]]:
    """Of these accounts those on which the post is out, each with the ways that are offered there."""
    out = out_on(wrong, accounts)
    return {account: offered(account, out[account.pk]) for account in accounts if account.pk in out}


def hindrances(draft: Draft) -> Iterator[tuple[Account, str]]:
    """Why a correction can't be made as it was written, in words, with the account that it is about."""
    if draft.correcting is None:
        return
    wrong = draft.correcting.wrong
    out = out_on(wrong, draft.contents)
    for account in draft.contents:
        if why := _hindrance(account, draft, out.get(account.pk, [])):
            yield account, why


def _hindrance(account: Account, draft: Draft, rows: Rows) -> str:
    way = draft.way(account)
    if not rows:
        return "誤った投稿は、この発信先に出ていません。"
    if way not in offered(account, rows):
        return "このサービスでできる訂正の方法を選んでください。"
    if way == Way.EDIT:
        return _not_by_edit(account, draft, rows[0])
    return ""


def _not_by_edit(account: Account, draft: Draft, row: Delivery) -> str:
    """An edit is of one post, and its pictures stay."""
    if len(segments_of(service_of(account), draft.contents[account])) > 1:
        return "編集では、一つの投稿に収まる長さにしてください。"
    before = list(row.approval.revision.media.values_list("medium", "alt"))
    if [(attached.medium.pk, attached.alt) for attached in draft.media] != before:
        return "編集では、画像や動画と代替テキストは変えられません。元のままにするか、「削除して再投稿」を選んでください。"
    return ""


def open_corrections(wrong: Post) -> Q:
    """Of corrections: those of this post that are neither done nor given up, nor have failed."""
    moving = Delivery.objects.filter(post=OuterRef("post")).exclude(
        state__in=[Delivery.State.SENT, Delivery.State.FAILED, Delivery.State.CANCELLED])
    return Q(wrong=wrong, done_at=None) & ~Q(post__state=Post.State.WITHDRAWN) & (
        ~Q(post__state=Post.State.APPROVED) | Q(Exists(moving)))
