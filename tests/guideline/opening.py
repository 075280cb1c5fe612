"""The opening of an account, step by step through the actions, for tests that begin in its middle."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.actions.notify import Upload
from koshiki.register.models import Account, Application, Notification, Policy
from koshiki.register.policy import fixed_words
from tests.cast import Cast

ANSWERS = {item.key: f"{item.label}を確かめました。" for item in guideline().review_items}
POLICY = {
    "purpose": "防災の情報を市民に届けるため。", "content": "避難情報、訓練の案内。", "hours": "平日の8時30分から17時15分まで。",
    "frequency": "週に2回程度。", "answers": "none", "contact": "防災課 電話 0538-00-0110",
}
TAKEN = [words.clause for words in fixed_words()]
FORM = {"content": "避難情報、訓練の案内。", "introduction": "防災の情報をお知らせします。",
        "person_in_charge": "青木 葵", "contact": "0538-00-0110"}
URL = "https://social.example/@iwata_bosai"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(out, "PNG")
    return out.getvalue()


PICTURE = picture()
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
CAPTURE = Upload(PICTURE, "プロフィール.png")


def drafted(cast: Cast, *, service: str = "mastodon", by: Person | None = None, **policy: str) -> Account:
    """An application that lacks nothing, not yet submitted."""
    by = by or cast.aoki
    division = by.postings.get().division
    account = actions.begin(division, service, "磐田市防災", by=by)
    actions.save_review(account, ANSWERS, clock.today(), by=by)
    actions.save_policy(account, {**POLICY, **policy}, TAKEN, by=by)
    account.refresh_from_db()
    return account


def submitted(cast: Cast, **more: Any) -> Application:
    account = drafted(cast, **more)
    return actions.submit(account, by=more.get("by") or cast.aoki)


def approve(application: Application, *people: Person) -> Account:
    """These people decide, one after the other."""
    for person in people:
        actions.approve_application(application, digest=application.digest, by=person)
    return Account.objects.get(pk=application.account_id)


def approved(cast: Cast, **more: Any) -> Account:
    return approve(submitted(cast, **more), cast.chiba, cast.hara, cast.kato)


def acquired(cast: Cast, *, url: str = URL, **more: Any) -> Account:
    """Acquired, its policy completed and shared; for the city's own feed without an address."""
    account = approved(cast, **more)
    own = more.get("service") == "city_feed"
    actions.record_acquisition(account, name="磐田市防災", handle="" if own else "@iwata_bosai", url="" if own else url,
                               acquired_on=clock.today(), by=cast.aoki)
    actions.share_policy(completed(account, cast.aoki), by=cast.aoki)
    return Account.objects.get(pk=account.pk)


def completed(account: Account, by: Person) -> Policy:
    return actions.complete_policy(account, by=by)


def notified(cast: Cast, **more: Any) -> Notification:
    return actions.notify(acquired(cast, **more), FORM, CAPTURE, by=cast.chiba)


def received(cast: Cast, **more: Any) -> Account:
    return actions.receive(notified(cast, **more), by=cast.hata).account


def listed(cast: Cast, **more: Any) -> Account:
    return actions.list_account(received(cast, **more), by=cast.hara)


def shown(account: Account, by: Person) -> Policy:
    """The policy is shown in the account, with evidence."""
    return actions.show_policy(account.policies.get(), "固定した投稿", PICTURE, "固定.png", by=by)


