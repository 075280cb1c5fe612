"""How a post is shown: what would appear on each service, what changed, where it stands, what happened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import about
from koshiki.audit.models import Entry
from koshiki.calendar import wareki
from koshiki.guideline import guideline
from koshiki.look import Moment, Picture, Preview, Tone, WhereItStands
from koshiki.networks.base import Network
from koshiki.posts.content import approved_segments, by_hand, is_film, segments_of, service_of, targets_in
from koshiki.posts.models import Approval, Delivery, Post, Remark, Revision, Way, has_findings
from koshiki.posts.roles import eligible_approvers
from koshiki.posts.stages import IN_HAND, stage_of
from koshiki.register.models import Account

NEWEST = 30  # of the log and of remarks, on the page; the log itself has all
AT_ONCE = "承認されたらすぐ"


@dataclass(frozen=True)
class Change:
    """変わった所 — one part of a post before and after."""

    label: str
    before: str
    after: str


Accounts = Mapping[int, Account]


def accounts_of(*revisions: Revision) -> dict[int, Account]:
    """The accounts of these revisions with what their services need, in two queries."""
    ids = {target["account"] for revision in revisions for target in targets_in(revision)}
    rows = Account.objects.filter(pk__in=ids).select_related("division").prefetch_related("connections")
    return {account.pk: account for account in rows}


def previews(revision: Revision, accounts: Accounts) -> list[Preview]:
    """Exactly what will appear, target by target, from the canonical text. Raises Altered.

    Where something is only taken down nothing will appear.
    """
    return [_preview(revision, accounts[target["account"]], target) for target in targets_in(revision)
            if approved_segments(target)]


def _preview(revision: Revision, account: Account, target: dict[str, Any]) -> Preview:
    pictures = [_picture(revision.post_id, medium) for medium in target["media"]]
    way = Way(target["way"]).label if target.get("way") else ""
    return _preview_of(account, approved_segments(target), pictures, revision.due_at, way)


def _picture(post: int, medium: Mapping[str, Any]) -> Picture:
    shown, poster = (reverse("post_image", args=[post, sha256]) if sha256 else ""
                     for sha256 in (medium["sha256"], medium.get("poster", "")))
    return Picture(shown, medium["alt"], film=is_film(medium), poster=poster)


def preview_of(account: Account, content: Mapping[str, str], pictures: list[Picture],
               at: datetime | None = None) -> Preview:
    """A content as it will look on the account."""
    return _preview_of(account, segments_of(service_of(account), content), pictures, at)


def _preview_of(account: Account, segments: Sequence[Mapping[str, str]], pictures: list[Picture],
                at: datetime | None, way: str = "") -> Preview:
    service = service_of(account)
    text, *more = (service.shown_text({**segment, "title": ""}) for segment in segments)
    by_a_person = "（手渡し）" if by_hand(account) else ""
    named = f"（{way}）" if way else ""
    return Preview(service=account.get_service_display() + named + by_a_person, account=account.name, handle=account.handle,
                   title=segments[0].get("title", ""), text=text, more=more, pictures=pictures, at=at)


# ---------------------------------------------------------------- differences


def latest_and_base(post: Post) -> tuple[Revision, Revision | None]:
    """The latest version, and the one that an approver last read before it: returned, remarked on or approved."""
    newer = Revision.objects.filter(post=OuterRef("post"), number__gt=OuterRef("number"))
    read = Exists(Remark.objects.filter(revision=OuterRef("pk"))) | Exists(Approval.objects.filter(revision=OuterRef("pk")))
    asked = post.revisions.filter(~Exists(newer) | read).annotate(noted=has_findings()).select_related("author")
    found = list(asked.order_by("-number")[:2])
    if not found:
        raise Revision.DoesNotExist
    return found[0], found[1] if len(found) > 1 else None


def changes(before: Revision, after: Revision, accounts: Accounts) -> list[Change]:
    """What differs between two versions, in the order of the page; nothing that is the same."""
    return [change for change in _parts(before, after, accounts) if change.before != change.after]


def _parts(before: Revision, after: Revision, accounts: Accounts) -> Iterator[Change]:
    old = {target["account"]: target for target in targets_in(before)}
    new = {target["account"]: target for target in targets_in(after)}
    for pk in (*new, *(pk for pk in old if pk not in new)):
        yield from _target_parts(accounts[pk], old.get(pk), new.get(pk))
    yield Change("発信日時", _time(before.due_at), _time(after.due_at))
    yield Change("配信期限", f"発信日時から{before.expires_after}分", f"発信日時から{after.expires_after}分")
    yield Change("根拠（§4(4)）", before.basis, after.basis)
    yield Change("市以外へのリンクの理由（§8(4)）", _reasons(before), _reasons(after))


def _target_parts(account: Account, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change(f"{account}：発信先", "発信先" if old else "", "発信先" if new else "")
    service = service_of(account)
    for declared in service.fields:
        yield Change(f"{account}：{declared.label}", *(
            target["content"].get(declared.key, "") if target else "" for target in (old, new)))
    yield Change(f"{account}：画像・動画", *(_media(target) for target in (old, new)))


def _media(target: dict[str, Any] | None) -> str:
    media = target["media"] if target else []
    return "\n".join(f"{'動画' if is_film(m) else '画像'}{n}（{m['sha256'][:8]}）{m['alt']}"
                     for n, m in enumerate(media, start=1))


def _time(at: datetime | None) -> str:
    return wareki(at) if at else AT_ONCE


def _reasons(revision: Revision) -> str:
    return "\n".join(f"{link.url}　{link.reason}" for link in revision.outside_links.all())


def suggested(remark: Remark, accounts: Accounts) -> list[Change]:
    """The wording that a remark suggests, against the version it was written on."""
    words = json.loads(remark.suggestion or "{}")
    found = []
    for target in targets_in(remark.revision) if words else []:
        before = target["content"]
        for key, after in words.get(str(target["account"]), {}).items():
            account = accounts.get(target["account"])
            found.append(Change(account.name if account else "前の発信先", before.get(key, ""), after))
    return [change for change in found if change.before != change.after]


# ---------------------------------------------------------------- where it stands


def approved_in(approvals: Iterable[Any]) -> set[int]:
    """The accounts for which an approval stands, of approvals read with their `accounts`."""
    return {account for row in approvals if row.withdrawn_at is None for account in row.accounts}


def where(post: Post, revision: Revision, deliveries: list[Delivery], accounts: Accounts,
          approved: set[int]) -> WhereItStands:
    """State, who is next, by when, under which clause; `approved`: the accounts that wait for nobody's approval."""
    stage = stage_of(post, deliveries)
    due: datetime | None
    if stage.key == "submitted":
        who, due = _approvers(revision, accounts, approved), approval_due(post, revision)
        note = _half_approved(accounts, approved)
    else:
        who, due, note = _next(revision, deliveries, accounts, stage.key)
    return WhereItStands(state=stage.label, tone=stage.tone, who=who, due=due, clause="§8(1)", note=note)


def _next(revision: Revision, deliveries: list[Delivery], accounts: Accounts,
          stage: str) -> tuple[str, datetime | None, str]:
    if stage in {"draft", "returned"}:
        author = f"情報発信担当者　{revision.author.name}"
        return author, None, "書き直して、もう一度提出してください。" if stage == "returned" else "まだ提出していません。"
    if stage == "planned":
        ahead = [d.due_at for d in deliveries if d.due_at > clock.now()]
        return sender_of(accounts.values()), min(ahead, default=None), "" if ahead else "まもなく発信します。"
    if stage == "in_hand":
        return _in_hand(deliveries)
    if stage == "trouble":
        return "情報発信責任者", None, "届いたかどうか分からない、止まっている、又は失敗した配信があります。"
    return "", None, ""


def sender_of(accounts: Iterable[Account]) -> str:
    """Who makes it appear once it is approved and due."""
    by_people = {by_hand(account) is not None for account in accounts}
    if by_people == {True}:
        return "職員が投稿します（手渡し）"
    return "koshiki が発信します" + ("。手渡しの発信先へは、職員が投稿します" if True in by_people else "")


def _in_hand(deliveries: list[Delivery]) -> tuple[str, datetime | None, str]:
    ours = [d for d in deliveries if d.state in IN_HAND]
    takers = list(dict.fromkeys(d.taken_by.name for d in ours if d.taken_by))
    who = f"{'、'.join(takers)}さんが投稿しています" if takers else "情報発信担当者又は情報発信責任者"
    return who, min(d.expires_at for d in ours), "サービスの画面で投稿し、そのアドレスを記録します。"


def approval_due(post: Post, revision: Revision) -> datetime:
    """By when the approval is wanted: within the hours of the guideline file, and before the publication."""
    usual = post.moved_at + timedelta(hours=guideline().deadlines["approval_hours"])
    return min(usual, revision.due_at) if revision.due_at else usual


def _approvers(revision: Revision, accounts: Accounts, standing: set[int]) -> str:
    still = [a for pk, a in accounts.items() if pk not in standing]
    names = [person.name for person in eligible_approvers(revision, still)]
    return "情報発信責任者　" + ("、".join(names) or "（承認できる人がいません。所属長が指定します）")


def _half_approved(accounts: Accounts, standing: set[int]) -> str:
    done = [account.name for pk, account in accounts.items() if pk in standing]
    return f"{'、'.join(done)}については承認済みです。" if done else ""


# ---------------------------------------------------------------- history

_WORDS = {
    "write": ("起案", Tone.DRAFT), "revise": ("書き直し", Tone.DRAFT), "submit": ("提出", Tone.WAITING),
    "send_back": ("差戻し", Tone.RETURNED), "suggest": ("文案の提案", Tone.RETURNED),
    "take_over": ("提案された文を取り入れ、提出", Tone.WAITING), "approve": ("承認", Tone.DONE),
    "approve_part": ("一部の発信先について承認", Tone.DONE), "withdraw_approval": ("承認の取消し", Tone.STOPPED),
    "correct": ("訂正の始まり", Tone.WAITING), "corrected": ("訂正の完了", Tone.DONE),
    "withdraw": ("取下げ", Tone.ENDED), "cancel": ("発信の取りやめ", Tone.ENDED),
}


def moments(post: Post, remarks: Mapping[int, Remark]) -> list[Moment]:
    """The newest of the post's history, newest first."""
    return [_moment(entry, remarks) for entry in about(post)[:NEWEST]]


def _moment(entry: Entry, remarks: Mapping[int, Remark]) -> Moment:
    data = json.loads(entry.canonical)["data"]
    words, tone = _WORDS.get(entry.verb.partition(".")[2], (entry.verb, Tone.DONE))
    version = f"（第{data['revision']}版）" if "revision" in data else ""
    remark = remarks.get(data.get("remark", 0))
    return Moment(at=entry.at, what=words + version, who=entry.actor.name if entry.actor else "koshiki",
                  clause=entry.clause, comment=remark.text if remark else data.get("reason", ""), tone=tone)


def limited(service: Network, content: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """The fields with a limit: key, how long it is as the service counts, how long it may be.

    Of what becomes a thread the longest of its posts.
    """
    segments = segments_of(service, content)
    return [(f.key, max(service.count(segment.get(f.key, "")) for segment in segments), f.max)
            for f in service.fields if f.max and f.kind == "text"]
