"""The sample's accounts, opened by the book (§6), and closed by it (§7), as far as their stage, on a set clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from koshiki import clock
from koshiki.networks.credentials import Secret
from koshiki.organization.models import Division
from koshiki.organization.roles import members_of
from koshiki.posts.content import by_hand
from koshiki.register import actions
from koshiki.register.actions.change import Told
from koshiki.register.actions.notify import Upload
from koshiki.register.address import register_address
from koshiki.register.comparing import words_for_profile
from koshiki.register.models import Account, Application, ProfileCheck
from koshiki.register.policy import fixed_words
from koshiki.sample.city import People
from koshiki.sample.office import DAY, earlier, later
from koshiki.sample.pictures import emblem, screen
from koshiki.sample.sns import place
from koshiki.sample.sns.store import Store

REVIEW = {
    "terms": "利用規約（令和8年6月版）を読み、自治体が利用できること、投稿の著作権が市に残ることを確かめました。",
    "mechanism": "投稿はだれでも読めます。返信と転載はこちらで止められません。削除しても、転載されたものは残ります。",
    "privacy": "位置情報と連絡先の同期を切りました。閲覧者の情報は取得しません。",
    "security": "多要素認証を有効にしました。予備のコードは所属長が金庫で保管しています。",
}


class Opening:
    """One account on its way; `then` lets some office hours pass before the next act."""

    def __init__(self, row: dict[str, Any], people: People) -> None:
        self.row, self.people = row, people
        self.moment = earlier(clock.now(), row["days"] * DAY)
        self.account: Account

    @contextmanager
    def then(self, hours: float = 3) -> Iterator[None]:
        self.moment = later(self.moment, hours)
        with clock.at(self.moment):
            yield

    def go(self) -> Account:
        """Take every step up to the account's stage."""
        for stage, steps in STAGES:
            for step in steps:
                step(self)
            if stage == self.row["stage"]:
                break
        self.account.refresh_from_db()
        return self.account

    # ── the steps of §6 ────────────────────────────────────────────

    def begin(self) -> None:
        division = Division.objects.get(code=self.row["division"])
        with self.then():
            self.account = actions.begin(division, self.row["service"], self.row["name"], by=self.author)

    def apply(self) -> None:
        typed = {key: self.row[key] for key in ("purpose", "content", "hours", "frequency", "answers")}
        division = self.account.division
        typed["contact"] = f"{division.name} 電話 {division.telephone}"
        with self.then():
            actions.save_review(self.account, REVIEW, clock.today(), by=self.author)
            actions.save_policy(self.account, typed, [words.clause for words in fixed_words()], by=self.author)
            actions.submit(self.account, by=self.author)

    def decide(self) -> None:
        self._approve(self.row["head"], "適当と認めます。")

    def send_back(self) -> None:
        if self.row["stage"] == "returned":
            with self.then():
                actions.return_application(self.application, digest=self.application.digest,
                                           comment=self.row["remark"], by=self.people["ip_head"])

    def concur(self) -> None:
        for head in ("ip_head", "pr_head"):
            if head != self.row["head"]:
                self._approve(head, "異議ありません。")

    def acquire(self) -> None:
        with self.then():
            actions.record_acquisition(
                self.account, name=self.row["name"], acquired_on=clock.today(), by=self.author,
                handle=self.row.get("handle", ""), url=self._address())

    def settle_policy(self) -> None:
        with self.then():
            policy = actions.complete_policy(self.account, by=self.author)
        with self.then():
            actions.share_policy(policy, by=self.author)
            for person in members_of(self.account.division):
                actions.read_policy(policy, by=person)

    def notify(self) -> None:
        division = self.account.division
        typed = {"content": self.row["content"], "introduction": self.row["introduction"],
                 "person_in_charge": self.author.name, "contact": f"{division.telephone} 内線 {self.author.extension}"}
        image = Upload(emblem(self.row["initial"], self.row["colour"]), "account.png")
        with self.then():
            actions.notify(self.account, typed, image, by=self.people[self.row["head"]])

    def receive(self) -> None:
        with self.then():
            actions.receive(self.account.notifications.latest("version"), by=self.people["ip_staff"])

    def list(self) -> None:
        with self.then():
            actions.list_account(self.account, by=self.people["ip_head"])

    def show(self) -> None:
        policy = self.account.policies.latest("version")
        with self.then():
            actions.explain_policy_not_shown(
                policy, "プロフィール欄の文字数が足りないため、掲載ページのURLから読めるようにしています。", by=self.author)
            actions.record_verification(self.account, available=False, looked_on=clock.today(), by=self.author)

    def connect(self) -> None:
        self.account.refresh_from_db()
        if "handle" not in self.row:  # of a service that is no part of the sample: people post there
            return
        token = Store(place.folder()).make_account(self.row["handle"], self.row["name"], profile_of(self.account))
        with self.then():
            given = {"server": Secret(place.address()), "access_token": Secret(token)}
            actions.connect_with_key(self.account, given, by=self.people[self.row["head"]])

    def make_official(self) -> None:
        with self.then():
            self._look_at_profile()
        with self.then():
            actions.make_official(self.account, by=self.people["ip_staff"])

    def name_people(self) -> None:
        head = self.people[self.row["head"]]
        with self.then():
            actions.name_author(self.account, self.author, start=clock.today(), by=head)
            actions.name_approver(self.account, self.people[self.row["approver"]], start=clock.today(), by=head)

    def change_policy(self) -> None:
        """The next version: decided, and in force; or still before its deciders (K-policy)."""
        if not (row := self.row.get("change")):
            return
        before = self.account.policies.latest("version").content
        typed = {key: row.get(key, words) for key, words in before.items() if isinstance(words, str)}
        if not row["decided"]:
            self.moment = earlier(clock.now(), DAY)  # its deciders are still in time
        with self.then(DAY if row["decided"] else 3):
            told = Told(row["what"], row["reason"], clock.today())
            change = actions.save_change(self.account, typed, [words.clause for words in fixed_words()], told, by=self.author)
            change = actions.submit_change(change, by=self.author)
        if row["decided"]:
            with self.then():
                actions.approve_change(change, digest=change.digest, comment="適当と認めます。", by=self.people[self.row["head"]])
                for person in members_of(self.account.division):
                    actions.read_policy(self.account.policies.latest("version"), by=person)
            self.show()

    def _look_at_profile(self) -> None:
        """Read from the service; where a person posts, a person looks too, and keeps a picture of it (§6(3)ウ)."""
        if by_hand(self.account) is None:
            actions.check_profile(self.account, by=self.people["ip_staff"])
            return
        actions.record_profile(self.account, ProfileCheck.Result.HOLDS, profile_of(self.account),
                               Upload(screen(register_address(self.account)), "profile.png"), by=self.author)

    # ── the steps of §7 ────────────────────────────────────────────

    def notify_closing(self) -> None:
        division = self.account.division
        typed = {"content": self.row["content"], "reason": self.row["reason"], "person_in_charge": self.author.name,
                 "contact": f"{division.telephone} 内線 {self.author.extension}"}
        with self.then(DAY):
            actions.save_closing_draft(self.account, typed, by=self.author)
        with self.then():
            actions.notify_closing(self.account, typed, by=self.people[self.row["head"]])

    def delist(self) -> None:
        with self.then():
            actions.delist(self.account, by=self.people["ip_head"])

    def end(self) -> None:
        """The head has seen that the page is gone, has closed the account, and keeps a picture of each (§7(3))."""
        head, address = self.people[self.row["head"]], register_address(self.account)
        with self.then():
            actions.confirm_page_gone(self.account, Upload(screen(f"410 {address}"), "page.png"), by=head)
        with self.then():
            actions.close_account(self.account, clock.today(), Upload(screen(f"404 {self.account.url}"), "account.png"), by=head)

    # ── what the steps share ───────────────────────────────────────

    @property
    def author(self) -> Any:
        return self.people[self.row["author"]]

    @property
    def application(self) -> Application:
        return self.account.applications.latest("round")

    def _approve(self, head: str, comment: str) -> None:
        with self.then():
            actions.approve_application(self.application, digest=self.application.digest, comment=comment,
                                        by=self.people[head])

    def _address(self) -> str:
        if self.row["service"] == "mastodon":
            Store(place.folder()).make_account(self.row["handle"], self.row["name"])
            return f"{place.address()}/@{self.row['handle']}"
        return str(self.row.get("url", ""))


STAGES = (
    ("preparing", (Opening.begin,)),
    ("deciding", (Opening.apply, Opening.decide)),
    ("returned", (Opening.send_back,)),
    ("approved", (Opening.concur,)),
    ("acquired", (Opening.acquire,)),
    ("notified", (Opening.settle_policy, Opening.notify)),
    ("received", (Opening.receive,)),
    ("listed", (Opening.list, Opening.show)),
    ("official", (Opening.connect, Opening.make_official, Opening.name_people, Opening.change_policy)),
    ("closing", (Opening.notify_closing,)),
    ("closed", (Opening.delist, Opening.end)),
)


def open_accounts(people: People, rows: list[dict[str, Any]]) -> dict[str, Account]:
    """Every account of the sample, by its key."""
    return {row["key"]: Opening(row, people).go() for row in rows}


def watch() -> None:
    """This morning: what koshiki can read was read; what it can't, a person looked at (K-profile)."""
    for account in Account.objects.public().order_by("pk"):
        if actions.read_profile(account) is None and by_hand(account) is not None:
            author = account.assignments.filter(role="author").select_related("person").earliest("pk").person
            actions.record_profile(account, ProfileCheck.Result.HOLDS, profile_of(account),
                                   Upload(screen(register_address(account)), "profile.png"), by=author)


def profile_of(account: Account) -> str:
    """What its profile says: who speaks, whom to ask where nobody is answered (§8(2)ア), and where the register tells of it."""
    said = words_for_profile(account.policies.latest("version"))
    return "\n".join(filter(None, (account.introduction, said, register_address(account))))
