"""The one table of questions to 「これは公式ですか」, with the register and the publications that they are asked about.

`questions.json` is data, since two programs are held to it: the Python that answers on the server, and the script
that answers in the browser.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from koshiki import clock
from koshiki.posts.models import Delivery
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.guideline import closing
from tests.public.saying import said

TABLE = json.loads((Path(__file__).parent / "questions.json").read_text("utf-8"))
QUESTIONS: list[tuple[str, str, str]] = [
    (group["about"], asked, group["verdict"]) for group in TABLE["questions"] for asked in group["asked"]]
THEN = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))


def town(cast: Cast) -> None:
    """The accounts and publications of the table."""
    accounts = [_account(cast, row) for row in TABLE["accounts"]]
    for row in TABLE["publications"]:
        [delivery] = said(cast, accounts[row["account"]], text=f"発信 {row['url']}", at=THEN)
        Delivery.objects.filter(pk=delivery.pk).update(
            remote_id=row["remote_id"], url=row["url"], state=row["state"], sent_at=THEN if row["state"] == "sent" else None)
    for account, row in zip(accounts, TABLE["accounts"], strict=True):
        if row["state"] == "closed":
            with clock.at(THEN):
                closing.closed(cast, account)
        elif row["state"] != "official":
            Account.objects.filter(pk=account.pk).update(state=row["state"], official_at=None)


def _account(cast: Cast, row: dict[str, str]) -> Account:
    return official(cast, **{name: value for name, value in row.items() if name != "state"})
