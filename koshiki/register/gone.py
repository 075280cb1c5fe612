"""Whether an address still shows an account: what is fetched before and after an account is closed (§7(3))."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings

from koshiki.guideline import Way, guideline
from koshiki.networks.http import Fetched, NeverSent, NoAnswer, fetch
from koshiki.register.actions.page import lacking
from koshiki.register.address import account_address, register_address, the_citys_own
from koshiki.register.models import Account, ClosingCheck

Result = ClosingCheck.Result
_NOT_THERE = (404, 410)


@dataclass(frozen=True)
class Look:
    """見た結果 — an address as it was fetched: the server's answer, what it means, in words for staff."""

    address: str
    result: Result
    found: str
    status: int | None = None


def page_address(account: Account) -> str:
    """Where the register's page stood: on the city's CMS where one was recorded, else in koshiki's public pages."""
    return register_address(account) or urljoin(settings.KOSHIKI_PUBLIC_URL, f"accounts/{account.pk}/")


def look_at_page(account: Account) -> Look:
    """Is the register's page gone, or, in the city's CMS, the account from it?"""
    address = page_address(account)
    page = _fetched(address)
    if isinstance(page, Look) or page.status != 200:
        return page if isinstance(page, Look) else _without_page(address, page.status)
    missing = set(lacking(account, page))
    if "アカウントのURL" not in missing:
        return Look(address, Result.THERE, "ページに、まだアカウントのURLが載っています。", 200)
    if "アカウント名" not in missing:
        return Look(address, Result.UNCLEAR, "アカウントのURLはありませんが、アカウント名の文字が残っています。", 200)
    if guideline().way is not Way.FRAGMENT:
        return Look(address, Result.UNCLEAR, "ページは開きますが、このアカウントの掲載ページではありません。", 200)
    return Look(address, Result.GONE, "ページに、このアカウントの名前もURLもありません。", 200)


def look_at_account(account: Account) -> Look:
    """Is the account gone from its service? What lives on the city's own pages went with its page there."""
    if the_citys_own(account):
        return Look(page_address(account), Result.GONE, "市のページ上のアカウントなので、掲載ページの削除をもって廃止とします。")
    address = account_address(account)
    page = _fetched(address)
    return page if isinstance(page, Look) else _without_page(address, page.status)


def _fetched(address: str) -> Fetched | Look:
    try:
        return fetch(address)
    except (NeverSent, NoAnswer) as trouble:
        return Look(address, Result.UNCLEAR, trouble.reason)


def _without_page(address: str, status: int) -> Look:
    if status in _NOT_THERE:
        return Look(address, Result.GONE, f"ページがありません（{status}）。", status)
    return Look(address, Result.UNCLEAR, f"サーバーの答え（{status}）からは、なくなったかどうか分かりません。", status)
