"""The closing of an account, step by step through the actions, for tests that begin in its middle."""

from __future__ import annotations

from koshiki import clock
from koshiki.register import actions
from koshiki.register.actions.notify import Upload
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.guideline.opening import PICTURE

FORM = {"content": "避難情報、訓練の案内。", "reason": "ホームページでの案内に統合するため。", "person_in_charge": "青木 葵",
        "contact": "0538-00-0110"}
SEEN = Upload(PICTURE, "掲載なし.png")


def live(cast: Cast, **more: str) -> Account:
    """An official account on a service where people post."""
    return official(cast, **{"service": "blog", "url": "https://blog.example/bosai/", **more})


def drafted(cast: Cast, account: Account | None = None) -> Account:
    account = account or live(cast)
    actions.save_closing_draft(account, FORM, by=cast.aoki)
    return account


def notified(cast: Cast, account: Account | None = None) -> Account:
    account = account or live(cast)
    actions.notify_closing(account, FORM, by=cast.chiba)
    return account


def delisted(cast: Cast, account: Account | None = None) -> Account:
    account = notified(cast, account)
    actions.delist(account, by=cast.hara)
    return Account.objects.get(pk=account.pk)


def confirmed(cast: Cast, account: Account | None = None) -> Account:
    account = delisted(cast, account)
    actions.confirm_page_gone(account, SEEN, by=cast.chiba)
    return account


def closed(cast: Cast, account: Account | None = None) -> Account:
    account = confirmed(cast, account)
    actions.close_account(account, clock.today(), SEEN, by=cast.chiba)
    return Account.objects.get(pk=account.pk)
