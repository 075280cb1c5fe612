"""照合用の索引 — what the script of 「これは公式ですか」 compares with, so that nothing pasted leaves the browser.

The list of accounts is small and readable. Of publications there are many: they come as digests of their keys, a
file per year of which only the newest changes. The script always fetches all of them, so that the web server does not
learn from the choice either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any

from koshiki.calendar import local_day
from koshiki.networks.address_rules import RULES
from koshiki.networks.addresses import read_address
from koshiki.public import feed, official
from koshiki.public.register import Listed, closed, in_each_language, listed

# Twelve bytes: a foreign address meets one of 50,000 by chance once in 10²⁴, and who looks for one that does, on a
# server of their own, must try 2⁸⁰. Six bytes would save half, and could be met within minutes.
DIGEST = 12


def check_json() -> bytes:
    """The rules by which addresses are read, the accounts on the register and those that were, the years with
    publications."""
    rows = listed()
    return _json({
        "rules": RULES,
        "grounds": sorted(official.grounds(rows)),
        "hosted": sorted(official.WITH_HOSTS),
        "shown": official.SHOWN,
        "accounts": [_account(row) for row in rows],
        "closed": [[read_address(row.address).key, row.closed.isoformat()] for row in closed() if row.address],
        "services": {service: in_each_language(service) for service in dict.fromkeys(row.account.service for row in rows)},
        "years": sorted({day.year for day, _ in feed.days()}),
    })


def year(number: int) -> bytes | None:
    """Of each day: its number in the year and how many digests follow, two bytes each; None for a year without."""
    sent = feed.posted().filter(sent_at__year=number).order_by("sent_at")
    rows = sent.values_list("sent_at", "account__service", "remote_id", "url")
    days = groupby(rows.iterator(), _day_of)
    return b"".join(_day(day, of_day) for day, of_day in days) or None


def _day_of(row: tuple[Any, ...]) -> date:
    return local_day(row[0])


def _day(day: date, rows: Iterable[tuple[Any, ...]]) -> bytes:
    found = sorted({digest for _, *place in rows for digest in _digests(*place)})
    place_in_year = day.timetuple().tm_yday - 1
    return place_in_year.to_bytes(2, "big") + len(found).to_bytes(2, "big") + b"".join(found)


@lru_cache(maxsize=65_536)
def _digests(service: str, remote_id: str, url: str) -> tuple[bytes, ...]:
    """Kept, since whoever writes the copy again asks for the same."""
    return tuple(hashlib.sha256(key.encode()).digest()[:DIGEST]
                 for key in official.publication_keys(service, remote_id, url))


def _account(row: Listed) -> list[Any]:
    account = row.account
    return [account.pk, account.service, account.name, row.address, read_address(row.address).key,
            int(row.official), official.names(account)]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
