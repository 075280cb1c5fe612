"""検索用の索引 — the register as the search field looks through it: names, handles, services and divisions."""

from __future__ import annotations

import gzip
import json

from koshiki.public.register import Listed, in_each_language, listed


def search_json() -> bytes:
    """Rows of number, service, division, name, handle and whether it is official; services and divisions by place."""
    rows = listed()
    services = list(dict.fromkeys(row.account.service for row in rows))
    divisions = list(dict.fromkeys(row.account.division for row in rows))
    found = {
        "services": [in_each_language(service) for service in services],
        "divisions": [[division.name, division.name_en or division.name] for division in divisions],
        "accounts": [_row(row, services.index(row.account.service), divisions.index(row.account.division))
                     for row in rows],
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def search_packed() -> bytes:
    """The same, compressed here: on a phone's line it comes in a fifth of the time from whatever web server."""
    return gzip.compress(search_json(), mtime=0)


def _row(row: Listed, service: int, division: int) -> list[int | str]:
    account = row.account
    return [account.pk, service, division, account.name, account.handle, int(row.official)]

