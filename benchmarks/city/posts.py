"""The posts of some months: written, returned, approved, sent, and what is still on its way."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from benchmarks.city.accounts import Target
from benchmarks.city.log import Happened
from koshiki.audit.log import canonical
from koshiki.guideline import guideline
from koshiki.organization.models import Person
from koshiki.posts.content import digest_of
from koshiki.posts.models import (
    Approval,
    ApprovalTarget,
    Delivery,
    Post,
    Remark,
    Revision,
    RevisionTarget,
)

P, D = Post.State, Delivery.State
AHEAD = timedelta(days=14)
THINGS = ("健康診査", "粗大ごみの受付", "図書館の休館", "水道管の工事", "市民文化祭", "確定申告の相談", "プールの開放",
          "予防接種", "防災訓練", "子育て講座", "夜間の窓口", "花火大会の交通規制", "就農の相談会", "特別展", "河川の清掃")
TEXT = """【{thing}のお知らせ】
日時：{day}（雨天のときは中止することがあります）
場所：市役所の本庁舎と各支所
内容：{thing}について、くわしくは市のホームページをご覧ください。申込みは要りません。駐車場に限りがありますので、なるべく乗り合わせてお越しください。
問合せ：{division} {telephone}"""


@dataclass
class Written:
    """投稿 as it is to be, before it has its rows."""

    targets: list[Target]
    due: datetime
    state: str
    fate: str
    returned: bool
    author: Person
    approver: Person
    title: str
    text: str

    @property
    def begun(self) -> datetime:
        return self.due - timedelta(days=2, hours=3)


def make_posts(number: int, targets: list[Target], since: datetime, now: datetime, dice: random.Random) -> list[Happened]:
    """So many posts between `since` and two weeks ahead, in batches; what stands in the log about them."""
    plans, happened = _plans(number, targets, since, now, dice), []
    while batch := [plan for _, plan in zip(range(5000), plans, strict=False)]:
        happened += _Batch(batch, now).happened
    return happened


def _plans(number: int, targets: list[Target], since: datetime, now: datetime, dice: random.Random) -> Iterator[Written]:
    by_office: dict[int, list[Target]] = {}
    for target in targets:
        by_office.setdefault(target.office.division.pk, []).append(target)
    span = (now + AHEAD - since).total_seconds()
    for n in range(number):
        target = targets[n % len(targets)]
        beside = dice.choice(by_office[target.office.division.pk])
        both = [target, beside] if beside is not target and dice.random() < 0.3 else [target]
        due = since + timedelta(seconds=span * dice.random())
        yield _plan(n, both, due.replace(minute=due.minute // 15 * 15, second=0, microsecond=0), now, dice)


def _plan(number: int, targets: list[Target], due: datetime, now: datetime, dice: random.Random) -> Written:
    state, fate = _fate(due > now, dice)
    office, thing = targets[0].office, THINGS[number % len(THINGS)]
    text = TEXT.format(thing=thing, day=f"{due:%m月%d日 %H時}", division=office.division.name,
                       telephone=office.division.telephone)
    return Written(targets, due, state, fate, state == P.RETURNED or dice.random() < 0.06, dice.choice(office.authors),
                   dice.choice(office.approvers), f"{thing}のお知らせ（第{number}号）", text)


def _fate(ahead: bool, dice: random.Random) -> tuple[str, str]:
    """The state of the post, and of its deliveries."""
    chance = dice.random()
    if ahead:
        states = ((0.15, P.DRAFT), (0.20, P.RETURNED), (0.50, P.SUBMITTED), (1.0, P.APPROVED))
        return next(state for most, state in states if chance < most), D.WAITING
    if chance < 0.02:
        return P.WITHDRAWN, ""
    return P.APPROVED, next(fate for most, fate in ((0.025, D.FAILED), (0.026, D.PERSON), (0.0262, D.UNKNOWN), (2, D.SENT))
                            if chance < most)


class _Batch:
    """Some thousands of posts with all their rows; every rule of the database holds while they are written."""

    numbers = count(1)

    def __init__(self, plans: list[Written], now: datetime) -> None:
        self.plans, self.now, self.happened = plans, now, list[Happened]()
        self.posts = Post.objects.bulk_create(
            Post(division=w.targets[0].office.division, title=w.title, state=w.state, created_by=w.author,
                 created_at=w.begun, moved_at=self._moved(w)) for w in plans)
        for w, post in zip(plans, self.posts, strict=True):
            self._note(post, w, w.begun, w.author, "write")
        self._revisions([(w, p) for w, p in zip(plans, self.posts, strict=True) if w.returned], 1)
        last = self._revisions(list(zip(plans, self.posts, strict=True)), 2)
        self._approved([(w, p, r) for (w, p), r in zip(zip(plans, self.posts, strict=True), last, strict=True)
                        if w.state == P.APPROVED])

    def _moved(self, w: Written) -> datetime:
        return min(w.due - timedelta(hours=3 if w.state == P.APPROVED else 24), self.now)

    def _revisions(self, pairs: list[tuple[Written, Post]], which: int) -> list[Revision]:
        """First the versions that were returned, with the remark; then the last of all."""
        first = which == 1
        made = Revision.objects.bulk_create(
            self._revision(w, p, 1 if first or not w.returned else 2) for w, p in pairs)
        RevisionTarget.objects.bulk_create(
            RevisionTarget(revision=r, account=t.account, content=canonical({"text": w.text}))
            for (w, _), r in zip(pairs, made, strict=True) for t in w.targets)
        returned = [(w, p, r) for (w, p), r in zip(pairs, made, strict=True) if first or w.state == P.RETURNED]
        Remark.objects.bulk_create(
            Remark(post=p, revision=r, by=w.approver, at=w.begun + timedelta(hours=2), kind=Remark.Kind.RETURN,
                   text="日時をもう一度確かめて、問合せ先を書き添えてください。") for w, p, r in returned)
        for w, p, r in returned:
            self._note(p, w, w.begun + timedelta(hours=2), w.approver, "send_back", revision=r.number)
        for (w, p), r in zip(pairs, made, strict=True):
            if w.state != P.DRAFT:
                self._note(p, w, w.begun + timedelta(hours=r.number), w.author, "submit", revision=r.number, digest=r.digest)
        return made

    @staticmethod
    def _revision(w: Written, post: Post, number: int) -> Revision:
        text = canonical({
            "post": post.pk, "revision": number, "due_at": w.due.isoformat(), "expires_after": 30, "addresses": [],
            "targets": [{"account": t.account.pk, "service": t.account.service, "content": {"text": w.text}, "media": []}
                        for t in w.targets]})
        return Revision(post=post, number=number, author=w.author, at=w.begun, basis="課内の起案（第45号）", due_at=w.due,
                        canonical=text, digest=digest_of(text))

    def _approved(self, rows: list[tuple[Written, Post, Revision]]) -> None:
        confirmed = canonical({"prohibited": [c.id for c in guideline().under("§5")], "links": [], "permanence": "yes"})
        approvals = Approval.objects.bulk_create(
            Approval(revision=r, approver=w.approver, at=w.due - timedelta(hours=3), digest=r.digest, confirmed=confirmed)
            for w, _, r in rows)
        each = [(w, p, r, a, t) for (w, p, r), a in zip(rows, approvals, strict=True) for t in w.targets]
        ApprovalTarget.objects.bulk_create(
            ApprovalTarget(approval=a, revision=r, account=t.account) for _, _, r, a, t in each)
        Delivery.objects.bulk_create(self._delivery(w, p, a, t) for w, p, _, a, t in each)
        for w, p, r in rows:
            self._note(p, w, w.due - timedelta(hours=3), w.approver, "approve", revision=r.number, digest=r.digest)

    def _delivery(self, w: Written, post: Post, approval: Approval, target: Target) -> Delivery:
        number, sent, open_ = next(self.numbers), w.fate == D.SENT, w.fate in (D.PERSON, D.UNKNOWN)
        self._sent(post, w, target, number) if sent else None
        url = target.account.url
        return Delivery(
            approval=approval, post=post, account=target.account, state=w.fate, due_at=w.due, next_at=w.due,
            expires_at=w.due + timedelta(minutes=30), sent_at=w.due if sent else None, intent_at=w.due if open_ else None,
            remote_id=str(number) if sent else "", url=f"{url}/{number}" if sent and url else "", tries=1,
            reason="" if sent else "サービスが答えませんでした。", read_back_at=w.due if sent else None,
            unknown_at=w.due if open_ else None)

    def _sent(self, post: Post, w: Written, target: Target, number: int) -> None:
        data = {"account": target.account.pk, "remote_id": str(number)}
        for verb, later in (("delivery.send", 1), ("delivery.read_back", 40)):
            self.happened.append(Happened(w.due + timedelta(seconds=later), None, verb, f"delivery:{number}", "§8(1)",
                                          f"{post.title} → {target.account}", data))

    def _note(self, post: Post, w: Written, at: datetime, by: Person, step: str, **data: Any) -> None:
        self.happened.append(Happened(min(at, self.now), by.pk, f"post.{step}", f"post:{post.pk}", "§8(1)", w.title,
                                      json.loads(json.dumps(data))))
