"""Many rows of every kind around one account, one post and one person, so that a page's queries can be counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from koshiki import clock, store
from koshiki.audit.log import canonical
from koshiki.audit.models import Entry, Head
from koshiki.guideline import guideline
from koshiki.organization.models import (
    Absence,
    Alert,
    Confirmation,
    Deputy,
    Division,
    Import,
    Person,
    Posting,
    RoleGrant,
)
from koshiki.posts.content import digest_of
from koshiki.posts.models import (
    Approval,
    ApprovalTarget,
    Delivery,
    OutsideLink,
    Post,
    Remark,
    Revision,
    RevisionTarget,
)
from koshiki.register.models import (
    Account,
    Application,
    Assignment,
    Closing,
    ClosingCheck,
    Connection,
    Decision,
    Hold,
    Notification,
    Policy,
    PolicyReading,
    ProfileCheck,
    ProfileException,
    ProfileFinding,
    ServiceChange,
    StoredFile,
    Verification,
)
from tests.cast import SINCE, Cast, official
from tests.guideline import closing, opening, policy
from tests.public.saying import policy_of

MOST_TARGETS, MOST_ROUNDS = 100, 60
A, P, D = Account.State, Post.State, Delivery.State
STATES = (A.OFFICIAL, A.LISTED, A.RECEIVED, A.NOTIFIED, A.ACQUIRED, A.APPROVED, A.RETURNED, A.DECIDING, A.PREPARING)
FATES = (P.DRAFT, P.SUBMITTED, P.RETURNED, P.APPROVED, P.SUBMITTED, P.APPROVED)
OUTCOMES = (D.SENT, D.WAITING, D.FAILED, D.PERSON, D.HELD, D.UNKNOWN, D.OFFERED, D.TAKEN)


@dataclass
class Many:
    """`grow(n)` lets there be n rows of everything; the pages' own things stay the same."""

    cast: Cast
    picture: store.Kept
    count: int = 0
    stages: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.focal = official(self.cast, image=self.picture.sha256)
        self.division, self.author, self.approver = self.cast.bosai, self.cast.aoki, self.cast.baba
        self.policy = policy_of(self.focal, by=self.author, version=5000)
        self.file = StoredFile.objects.create(account=self.focal, kind="image", name="a.png", sha256="0" * 64,
                                              mime="image/png", size=1, uploaded_by=self.author)
        self.change = policy.submitted(self.cast, self.focal, by=self.author, purpose="観光の案内を届けるため。")
        self.handed_in = Import.objects.create(kind="posting", name="配属.csv", by=self.cast.noda, content=(
            "職員番号,所属コード,職,開始日\n" + "".join(f"7{n:05},110,係長,2030-04-01\n" for n in range(10))).encode())
        self._stages()
        self.approved = self._posts([self.focal], P.APPROVED, 1)[0]
        self.draft = self._posts([self.focal], P.DRAFT, 1, [self._medium()])[0]
        self.read = self._posts([self.focal], P.SUBMITTED, 1)[0]

    def _stages(self) -> None:
        """One account at every stage, by the real actions."""
        for stage in ("drafted", "submitted", "approved", "received", "listed"):
            self.stages[stage] = self._account(getattr(opening, stage)(self.cast, service="city_feed"))
        self.stages["acquired"] = self._account(opening.acquired(self.cast, service="city_feed"))
        self.notified = opening.notified(self.cast, service="city_feed")
        self.stages["notified"] = self.notified.account
        opening.shown(self.stages["listed"], self.author)
        for step in ("closing", "delisted", "confirmed", "closed"):
            live = closing.live(self.cast, name=step, url=f"https://blog.example/{step}/")
            self.stages[step] = getattr(closing, "notified" if step == "closing" else step)(self.cast, live)

    def _medium(self) -> dict[str, Any]:
        known = {key: getattr(self.picture, key) for key in ("sha256", "mime", "width", "height", "size")}
        return {**known, "alt": "紺色"}

    @staticmethod
    def _account(made: Any) -> Account:
        return made if isinstance(made, Account) else made.account

    # ── growing ────────────────────────────────────────────────────

    def grow(self, to: int) -> None:
        new = range(self.count, to)
        people = self._people(new)
        accounts = self._accounts(new, people)
        self._around_focal(new, people)
        self._rounds(new)
        self._holds(new, accounts)
        self._closings(new, accounts)
        for number in range(len(FATES)):
            self._posts(accounts[number::len(FATES)], FATES[number], 1)
        for post in (self.approved, self.draft, self.read):
            self._revisions(post, new, [self.focal, *self._targets(to)])
        self._entries(new)
        self._person(new)
        self.count = to

    def _people(self, new: range) -> list[Person]:
        people = Person.objects.bulk_create(
            Person(staff_number=f"7{n:05}", name=f"職員 {n}", kana="しょくいん") for n in new)
        Posting.objects.bulk_create(Posting(person=p, division=self.division, position="係長", start=SINCE) for p in people)
        Confirmation.objects.bulk_create(Confirmation(person=p, edition=guideline().edition, at=clock.now()) for p in people)
        Deputy.objects.bulk_create(Deputy(division=self.division, person=p, order=n + 2, start=SINCE,
                                          named_by=self.cast.chiba) for n, p in zip(new, people, strict=True))
        return people

    def _accounts(self, new: range, people: list[Person]) -> list[Account]:
        Division.objects.bulk_create(Division(code=f"9{n:04}", name=f"課 {n}", telephone="0538-00-0000") for n in new)
        accounts = Account.objects.bulk_create(
            Account(division=self.division, service="mastodon", state=STATES[n % len(STATES)], name=f"アカウント {n}",
                    handle=f"@n{n}", url=f"https://social.example/@n{n}", created_by=self.author, acquired_on=SINCE,
                    listed_at=clock.now(), official_at=clock.now(), due_at=clock.now()) for n in new)
        named = {"start": SINCE, "named_by": self.cast.chiba}
        Assignment.objects.bulk_create(
            Assignment(account=a, person=p, role=role, **named) for a in accounts
            for p, role in ((self.author, "author"), (self.approver, "approver")))
        Assignment.objects.bulk_create(
            Assignment(account=self.focal, person=p, role=role, **named) for p in people for role in ("author", "approver"))
        Connection.objects.bulk_create(
            Connection(account=a, sealed=b"", remote_id=str(n), handle=a.handle, connected_by=self.author,
                       dead_at=clock.now() if n % 2 else None) for n, a in zip(new, accounts, strict=True))
        done = {"completed_at": clock.now(), "completed_by": self.author, "digest": self.policy.digest,
                "shared_at": clock.now(), "shared_by": self.author, "in_force_from": SINCE}
        Policy.objects.bulk_create(
            Policy(account=a, version=1, items=self.policy.items, edition="", written_by=self.author, **done) for a in accounts)
        Verification.objects.bulk_create(
            Verification(account=a, available="no", looked_on=SINCE, by=self.author) for a in accounts)
        self._open_rounds([a for a in accounts if a.state == A.DECIDING])
        return accounts

    def _open_rounds(self, accounts: Iterable[Account]) -> None:
        pattern = Application.objects.get(account=self.stages["submitted"], outcome="")
        Application.objects.bulk_create(
            Application(account=a, round=1, snapshot=pattern.snapshot, digest=pattern.digest, route=pattern.route,
                        submitted_by=self.author) for a in accounts)

    def _around_focal(self, new: range, people: list[Person]) -> None:
        to = {"account": self.focal}
        Policy.objects.bulk_create(Policy(**to, version=n + 1, items=self.policy.items, digest=self.policy.digest,
                                          written_by=self.author, completed_at=clock.now(), completed_by=self.author)
                                   for n in new)
        PolicyReading.objects.bulk_create(PolicyReading(policy=self.policy, person=p) for p in people)
        files = StoredFile.objects.bulk_create(
            StoredFile(**to, kind="evidence", name="b.png", sha256="1" * 64, mime="image/png", size=1,
                       uploaded_by=self.author) for n in new)
        ProfileCheck.objects.bulk_create(ProfileCheck(account=self.stages["listed"], address="https://e.example/",
                                                      result="holds", by=p, evidence=f)
                                         for p, f in zip(people, files, strict=True))
        self._findings(new, people)
        ServiceChange.objects.bulk_create(
            ServiceChange(service=self.focal.service, what="規約が変わりました。", by=p, due_at=clock.now()) for p in people)
        ProfileException.objects.bulk_create(ProfileException(account=self.stages["listed"], reason="長いため", by=p,
                                                              ended_at=clock.now()) for p in people)
        Verification.objects.bulk_create(Verification(**to, available="no", looked_on=SINCE, by=p) for p in people)
        Notification.objects.bulk_create(
            Notification(account=self.stages["notified"], form="opening", version=n + 5000, fields=self.notified.fields,
                         digest="", policy=self.notified.policy, image=self.notified.image, submitted_by=self.cast.chiba,
                         returned_at=clock.now(), returned_by=self.cast.hata, comment="直す") for n in new)

    def _findings(self, new: range, people: list[Person]) -> None:
        """Of many accounts one that is open, of one account many that are over."""
        accounts = Account.objects.filter(name__startswith="アカウント", state__in=Account.PUBLIC).order_by("-pk")[:len(new)]
        checks = ProfileCheck.objects.bulk_create(
            ProfileCheck(account=a, address="https://e.example/", result="missing") for a in accounts
            if not a.profile_findings.exists())
        ProfileFinding.objects.bulk_create(
            ProfileFinding(account=check.account, kind="address", seen="記載なし", reading=check, due_at=clock.now())
            for check in checks)
        check = ProfileCheck.objects.create(account=self.stages["listed"], address="https://e.example/", result="holds")
        past = [ProfileFinding(account=check.account, kind="name", seen=f"名前 {p.pk}", reading=check, due_at=clock.now(), by=p,
                               ended_at=clock.now(), reason="試行中のため") for p in people]
        if not check.account.profile_findings.filter(ended_at=None).exists():
            past.append(ProfileFinding(account=check.account, kind="name", seen="名前", reading=check, due_at=clock.now()))
        ProfileFinding.objects.bulk_create(past)

    def _rounds(self, new: range) -> None:
        """Earlier rounds that were returned: of the account that is being decided, and with decisions of another."""
        for stage, rounds in (("submitted", new), ("approved", new[:max(0, MOST_ROUNDS - self.count)])):
            pattern = Application.objects.filter(account=self.stages[stage]).order_by("pk")[0]
            for number in rounds:
                self._round(pattern, number)

    def _round(self, pattern: Application, number: int) -> None:
        """One round; the database takes a decision on an open one only, and one open round of an account."""
        decided = pattern.account.state == A.APPROVED
        closed = {"outcome": "returned", "closed_at": clock.now()}
        made = Application.objects.create(
            account=pattern.account, round=100 + number, snapshot=pattern.snapshot, digest=pattern.digest,
            route=pattern.route, submitted_by=self.author, **({} if decided else closed))
        if decided:
            Decision.objects.create(
                application=made, digest=made.digest, step="head", division=self.division, outcome="return",
                comment="直す", by=self.cast.doi, entered_by=self.cast.doi, as_deputy=True, holder=self.cast.chiba)
            Application.objects.filter(pk=made.pk).update(**closed)

    def _holds(self, new: range, accounts: list[Account]) -> None:
        common: dict[str, Any] = {"reason": "確認のため", "clause": "K-hold", "by": self.author}
        Hold.objects.bulk_create(Hold(account=a, **common) for a in accounts)
        Hold.objects.bulk_create(Hold(account=self.focal, **common) for n in new)
        Hold.objects.bulk_create(Hold(service="blog", **common) for n in new)
        Hold.objects.bulk_create(
            Hold(until=clock.now(), lifted_by=self.author, lift_reason="済み", **common) for n in new)

    def _closings(self, new: range, accounts: list[Account]) -> None:
        """Drafts that wait for the head, closings that were given up, and looks at a page that is still there."""
        begun = {"begun_by": self.author}
        Closing.objects.bulk_create(Closing(account=a, **begun) for a in accounts if a.state == A.OFFICIAL)
        for _ in new:  # of an account one at a time
            Closing.objects.filter(pk=Closing.objects.create(account=self.focal, **begun).pk).update(state="withdrawn")
        under_way = Closing.objects.get(account=self.stages["delisted"])
        ClosingCheck.objects.bulk_create(ClosingCheck(closing=under_way, what="page", result="there") for _ in new)

    # ── posts ──────────────────────────────────────────────────────

    def _posts(self, accounts: list[Account], state: str, number: int, media: Iterable[Any] = ()) -> list[Post]:
        """One post for each account, with its first revision, and what its state goes with."""
        posts = Post.objects.bulk_create(
            Post(division=self.division, title=f"お知らせ {a.pk}", state=state, created_by=self.author) for a in accounts)
        texts = [_text(p, number, [a], media) for p, a in zip(posts, accounts, strict=True)]
        revisions = Revision.objects.bulk_create(
            Revision(post=p, number=number, author=self.author, basis="要綱", canonical=t, digest=digest_of(t))
            for p, t in zip(posts, texts, strict=True))
        RevisionTarget.objects.bulk_create(
            RevisionTarget(revision=r, account=a, content=canonical({"text": "文"}))
            for r, a in zip(revisions, accounts, strict=True))
        if state == P.RETURNED:
            self._remarks(revisions, Remark.Kind.RETURN)
        elif state == P.SUBMITTED:
            self._remarks(revisions[::2], Remark.Kind.SUGGESTION)
        elif state == P.APPROVED:
            self._approved(posts, revisions, accounts)
        return posts

    def _remarks(self, revisions: Iterable[Revision], kind: str) -> None:
        Remark.objects.bulk_create(
            Remark(post=r.post, revision=r, by=self.approver, kind=kind, text="直す",
                   suggestion=canonical({}) if kind == Remark.Kind.SUGGESTION else "") for r in revisions)

    def _approved(self, posts: list[Post], revisions: list[Revision], accounts: list[Account]) -> None:
        approvals = Approval.objects.bulk_create(
            Approval(revision=r, approver=self.approver, digest=r.digest, confirmed="{}") for r in revisions)
        ApprovalTarget.objects.bulk_create(
            ApprovalTarget(approval=a, revision=r, account=t)
            for a, r, t in zip(approvals, revisions, accounts, strict=True))
        rows = zip(posts, approvals, accounts, itertools.cycle(OUTCOMES))
        Delivery.objects.bulk_create(_delivery(*row) for row in rows)

    def _targets(self, to: int) -> list[Account]:
        return list(Account.objects.filter(name__startswith="アカウント").order_by("pk")[:min(to, MOST_TARGETS)])

    def _revisions(self, post: Post, new: range, accounts: list[Account]) -> None:
        """More revisions of one post, the last of them for many accounts; what was approved before has fallen."""
        ApprovalTarget.objects.filter(revision__post=post, standing=True).update(standing=False)
        Approval.objects.filter(revision__post=post, withdrawn_at=None).update(withdrawn_at=clock.now())
        Delivery.objects.filter(post=post).exclude(state=D.CANCELLED).update(state=D.CANCELLED, remote_id="")
        numbers = [n + 2 for n in new]
        texts = [_text(post, n, accounts if n == numbers[-1] else accounts[:1]) for n in numbers]
        revisions = Revision.objects.bulk_create(
            Revision(post=post, number=n, author=self.author, basis="要綱", canonical=t, digest=digest_of(t))
            for n, t in zip(numbers, texts, strict=True))
        RevisionTarget.objects.bulk_create(
            RevisionTarget(revision=r, account=self.focal, content=canonical({"text": "文"})) for r in revisions[:-1])
        last = revisions[-1]
        RevisionTarget.objects.bulk_create(
            RevisionTarget(revision=last, account=a, content=canonical({"text": "文"})) for a in accounts)
        OutsideLink.objects.bulk_create(
            OutsideLink(revision=last, url=f"https://o{n}.example/", host=f"o{n}.example", reason="県の案内") for n in new)
        self._remarks(revisions[:-1], Remark.Kind.RETURN if post.state == P.SUBMITTED else Remark.Kind.SUGGESTION)
        if post.state == P.APPROVED:
            self._approved_whole(post, last, accounts)

    def _approved_whole(self, post: Post, last: Revision, accounts: list[Account]) -> None:
        """Approved for many accounts, each delivery at another point of its way."""
        approval = Approval.objects.create(revision=last, approver=self.approver, digest=last.digest, confirmed="{}")
        ApprovalTarget.objects.bulk_create(ApprovalTarget(approval=approval, revision=last, account=a) for a in accounts)
        rows = zip(itertools.repeat(post), itertools.repeat(approval), accounts, itertools.cycle(OUTCOMES))
        Delivery.objects.bulk_create(_delivery(*row) for row in itertools.islice(rows, len(accounts)))

    # ── the log, and what is about one person ─────────────────────

    def _entries(self, new: range) -> None:
        things = [f"account:{self.focal.pk}", f"post:{self.approved.pk}", f"post:{self.draft.pk}", f"post:{self.read.pk}",
                  f"account:{self.stages['listed'].pk}", f"person:{self.author.pk}"]
        start = Head.objects.get().number
        rows = [Entry(number=start + i + 1, at=clock.now(), actor=self.author, verb="account.verify", thing=thing,
                      clause="§6", canonical=canonical({"data": {"comment": "はい"}, "label": "それ"}),
                      digest=f"{start + i + 1:064}") for i, (thing, _) in enumerate(itertools.product(things, new))]
        Entry.objects.bulk_create(rows)
        Head.objects.update(number=start + len(rows), digest=rows[-1].digest)

    def _person(self, new: range) -> None:
        gone = {"start": SINCE, "end": SINCE}
        Posting.objects.bulk_create(Posting(person=self.author, division=self.division, position="係員", **gone) for _ in new)
        Absence.objects.bulk_create(Absence(person=self.author, reason="出張", **gone) for _ in new)
        RoleGrant.objects.bulk_create(RoleGrant(person=self.author, role="it", granted_by=self.cast.noda, **gone) for _ in new)
        Alert.objects.bulk_create(Alert(person=self.author, subject="お知らせ", path="/", error="届かない") for _ in new)


def _text(post: Post, number: int, accounts: list[Account], media: Iterable[Any] = ()) -> str:
    return canonical({"post": post.pk, "revision": number, "due_at": "", "expires_after": 30, "addresses": [], "targets": [
        {"account": a.pk, "service": a.service, "content": {"text": "文"}, "media": media} for a in accounts]})


def _delivery(post: Post, approval: Approval, account: Account, state: str) -> Delivery:
    now = clock.now()
    taker = post.created_by if state == D.TAKEN else None
    return Delivery(approval=approval, post=post, account=account, state=state, taken_by=taker, due_at=now, next_at=now,
                    expires_at=now + timedelta(minutes=30), sent_at=now if state == D.SENT else None, intent_at=now,
                    remote_id=f"{post.pk}-{account.pk}" if state == D.SENT else "", reason="")
