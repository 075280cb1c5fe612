"""A tour of every page, as somebody whom it fits, in the sample city: wide and on a phone, with nothing to complain of.

With KOSHIKI_PICTURES set to a folder a picture of each is left there.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count, groupby
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from koshiki import clock
from koshiki.organization import actions as office_work
from koshiki.organization.importing.acts import hand_in
from koshiki.organization.models import Absence, Deputy, Division, Import, Person, Posting, RoleGrant
from koshiki.posts import actions as posts
from koshiki.posts.content import Correcting
from koshiki.posts.corrections.starting import correct
from koshiki.posts.models import Approval, Delivery, Post
from koshiki.register import actions as register_work
from koshiki.register.actions.notify import Upload
from koshiki.register.models import (
    Account,
    Assignment,
    Hold,
    Notification,
    Policy,
    PolicyChange,
    ProfileCheck,
    ProfileFinding,
    ServiceChange,
)
from koshiki.sample.pictures import screen
from koshiki.sample.place import told
from koshiki.sample.sns import place
from tests.browser.desks import Seat
from tests.browser.looking import complaints_of, look_at

pytestmark = [pytest.mark.peers, pytest.mark.django_db(transaction=True)]

# Pages that only take what is sent to them, and addresses of files.
NO_PAGES = {
    "post_export", "service_app_end", "incoming", "inlet_make",
    "import_example", "organization_export", "sign_out", "log_verify", "log_export", "decision_read",
    "policy_complete", "policy_share", "policy_read", "policy_change_submit", "policy_decision_read",
    "notification_receive", "profile_check", "account_official", "account_token", "account_disconnect", "post_submit",
    "post_take_over", "post_preview", "delivery_release", "delivery_take", "delivery_media",
    "stored_file", "post_image", "post_upload", "public_asset",
    "public_picture", "public_staged", "healthz", "metrics", "register_page_look",
    "notification_pdf", "notification_docx", "policy_pdf", "finding_reopen", "public_trust", "public_well_known",
}
NUMBERS = {row["key"]: row["number"] for row in told("person")}


@dataclass(frozen=True)
class Stop:
    """A page on the tour: whose it is, its name, the thing that it shows; a button to press there."""

    who: str
    name: str
    thing: Callable[[], object] | None = None
    query: str = ""
    press: str = ""
    status: int = 200

    def __str__(self) -> str:
        return "-".join(filter(None, (self.name, self.query, self.press)))

    @property
    def address(self) -> str:
        shown = self.thing() if self.thing else ()
        parts: tuple[Any, ...] = shown if isinstance(shown, tuple) else (shown,)
        return reverse(self.name, args=[part if isinstance(part, str) else part.pk for part in parts]) + self.query


def in_state(state: str) -> Callable[[], Account]:
    return lambda: Account.objects.filter(state=state).order_by("pk")[0]


def called(name: str) -> Callable[[], Account]:
    return lambda: Account.objects.get(name=name)


def titled(title: str) -> Callable[[], Post]:
    return lambda: Post.objects.get(title=title)


def somebody(key: str) -> Callable[[], Person]:
    return lambda: Person.objects.get(staff_number=NUMBERS[key])


def first(model: type, **which: object) -> Callable[[], object]:
    return lambda: model.objects.filter(**which).order_by("pk")[0]  # type: ignore[attr-defined]


def of_official(model: type, **which: object) -> Callable[[], tuple[object, object]]:
    """Where an address names the account and one thing of it."""
    return lambda: (OFFICIAL(), first(model, **which)())


OFFICIAL, FEED, CLOSING = called("磐田市（見本）公式"), called("防災からのお知らせ"), called("防災だより（見本）")
SENT, RETURNED, WAITING = titled("市民文化祭の開催"), titled("インフルエンザ予防接種の案内"), titled("イルミネーションの点灯式")
CORRECTED = titled("粗大ごみの受付")
TOUR = (
    # the author
    Stop("author", "home"), Stop("author", "posts"), Stop("author", "posts", query="?stage=returned"),
    Stop("author", "post_month"), Stop("author", "post_month", query="?words=%E3%81%AA%E3%81%84&name=a"),
    Stop("author", "post_week"), Stop("author", "post_accounts"),
    Stop("author", "post_write"), Stop("author", "post_write", press="提出する"), Stop("author", "post", SENT),
    Stop("author", "post", RETURNED), Stop("author", "post_edit", RETURNED), Stop("author", "post_end", RETURNED),
    Stop("author", "post", titled("年末年始の窓口")), Stop("author", "post_deliveries", SENT),
    Stop("author", "post_deliveries", titled("停電の復旧（同じ文の二度目）")), Stop("author", "password_change"),
    Stop("author", "confirm_guideline"), Stop("author", "accounts"), Stop("author", "account", OFFICIAL),
    Stop("author", "account_stop", OFFICIAL), Stop("author", "holds"), Stop("author", "holds", query="?open=all"),
    Stop("author", "self_check"), Stop("author", "self_check", press="確かめる"),
    Stop("author", "guideline_map"), Stop("author", "log"), Stop("author", "account_connect", OFFICIAL),
    Stop("author", "account_verification", OFFICIAL), Stop("author", "policy_shown", OFFICIAL),
    Stop("author", "post_deliveries", titled("文化祭の一日")),
    Stop("author", "delivery_hand_over", first(Delivery, state="offered")),
    Stop("author", "delivery_hand_over", first(Delivery, state="offered"), press="投稿します"),
    Stop("author", "delivery_hand_over", first(Delivery, state="taken"), press="投稿を記録する"),
    Stop("author", "delivery_give_back", first(Delivery, state="taken")),
    Stop("author", "delivery_mend_address", first(Delivery, state="sent", taken_by__isnull=False)),
    Stop("author", "delivery_mend_address", first(Delivery, state="sent", taken_by__isnull=False), press="アドレスを直す"),
    Stop("author", "account_new"), Stop("author", "account_new", press="保存して次へ"),
    Stop("author", "connect_callback", query="?error=access_denied", status=422), Stop("author", "divisions"),
    Stop("author", "post_correct", CORRECTED), Stop("author", "post_correct", CORRECTED, press="訂正を始める"),
    Stop("author", "post", CORRECTED), Stop("author", "post", titled("訂正：粗大ごみの受付")),
    Stop("author", "post_deliveries", titled("訂正：粗大ごみの受付")),
    # a correction whose clock runs
    Stop("bosai_author", "home"), Stop("bosai_author", "post_edit", titled("訂正：停電の復旧")),
    Stop("bosai_approver", "home"), Stop("bosai_approver", "posts"),
    Stop("bosai_approver", "post_approve", titled("訂正：停電の復旧")),
    # the approver
    Stop("approver", "home"), Stop("approver", "post_approve", WAITING),
    Stop("approver", "post_approve", WAITING, press="この内容を承認する"), Stop("approver", "post", WAITING),
    Stop("approver", "post_withdraw_approval", first(Approval, revision__post__title="年末年始の窓口")),
    Stop("approver", "delivery_hand_over", first(Delivery, state="taken")),
    Stop("approver", "delivery_posted", first(Delivery, state="person")),
    Stop("approver", "delivery_not_posted", first(Delivery, state="person")),
    Stop("approver", "post_deliveries", lambda: Delivery.objects.filter(state="person")[0].post),
    # heads
    Stop("pr_head", "home"), Stop("pr_head", "account_people", OFFICIAL),
    Stop("pr_head", "assignment_letter", first(Assignment)), Stop("pr_head", "assignment_end", first(Assignment)),
    Stop("pr_head", "assignment_revoke", first(Assignment)), Stop("pr_head", "stop_all"),
    Stop("pr_head", "division", first(Division, code="320")), Stop("pr_head", "deputy_new", first(Division, code="320")),
    Stop("pr_head", "deputy_end", first(Deputy, division__code="320")),
    Stop("pr_head", "absence_new", somebody("pr_head")), Stop("pr_head", "absence_end", first(Absence)),
    Stop("pr_head", "person", somebody("pr_head")), Stop("bosai_head", "home"),
    Stop("bosai_head", "hold_lift", first(Hold, kind="stop")),
    # an opening, page by page
    Stop("kosodate_author", "home"), Stop("kosodate_author", "account", in_state("returned")),
    Stop("kosodate_author", "account_apply", in_state("returned")),
    Stop("kosodate_author", "account_review", in_state("returned")),
    Stop("kosodate_author", "account_draft_policy", in_state("returned")),
    Stop("kosodate_author", "account_submit", in_state("returned")),
    Stop("kosodate_author", "account_withdraw", in_state("returned")),
    Stop("kosodate_author", "account_application", in_state("returned")),
    Stop("toshokan_author", "account", in_state("deciding")),
    Stop("toshokan_author", "account_application", in_state("deciding")),
    Stop("ip_staff", "account_paper", in_state("deciding")),
    Stop("ip_staff", "account_paper", in_state("deciding"), press="入力する"),
    Stop("kanko_author", "home"), Stop("kanko_author", "account_acquire", in_state("approved")),
    Stop("kanko_author", "account_submit", in_state("preparing")),
    Stop("sports_author", "account", in_state("acquired")), Stop("sports_author", "account_policy", in_state("acquired")),
    Stop("sports_head", "home"), Stop("sports_head", "account_notify", in_state("acquired")),
    Stop("sports_head", "account_notify", in_state("acquired"), press="届け出る"),
    Stop("bunkazai_head", "account", in_state("listed")), Stop("bunkazai_head", "account_profile", in_state("listed")),
    Stop("bunkazai_head", "profile_explain", in_state("listed")), Stop("bunkazai_head", "account_policy", in_state("listed")),
    # a policy's change, page by page
    Stop("author", "account_policy_change", OFFICIAL), Stop("author", "policy_version", first(Policy, version=2)),
    Stop("author", "account_policy", OFFICIAL), Stop("bosai_author", "policy_change", first(PolicyChange, state="deciding")),
    Stop("bosai_author", "policy_change_withdraw", first(PolicyChange, state="deciding")),
    Stop("bosai_head", "policy_change", first(PolicyChange, state="deciding")),
    Stop("bosai_head", "policy_change", first(PolicyChange, state="deciding"), press="差し戻す"),
    # a profile that is not as registered, and a service that has changed
    Stop("ip_staff", "profile_findings"), Stop("ip_staff", "profile_findings", query="?show=past"),
    Stop("pr_head", "account_profile", OFFICIAL), Stop("pr_head", "finding_explain", of_official(ProfileFinding, kind="name")),
    Stop("author", "account_terms", OFFICIAL), Stop("author", "account_terms", OFFICIAL, press="確認を記録する"),
    Stop("author", "service_change", OFFICIAL), Stop("author", "service_change", OFFICIAL, press="知らせる"),
    Stop("author", "change_take_back", of_official(ServiceChange)),
    # a closing, page by page
    Stop("bosai_author", "account_closing", FEED), Stop("bosai_head", "account_closing", FEED, press="届け出る"),
    Stop("bosai_head", "account", CLOSING), Stop("bosai_head", "closing_withdraw", CLOSING),
    Stop("bosai_head", "closing_page", in_state("delisted")),
    Stop("bosai_head", "closing_page", in_state("delisted"), press="いま取りに行って確かめる"),
    Stop("bosai_head", "account_close", called("終える所")), Stop("bosai_head", "account", in_state("delisted")),
    Stop("ip_staff", "closing_return", CLOSING),
    Stop("ip_head", "notification", first(Notification, form="closing", received_at=None)),
    Stop("ip_head", "account_delist", CLOSING), Stop("author", "account", in_state("closed")),
    # 情報政策課
    Stop("ip_head", "home"), Stop("ip_head", "account_decide", in_state("deciding")),
    Stop("ip_head", "account_decide", in_state("deciding"), press="差し戻す"),
    Stop("ip_head", "account_list", in_state("received")), Stop("ip_head", "safety_stops"),
    Stop("ip_staff", "home"), Stop("ip_staff", "account_notification", in_state("notified")),
    Stop("ip_staff", "notification", first(Notification)),
    Stop("ip_staff", "notification_return", first(Notification, account__state="notified")),
    Stop("ip_staff", "register_page", in_state("listed")), Stop("ip_staff", "register_page_seen", in_state("listed")),
    Stop("ip_staff", "register_management"), Stop("ip_staff", "account_profile", in_state("listed")),
    # who reads everything, and who keeps the system
    Stop("auditor", "home"), Stop("auditor", "log"), Stop("auditor", "log", press="いま確かめる"),
    Stop("auditor", "people"), Stop("auditor", "account_application", OFFICIAL),
    Stop("it", "home"), Stop("it", "people"), Stop("it", "people", query="?active=no"), Stop("it", "person_new"),
    Stop("it", "person_new", press="登録する"), Stop("it", "organization_import"), Stop("it", "backups"),
    Stop("it", "services"), Stop("it", "service_app", lambda: "x"), Stop("it", "service_budget", lambda: "x"),
    Stop("it", "service_incoming", lambda: "line"),
    Stop("it", "import_preview", first(Import)), Stop("it", "first_passwords"),
    Stop("it", "first_passwords", press="発行する : 配属のない職員"), Stop("it", "person", somebody("bosai_author")),
    Stop("it", "person_edit", somebody("bosai_author")), Stop("it", "person_post", somebody("bosai_author")),
    Stop("it", "person_role", somebody("bosai_author")), Stop("it", "person_deactivate", somebody("bosai_author")),
    Stop("it", "person_reactivate", first(Person, is_active=False)),
    Stop("it", "person_reset_password", somebody("bosai_author")),
    Stop("it", "posting_end", first(Posting, person__staff_number=NUMBERS["bosai_author"])),
    Stop("it", "role_end", first(RoleGrant, role="auditor")), Stop("it", "division_new"),
    Stop("it", "division", first(Division, code="110")), Stop("it", "division_edit", first(Division, code="110")),
)
CITIZENS = ("", "feed/", "check.html", "check.html?q=@iwata_mihon", "check.html?q=https://x.com/iwata",
            "check.html?q=https://nikki.iwata-mihon.example/", "en/check.html?q=https://nikki.iwata-mihon.example/",
            "about.html", "en/", "en/feed/", "en/check.html", "en/about.html", "no-such-page.html")


@pytest.fixture
def sample(office: object, settings: LazySettings) -> Iterator[None]:
    """The sample city as `script/server` makes it, with 見本SNS; beside that, what a year would bring."""
    settings.KOSHIKI_SAMPLE, settings.KOSHIKI_ALLOWED_NETWORKS = True, ("127.0.0.1/32",)
    command = (sys.executable, "-m", "koshiki.sample.sns.server")
    service = subprocess.Popen([*command, "--folder", str(place.folder()), "--port", str(place.port())],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(place.port())
        call_command("load_sample")
        _what_a_year_brings()
        yield
    finally:
        service.kill()
        service.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("見本SNS did not start")


def _what_a_year_brings() -> None:
    """Somebody left, somebody is away, an account is stopped, a profile is not as registered, a delivery is with a person."""
    it, head, approver = (somebody(key)() for key in ("it", "pr_head", "bosai_approver"))
    office_work.deactivate(somebody("nourin_author")(), by=it, reason="退職のため")
    office_work.add_people([Person(staff_number="990009", name="髙﨑 新")], by=it)
    hand_in("職員.csv", f"職員番号,氏名,内線\n990010,見本 新子,2101\n{head.staff_number},{head.name},2199\n".encode(), by=it)
    office_work.report_absence(head, start=clock.today(), reason="出張のため", by=head)
    register_work.stop("成りすましの疑いがあるため、確かめる間", account=FEED(), by=approver)
    register_work.record_profile(OFFICIAL(), ProfileCheck.Result.SHORTENED, "暮らしの情報 https://mihon.example/k",
                                 Upload(screen("mihon.example/k"), "プロフィール.png"), wrong=["name"], by=somebody("author")())
    register_work.mark_changed(OFFICIAL(), "広告の表示について、利用規約が変わりました。", by=somebody("author")())
    _something_wrong(titled("停電の復旧")(), somebody("bosai_author")())
    Delivery.objects.filter(post=SENT(), account=OFFICIAL()).update(
        state="person", reason="サービスが答えず、調べても見つかりませんでした。", sent_at=None, url="")
    _what_is_being_closed()


def _what_is_being_closed() -> None:
    """An account that was delisted, and one whose head has seen that it is gone."""
    author, head, ip_head = (somebody(key)() for key in ("bosai_author", "bosai_head", "ip_head"))
    typed = {"content": "訓練の案内", "reason": "ほかのアカウントにまとめるため。", "person_in_charge": "見本", "contact": "110"}
    for name in ("消えた所", "終える所"):
        account = Account.objects.create(
            division=CLOSING().division, service="blog", state="listed", name=name, created_by=author,
            url=f"https://mihon.example/{name}/", acquired_on=clock.today(), listed_at=clock.now())
        register_work.notify_closing(account, typed, by=head)
        register_work.delist(account, by=ip_head)
    register_work.confirm_page_gone(account, Upload(screen("410"), "なくなった頁.png"), by=head)


def _something_wrong(wrong: Post, author: Person) -> None:
    """It waits for its approval: an edit here, a new entry there."""
    before = posts.draft_of(wrong.latest)
    ways = {account: "edit" if account.service == "mastodon" else "notice" for account in before.contents}
    draft = replace(before, title=f"訂正：{wrong.title}", correcting=Correcting(wrong, ways), due_at=None, contents={
        account: {**content, "text": content["text"].replace("9時35分", "9時53分")}
        for account, content in before.contents.items()})
    begun = correct(draft, reason="復旧の時刻が誤り。正しくは9時53分", found_at=clock.now() - timedelta(minutes=12),
                    found_by="電力会社からの電話", by=author)
    posts.submit(begun.post, by=author)


@dataclass
class Guide:
    """Takes somebody round and notes what is wrong."""

    page: Page
    wrong: list[str]
    going: str = ""

    def __post_init__(self) -> None:
        self.heard = complaints_of(self.page)
        self.page.on("response", lambda answer: answer.status >= 400 and self._failed(answer.url, answer.status))
        self.page.on("requestfailed", lambda request: self._failed(request.url, request.failure))

    def _failed(self, address: str, why: object) -> None:
        if address not in {self.going, self.page.url}:
            self.heard.append(f"{address}: {why}")

    def visit(self, address: str, press: str = "", status: int = 200, name: str = "") -> None:
        self.heard.clear()
        self.going = urljoin(self.page.url, address)
        answer = self.page.goto(address)
        if not answer or answer.status != status or self.page.url != self.going:
            self.wrong.append(f"{name} {address}: {answer and answer.status} {self.page.url}")
            return
        try:
            if press:
                expect(button := self.page.locator("main").get_by_role("button", name=press, exact=True)).to_have_count(1)
                button.click()
                self.page.wait_for_load_state()
            look_at(self.page, name=name)
        except AssertionError as sight:
            self.wrong.append(f"{name}: {sight}")
        self.wrong.extend(f"{name}: {words}" for words in self.heard if "status of 4" not in words)


def test_every_page_can_be_looked_at(sample: None, seat: Seat, browser: Browser, settings: LazySettings) -> None:
    wrong: list[str] = []
    number = count(1)
    for who, stops in groupby(TOUR, lambda stop: stop.who):
        guide = Guide(seat(somebody(who)()).page, wrong)
        for stop in stops:
            guide.visit(stop.address, stop.press, stop.status, f"{next(number):03}-{who}-{stop}")
    guide = Guide(browser.new_page(), wrong)
    for path in citizens_pages():
        status = 404 if "no-such" in path else 200
        guide.visit(settings.KOSHIKI_PUBLIC_URL + path, status=status, name=f"{next(number):03}-citizen-{path}")
    assert guide.page.context.cookies() == []
    guide.visit(f"{settings.KOSHIKI_URL}sign-in/", name=f"{next(number):03}-sign-in")
    assert not wrong, "\n".join(wrong)


def citizens_pages() -> list[str]:
    listed = Account.objects.filter(state__in=Account.PUBLIC).order_by("pk")
    day = timezone.localdate(Delivery.objects.filter(state="sent").latest("sent_at").sent_at)
    own = [f"accounts/{account.pk}/" for account in listed]
    first = [f"{language}{own[0]}{page}" for language in ("", "en/") for page in ("policy.html", "")][:-1]
    return [*CITIZENS, *own, *first, f"feed/{day:%Y}.html", f"feed/{day:%Y-%m-%d}.html", f"en/feed/{day:%Y-%m-%d}.html"]


def test_the_tour_leaves_no_page_out() -> None:
    open_to_all = {"sign_in", "public", "public_page"}
    assert set(_names(get_resolver().url_patterns)) - NO_PAGES - open_to_all == {stop.name for stop in TOUR}


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        else:
            yield str(pattern.name)
