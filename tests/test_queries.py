"""The number of queries of a page does not grow with its rows: every page, with 10 rows and with 1,000 of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from koshiki import clock, images
from koshiki.organization.models import Absence, Deputy, Person, Posting, RoleGrant
from koshiki.posts.actions import Confirmed, write
from koshiki.posts.forms.uploads import held_by
from koshiki.posts.models import Delivery, Post
from koshiki.public.pictures import FACE, small_name
from koshiki.register.models import Account, Hold, ServiceChange
from tests.cast import Cast, make_cast, official
from tests.guideline.opening import picture
from tests.many import Many
from tests.posts.writing import draft

FEW, MUCH = 10, 1000
MOST_QUERIES, LONGEST = 15, 100_000  # of a page, however much there is; its length in bytes
# Where a person reads one case as a whole, with a hundred accounts and a thousand remarks.
LONGER = {"post_approve", "post", "post_deliveries", "account_decide", "account_application", "guideline_map"}

Address = Callable[[Many], tuple[Any, ...]]
Page = tuple[str, Address, str]


def _nothing(many: Many) -> tuple[Any, ...]:
    return ()


def _one(choose: Callable[[Many], Any]) -> Address:
    return lambda many: (choose(many).pk,)


def _stage(name: str) -> Address:
    return lambda many: (many.stages[name].pk,)


author, post_of, focal = _one(lambda m: m.author), _one(lambda m: m.approved), _one(lambda m: m.focal)
hold = _one(lambda m: Hold.objects.filter(account=m.focal).earliest("pk"))
assignment = _one(lambda m: m.focal.assignments.earliest("pk"))


def _delivery(state: str) -> Address:
    return lambda m: (Delivery.objects.filter(state=state, account__assignments__person=m.approver).earliest("pk").pk,)


def _post_sent(m: Many) -> tuple[Any, ...]:
    """A post that is out, of an account that its reader writes for."""
    return (Delivery.objects.filter(state="sent", account__assignments__person=m.author).earliest("pk").post_id,)


def _by_hand(state: str) -> Address:
    """The first delivery in this state of somebody's own, on a service that a person posts to."""
    def choose(m: Many) -> tuple[Any, ...]:
        row = Delivery.objects.filter(state=state, account__assignments__person=m.author).exclude(account=m.focal).earliest("pk")
        Account.objects.filter(pk=row.account_id).update(service="x", url=f"https://x.com/a{row.account_id}")
        Delivery.objects.filter(pk=row.pk).update(by_hand=True)
        return (row.pk,)
    return choose


# Every page: its name, what stands in its address, who reads it (a name of the cast; "" without signing in).
PAGES: list[Page] = [
    ("home", _nothing, "aoki"), ("home", _nothing, "baba"), ("home", _nothing, "chiba"), ("home", _nothing, "hata"),
    ("home", _nothing, "hara"), ("home", _nothing, "doi"), ("home", _nothing, "noda"),
    ("guideline_map", _nothing, "aoki"), ("backups", _nothing, "noda"), ("services", _nothing, "noda"),
    ("service_app", lambda m: ("x",), "noda"),
    ("service_budget", lambda m: ("x",), "noda"), ("service_incoming", lambda m: ("line",), "noda"),
    ("log", _nothing, "mori"), ("log", _nothing, "aoki"),
    # organization
    ("sign_in", _nothing, ""), ("password_change", _nothing, "aoki"), ("confirm_guideline", _nothing, "aoki"),
    ("people", _nothing, "noda"), ("person_new", _nothing, "noda"), ("person", author, "noda"),
    ("organization_import", _nothing, "noda"), ("first_passwords", _nothing, "noda"),
    ("import_preview", _one(lambda m: m.handed_in), "noda"), ("import_example", lambda m: ("posting",), "noda"),
    ("person_edit", author, "noda"), ("person_post", author, "noda"), ("person_role", author, "noda"),
    ("person_deactivate", author, "noda"), ("person_reactivate", author, "noda"),
    ("person_reset_password", author, "noda"), ("absence_new", _one(lambda m: m.cast.chiba), "noda"),
    ("posting_end", _one(lambda m: Posting.objects.earliest("pk")), "noda"),
    ("role_end", _one(lambda m: RoleGrant.objects.get(person=m.cast.mori)), "noda"),
    ("absence_end", _one(lambda m: Absence.objects.get(person=m.cast.chiba)), "noda"),
    ("deputy_end", _one(lambda m: Deputy.objects.get(person=m.cast.doi)), "chiba"),
    ("divisions", _nothing, "noda"), ("division_new", _nothing, "noda"),
    ("division", _one(lambda m: m.division), "chiba"), ("division", _one(lambda m: m.division), "noda"),
    ("division_edit", _one(lambda m: m.division), "noda"), ("deputy_new", _one(lambda m: m.division), "chiba"),
    # register
    ("accounts", _nothing, "aoki"), ("accounts", _nothing, "mori"), ("account_new", _nothing, "aoki"),
    *(("account", _stage(s), "hara") for s in ("drafted", "submitted", "approved", "acquired", "notified", "received")),
    ("account", _stage("listed"), "mori"), ("account", focal, "chiba"), ("account", focal, "kubo"),
    ("account_apply", _stage("drafted"), "aoki"), ("account_review", _stage("drafted"), "aoki"),
    ("account_draft_policy", _stage("drafted"), "aoki"), ("account_submit", _stage("drafted"), "aoki"),
    ("account_withdraw", _stage("submitted"), "aoki"), ("account_application", _stage("submitted"), "hara"),
    ("account_application", _stage("approved"), "hara"),
    ("account_decide", _stage("submitted"), "chiba"), ("account_paper", _stage("submitted"), "aoki"),
    ("account_acquire", _stage("approved"), "aoki"), ("account_policy", focal, "aoki"),
    ("account_policy_change", _stage("listed"), "aoki"), ("policy_change", _one(lambda m: m.change), "chiba"),
    ("policy_change_withdraw", _one(lambda m: m.change), "chiba"), ("policy_version", _one(lambda m: m.policy), "abe"),
    ("policy_pdf", _one(lambda m: m.policy), "abe"), ("policy_shown", focal, "aoki"),
    ("account_notify", _stage("acquired"), "chiba"),
    ("account_notification", _stage("notified"), "hata"), ("notification", _one(lambda m: m.notified), "hata"),
    ("notification_return", _one(lambda m: m.notified), "hata"), ("account_list", _stage("received"), "hara"),
    ("register_management", _nothing, "hata"), ("register_page", _stage("listed"), "hata"),
    ("register_page_seen", _stage("listed"), "hata"), ("account_profile", _stage("listed"), "hata"),
    ("profile_findings", _nothing, "hata"), ("account_terms", focal, "aoki"), ("service_change", focal, "hata"),
    ("finding_explain", lambda m: (m.stages["listed"].pk, m.stages["listed"].profile_findings.get(ended_at=None).pk), "chiba"),
    ("change_take_back", lambda m: (m.focal.pk, ServiceChange.objects.earliest("pk").pk), "hata"),
    ("profile_explain", _stage("listed"), "chiba"), ("account_verification", focal, "hata"),
    *(("account", _stage(s), "chiba") for s in ("closing", "delisted", "confirmed", "closed")),
    ("account_closing", focal, "chiba"), ("closing_withdraw", _stage("closing"), "chiba"),
    ("closing_return", _stage("closing"), "hata"), ("account_delist", _stage("closing"), "hara"),
    ("account_notification", _stage("closing"), "hara"),
    *((name, _one(lambda m: m.notified), "hata") for name in ("notification_pdf", "notification_docx")),
    ("closing_page", _stage("delisted"), "chiba"), ("account_close", _stage("confirmed"), "chiba"),
    ("account_people", focal, "chiba"), ("assignment_letter", assignment, "chiba"),
    ("assignment_end", assignment, "chiba"), ("assignment_revoke", assignment, "chiba"),
    ("account_connect", focal, "aoki"), ("connect_callback", _nothing, "aoki"),
    ("account_stop", focal, "baba"), ("holds", _nothing, "hara"), ("stop_all", _nothing, "hara"),
    ("hold_lift", hold, "chiba"), ("stored_file", _one(lambda m: m.notified.image), "hata"),
    # posts
    *((name, _nothing, reader) for name in ("posts", "post_month", "post_week", "post_accounts")
      for reader in ("aoki", "mori", "endo")),
    ("post_write", _nothing, "aoki"), ("post", post_of, "aoki"), ("post", post_of, "baba"),
    ("post", _one(lambda m: m.read), "mori"), ("post_edit", _one(lambda m: m.draft), "aoki"),
    ("post_approve", _one(lambda m: m.read), "baba"), ("post_end", _one(lambda m: m.read), "aoki"),
    ("post_withdraw_approval", _one(lambda m: m.approved.latest.approvals.latest("pk")), "baba"),
    ("post_image", lambda m: (m.draft.pk, m.picture.sha256), "aoki"),
    ("post_upload", lambda m: (held_by(m.picture, "a.png", m.author),), "aoki"),
    ("post_correct", _post_sent, "aoki"), ("self_check", _nothing, "endo"),
    ("post_deliveries", post_of, "aoki"), ("post_deliveries", post_of, "baba"),
    ("delivery_posted", _delivery("person"), "baba"), ("delivery_not_posted", _delivery("person"), "baba"),
    ("delivery_hand_over", _by_hand("offered"), "baba"), ("delivery_hand_over", _by_hand("taken"), "aoki"),
    ("delivery_give_back", _by_hand("taken"), "aoki"), ("delivery_mend_address", _by_hand("sent"), "aoki"),
    ("safety_stops", _nothing, "noda"), ("backups", _nothing, "noda"),
    # what citizens see
    ("public", _nothing, ""), ("public_trust", _nothing, ""), ("public_asset", lambda m: ("koshiki.css",), ""),
    *(("public_page", lambda m, path=path: (path.format(m=m, day=clock.today()),), "") for path in (
        "accounts/{m.focal.pk}/", "check.json", "accounts/{m.focal.pk}/policy.html", "feed/", "feed/{day:%Y}.html",
        "feed/{day:%Y-%m-%d}.html", "check.html", "about.html", "accounts.json", "accounts.csv", "accounts.schema.json",
        "feed/atom.xml", "feed/feed.json", "en/", "en/feed/")),
    ("public_picture", lambda m: (small_name(m.picture.sha256, FACE),), ""),
]

# What only takes what is sent to it: there is no page to read.
ONLY_SENT = {
    "finding_reopen", "post_export", "service_app_end", "inlet_make", "incoming",
    "organization_export",
    "sign_out", "log_verify", "log_export", "decision_read", "policy_complete", "policy_share", "policy_read",
    "policy_change_submit", "policy_decision_read",
    "notification_receive", "profile_check", "register_page_look", "account_official", "account_token", "account_disconnect",
    "delivery_release", "delivery_take", "post_preview", "post_submit", "post_take_over",
}
OF_WHAT = {"organization_export": ["person"], "inlet_make": ["line", 1], "incoming": ["line", "A" * 43],
           "finding_reopen": [1, 1]}
# For machines that watch: they ask the database on a connection of their own, the same few questions always.
FOR_MACHINES = {"healthz", "metrics"}
# One approved picture, to be saved: as many questions as any page of its delivery, and no rows.
FILES = {"delivery_media", "public_staged", "public_well_known"}


def _names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield str(pattern.name)


def test_every_page_is_counted() -> None:
    names = set(_names(get_resolver().url_patterns))
    assert names - {name for name, _, _ in PAGES} - ONLY_SENT - FOR_MACHINES - FILES == set()
    assert {name for name, _, _ in PAGES} | ONLY_SENT | FOR_MACHINES | FILES <= names


def test_there_is_nothing_to_read_where_things_are_only_sent(
    cast: Cast, signed_in: Callable[[Person], Client]
) -> None:
    browser = signed_in(cast.aoki)
    answers = {name: browser.get(_address(name)).status_code for name in ONLY_SENT}
    assert answers == dict.fromkeys(ONLY_SENT, 405)


def _address(name: str) -> str:
    """Of whatever number, where it has one."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return reverse(name, args=OF_WHAT.get(name, [1]))


@pytest.fixture
def many(committed_db: None) -> Many:
    made = Many(make_cast(), images.keep(picture()))
    Absence.objects.create(person=made.cast.chiba, start="2020-04-01", reason="出張")
    return made


def _grown(many: Many, rows: int, urls: dict[str, str]) -> None:
    """More of everything, and the planner told of it: without statistics it plans for empty tables."""
    with transaction.atomic():
        many.grow(rows)
    with psycopg.connect(urls["KOSHIKI_MIGRATE_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE (SKIP_LOCKED)")


@pytest.mark.longest
def test_no_page_asks_more_when_there_is_more(
    many: Many, database_urls: dict[str, str], signed_in: Callable[[Person], Client]
) -> None:
    signed_in(many.cast.aoki).get("/")  # what a process asks once, as whether the key ring fits
    _grown(many, FEW, database_urls)
    signed_in(many.cast.aoki).get("/")  # once in a process, and when its file changes, the key ring is tried
    few = _measured(many, signed_in)
    _grown(many, MUCH, database_urls)
    much = _measured(many, signed_in)
    found = {label: (few[label].queries, much[label].queries) for label in few}
    assert {label: counts for label, counts in found.items() if counts[0] != counts[1]} == {}
    assert {label: counts[1] for label, counts in found.items() if counts[1] > MOST_QUERIES} == {}
    assert {label: page.size for label, page in much.items() if page.size > LONGEST and named(label) not in LONGER} == {}


def test_submitting_and_approving_ask_nothing_twice(cast: Cast, signed_in: Callable[[Person], Client]) -> None:
    """What is done most: rights and the post are read once before the lock and once under it, all else once."""
    account = official(cast)
    written = [write(draft(account), by=cast.aoki) for _ in range(2)]
    author, approver = signed_in(cast.aoki), signed_in(cast.baba)
    author.post(reverse("post_submit", args=[written[0].pk]))
    approver.post(reverse("post_approve", args=[written[0].pk]), everything(written[0]))  # what a process asks once
    with CaptureQueriesContext(connection) as submitting:
        author.post(reverse("post_submit", args=[written[1].pk]))
    ticked = everything(written[1])
    with CaptureQueriesContext(connection) as approving:
        approver.post(reverse("post_approve", args=[written[1].pk]), ticked)
    assert [Post.objects.get(pk=post.pk).state for post in written] == ["approved", "approved"]
    assert len(submitting) <= 16
    assert len(approving) <= 19


def everything(post: Post) -> dict[str, Any]:
    """The form of an approval, with everything ticked that it asks."""
    prohibited = sorted(Confirmed.everything(post).prohibited)
    return {"do": "approve", "digest": post.latest.digest, "prohibited": prohibited, "permanence": "on"}


def named(label: str) -> str:
    return label.split(",", maxsplit=1)[0]


@dataclass(frozen=True)
class Measured:
    """One page as it was read."""

    queries: int
    size: int


def _measured(many: Many, signed_in: Callable[[Person], Client]) -> dict[str, Measured]:
    browsers: dict[str, Client] = {}
    found = {}
    for name, address, reader in PAGES:
        if reader not in browsers:
            browsers[reader] = signed_in(getattr(many.cast, reader)) if reader else Client()
        arguments = address(many)
        with CaptureQueriesContext(connection) as asked:
            answer = browsers[reader].get(reverse(name, args=arguments))
            body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == (422 if name == "connect_callback" else 200), (name, arguments, reader)
        found[f"{name}, {len(found)}. in the table, read by {reader}"] = Measured(len(asked), len(body))
    return found
