"""Open data: the register as JSON, with its schema beside it, and as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from koshiki import sheet
from koshiki.guideline import guideline
from koshiki.networks import service_label
from koshiki.public.register import Closed, Listed, closed, listed
from koshiki.register.address import register_address

_TEXT, _ADDRESS = {"type": "string"}, {"type": "string", "format": "uri"}
ACCOUNT: dict[str, Any] = {
    "id": {"type": "integer", "description": gettext_noop("番号。変わりません")},
    "service": _TEXT | {"description": gettext_noop("サービスの名前")},
    "name": _TEXT | {"description": gettext_noop("アカウント名")},
    "handle": _TEXT | {"description": gettext_noop("ユーザー名。あるときだけ")},
    "url": _ADDRESS | {"description": gettext_noop("アカウントのアドレス")},
    "division": _TEXT | {"description": gettext_noop("担当所属")},
    "telephone": _TEXT | {"description": gettext_noop("担当所属の電話番号")},
    "introduction": _TEXT | {"description": gettext_noop("紹介文")},
    "image": _ADDRESS | {"description": gettext_noop("アカウント画像のアドレス。あるときだけ")},
    "page": _ADDRESS | {"description": gettext_noop("掲載ページのアドレス。変わりません。仮掲載の間はありません")},
    "official": {"type": "boolean", "description": gettext_noop("開始手続がすべて済んでいれば true")},
    "since": {"type": "string", "format": "date", "description": gettext_noop("掲載した日")},
    "verified": {"type": "boolean", "description": gettext_noop("サービスの認証を受けていれば true")},
}
CLOSED: dict[str, Any] = {  # dates only, and no address: nothing leads there any more (§7(2))
    "id": {"type": "integer", "description": gettext_noop("番号。変わりません")},
    "service": _TEXT | {"description": gettext_noop("サービスの名前")},
    "name": _TEXT | {"description": gettext_noop("アカウント名")},
    "since": {"type": "string", "format": "date", "description": gettext_noop("掲載した日")},
    "closed": {"type": "string", "format": "date",
               "description": gettext_noop("掲載を終えた日。この日からは市のものではありません")},
}
OPTIONAL = {"handle", "url", "telephone", "introduction", "image", "since", "page"}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "公式アカウント一覧 / Official accounts",
    "description": "市の公式ソーシャルメディアアカウント。掲載されているものがすべてです。",
    "type": "object",
    "required": ["city", "accounts"],
    "additionalProperties": False,
    "properties": {
        "city": {"type": "string", "description": "市の名前"},
        "sample": {"type": "boolean", "description": "見本（架空のデータ）なら true"},
        "accounts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [name for name in ACCOUNT if name not in OPTIONAL],
                "additionalProperties": False,
                "properties": ACCOUNT,
            },
        },
        "closed": {
            "type": "array",
            "items": {"type": "object", "required": [*CLOSED], "additionalProperties": False, "properties": CLOSED},
        },
    },
}


def accounts_json() -> bytes:
    """`accounts.json`, as `accounts.schema.json` describes it."""
    return _bytes({
        "city": guideline().city["name"],
        **({"sample": True} if settings.KOSHIKI_SAMPLE else {}),
        "accounts": [_account(row) for row in listed()],
        **({"closed": [_closed(row) for row in closed()]} if guideline().register["closed_in_open_data"] else {}),
    })


def accounts_csv() -> bytes:
    """`accounts.csv`: the same accounts with the same names, for a spreadsheet."""
    rows = ([_cell(found.get(name, "")) for name in ACCOUNT] for found in map(_account, listed()))
    return "".join(sheet.lines([list(ACCOUNT), *rows])).encode()


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def schema_json() -> bytes:
    return _bytes(SCHEMA)


def about_page() -> dict[str, Any]:
    """The names of the data with what they mean, in the page's language."""
    return {"data": list(_described())}


def _described() -> Iterator[tuple[str, str]]:
    for name, row in {**ACCOUNT, "closed": CLOSED["closed"]}.items():
        yield name, _(row["description"])


def _account(row: Listed) -> dict[str, Any]:
    account = row.account
    found = {
        "id": account.pk,
        "service": row.service,
        "name": account.name,
        "handle": account.handle,
        "url": row.address,
        "division": account.division.name,
        "telephone": account.division.telephone,
        "introduction": account.introduction,
        "image": urljoin(settings.KOSHIKI_PUBLIC_URL, f"media/{row.face}") if row.face else "",
        "page": register_address(account),
        "official": row.official,
        "since": row.since.isoformat() if row.since else "",
        "verified": row.verified,
    }
    return {key: value for key, value in found.items() if value != ""}


def _closed(row: Closed) -> dict[str, Any]:
    account = row.account
    return {"id": account.pk, "service": _(service_label(account.service)), "name": account.name,
            "since": row.since.isoformat() if row.since else "", "closed": row.closed.isoformat()}


def _bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
