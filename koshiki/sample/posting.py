"""The sample's posts, each as far as its fate: drafted, submitted, returned, scheduled, really sent, really refused,
handed over to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.content import Attached, Correcting, Draft, outside_addresses, service_of
from koshiki.posts.corrections.starting import correct
from koshiki.posts.corrections.ways import ways_of
from koshiki.posts.delivery.claim import claim
from koshiki.posts.delivery.hand_over import taking
from koshiki.posts.delivery.send import deliver
from koshiki.posts.findings import asked_in
from koshiki.posts.media import register_image
from koshiki.posts.models import Post
from koshiki.register.models import Account
from koshiki.sample import pictures
from koshiki.sample.city import People

Accounts = dict[str, Account]
WRITTEN_BEFORE = timedelta(hours=2)


def write_posts(people: People, accounts: Accounts, rows: list[dict[str, Any]]) -> None:
    """Every post of the sample, the earliest first."""
    for row in sorted(rows, key=_moment):
        _write(row, people, accounts)


def _write(row: dict[str, Any], people: People, accounts: Accounts) -> None:
    moment, author = _moment(row), people[row["by"]]
    approver = people[row["by"].replace("author", "approver")]
    begun = min(moment, clock.now()) - WRITTEN_BEFORE
    with clock.at(begun):
        post = actions.write(_draft(row, author, accounts, moment), by=author)
        if row["fate"] != "draft":
            actions.submit(post, by=author)
    with clock.at(begun + timedelta(minutes=40)):
        _answer(row["fate"], post, approver, row)
    if row["fate"] in ("published", "failed"):
        _deliver(post, moment)
    if "correction" in row:
        _correct(post, moment, row["correction"], author, approver)
    if row["fate"] in ("handed", "offered"):
        with clock.at(begun + timedelta(minutes=41)):
            _hand_over(post, row, author)


def _answer(fate: str, post: Post, approver: Person, row: dict[str, Any]) -> None:
    digest = post.latest.digest
    if fate == "returned":
        actions.send_back(post, row["remark"], by=approver, digest=digest)
    elif fate not in ("draft", "submitted"):
        actions.approve(post, digest, by=approver, confirmed=actions.Confirmed.everything(post))


def _deliver(post: Post, moment: datetime) -> None:
    """At its time a worker takes it: really sent to 見本SNS and the city's feed, or really refused there."""
    with clock.at(moment):
        for delivery in post.deliveries.select_related("account"):
            if held := claim(delivery.account) or claim():
                deliver(held)


def _correct(wrong: Post, moment: datetime, said: dict[str, Any], author: Person, approver: Person) -> None:
    """Somebody calls, the author writes what is right, the approver reads it, and it goes out, each a few minutes later."""
    found = moment + timedelta(minutes=said["after"])
    before = actions.draft_of(wrong.latest)
    ways = {account: offered[0] for account, offered in ways_of(wrong, list(before.contents)).items()}
    contents = {account: {**content, "text": said["text"].strip()} for account, content in before.contents.items()}
    draft = Draft(f"訂正：{wrong.title}", said["basis"], contents, (), None, 1440, before.reasons, Correcting(wrong, ways))
    draft = _answered(draft)
    with clock.at(found + timedelta(minutes=4)):
        begun = correct(draft, reason=said["reason"], found_at=found, found_by=said["found_by"], by=author)
        post = actions.submit(begun.post, by=author)
    with clock.at(found + timedelta(minutes=11)):
        actions.approve(post, post.latest.digest, by=approver, confirmed=actions.Confirmed.everything(post))
    _deliver(post, found + timedelta(minutes=11))


def _hand_over(post: Post, row: dict[str, Any], author: Person) -> None:
    """A worker hands it over; the author posts it, or has not come to it yet."""
    delivery = post.deliveries.select_related("account").get()
    if held := claim(delivery.account):
        deliver(held)
    if row["fate"] == "handed":
        taking.take(delivery, by=author)
        taking.record_address(delivery, address=row["address"], by=author)


def _draft(row: dict[str, Any], author: Person, accounts: Accounts, moment: datetime) -> Draft:
    targets = [accounts[key] for key in row["to"]]
    timed = row["fate"] in ("published", "failed", "scheduled")
    contents = {account: _content(account, row) for account in targets}
    reasons = {link.url: row["link_reason"] for link in outside_addresses(contents.values())}
    return _answered(Draft(
        row["title"], row["basis"], contents, _media(row, author, targets[0]), moment if timed else None,
        expires_after=1440 if row["fate"] == "offered" else 30, reasons=reasons))


def _answered(draft: Draft) -> Draft:
    """The sample's texts name days of one autumn; on any other day the author says so."""
    return replace(draft, answers={one.key: "見本の文に書かれた日付などのため" for one in asked_in(draft)})


def _content(account: Account, row: dict[str, Any]) -> dict[str, str]:
    said = {"text": row["text"].strip(), "title": row.get("heading", "")}
    return {field.key: said.get(field.key, "") for field in service_of(account).fields}


def _media(row: dict[str, Any], author: Person, account: Account) -> list[Attached]:
    if "picture" not in row:
        return []
    made = getattr(pictures, row["picture"])()
    medium = register_image(made, f"{row['picture']}.png", division=account.division, by=author)
    return [Attached(medium, row["alt"])]


def _moment(row: dict[str, Any]) -> datetime:
    hour, minute = map(int, row["at"].split(":"))
    day = timezone.localdate(clock.now()) + timedelta(days=row["days"])
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))
