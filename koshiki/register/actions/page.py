"""The register's page on the city's site: its address where the city's CMS shows it, and whether it shows the account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from django.db import transaction
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused, Way, guideline
from koshiki.networks.addresses import same_account
from koshiki.networks.http import Fetched, NeverSent, NoAnswer, fetch
from koshiki.networks.shown import links_of, skeleton, text_of
from koshiki.organization.models import Person
from koshiki.register.actions.notify import Upload
from koshiki.register.address import account_address, cms_page, on_the_citys_site, register_address
from koshiki.register.files import keep_document
from koshiki.register.flow import FLOW, IP_STAFF
from koshiki.register.models import Account, Policy, RegisterPage, RegisterPageCheck, StoredFile
from koshiki.register.moves import locked_for, pass_on

Result = RegisterPageCheck.Result
_SHIFT_JIS = {"shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"}  # as browsers read them
_CHARSET = re.compile(rb"""<meta[^>]+charset=["']?([\w-]+)""", re.IGNORECASE)


def newest_page_check(account: Account) -> RegisterPageCheck | None:
    """The last look at the page that the profile must name."""
    address = register_address(account)
    return account.register_page_checks.filter(address=address).order_by("-at", "-pk").first() if address else None


@transaction.atomic
def record_page(account: Account, url: str, *, by: Person) -> RegisterPage:
    """情報政策課 has taken the entry over into the city's CMS and says where it stands (§6(3)イ)."""
    locked = locked_for(account, "record_page", by=by)
    if guideline().way is not Way.FRAGMENT:
        raise Refused("§6(3)イ", "この市では、掲載ページのアドレスは決まっていて、記録するものではありません。",
                      now="ガイドラインのファイルの [register] way を確かめてください。")
    if not on_the_citys_site(url):
        raise Refused("§6(3)イ", "市公式ホームページのアドレスではありません。",
                      now=f"{'、'.join(guideline().city['domains'])} のページに掲載し、そのアドレスを記録してください。",
                      who=IP_STAFF)
    if (open_page := cms_page(locked)) and open_page.url == url:
        return open_page
    locked.register_pages.filter(ended_at__isnull=True).update(ended_at=clock.now())
    page = RegisterPage.objects.create(account=locked, url=url, by=by, at=clock.now())
    pass_on(locked, "record_page", by=by, url=url)
    return page


def look_at_page(account: Account, *, by: Person | None) -> RegisterPageCheck:
    """Fetch the register's page and compare it with the account (§6(3)イ). No transaction is open during the call.

    `by` is who asked; None: the worker did, of itself.
    """
    if by:
        FLOW.check(account, "look_at_page", by=by)
    address = _address_to_look_at(account)
    result, found = _looked(account, address)
    return _keep(account, address, result, found, asked_by=by)


def _address_to_look_at(account: Account) -> str:
    if guideline().way is Way.PAGES:
        raise Refused("§6(3)イ", "掲載ページはkoshikiのページそのものなので、取りに行って確かめることはありません。")
    return require_address(account)


def require_address(account: Account) -> str:
    """The address of the register's page. Raises Refused §6(3)イ while a person has yet to record it."""
    address = register_address(account)
    if not address:
        raise Refused("§6(3)イ", "仮掲載です。掲載ページのアドレスが、まだ記録されていません。",
                      now="市のCMSに掲載し、そのページのアドレスを記録してください。", who=IP_STAFF)
    return address


def _looked(account: Account, address: str) -> tuple[Result, str]:
    try:
        page = fetch(address)
    except (NeverSent, NoAnswer) as trouble:
        return Result.UNREACHABLE, trouble.reason
    if page.status != 200:
        return Result.LACKING, f"ページがありません（{page.status}）。"
    if not on_the_citys_site(page.final_url):
        return Result.LACKING, f"市のものでないアドレスへ転送されます（{page.final_url}）。"[:400]
    missing = list(lacking(account, page))
    return (Result.LACKING, f"ページに見当たらないもの：{'、'.join(missing)}。") if missing else (Result.SHOWN, "")


def lacking(account: Account, page: Fetched) -> Iterator[str]:
    """What of the account's entry the page does not show."""
    html = _html(page)
    text = text_of(html)
    words = skeleton(text)
    if skeleton(account.name) not in words:
        yield "アカウント名"
    address = account_address(account)
    if address not in text and not any(same_account(urljoin(page.final_url, link), address) for link in links_of(html)):
        yield "アカウントのURL"
    if skeleton(account.division.name) not in words:
        yield "所属"


def _html(page: Fetched) -> str:
    """The page in its characters: many a city's pages name them in the page alone, and say Shift_JIS for CP932."""
    said = page.headers.get("content-type", "").lower().partition("charset=")[2]
    named = _CHARSET.search(page.body[:4000])
    charset = said.strip(" \"'") or (named[1].decode().lower() if named else "utf-8")
    try:
        return page.body.decode("cp932" if charset in _SHIFT_JIS else charset, "replace")
    except LookupError:
        return page.text


@transaction.atomic
def _keep(account: Account, address: str, result: Result, found: str, *, asked_by: Person | None) -> RegisterPageCheck:
    check = RegisterPageCheck.objects.create(account=account, address=address, result=result, found=found, at=clock.now())
    record("account.look_at_page", account, by=asked_by, clause="§6(3)イ", how="自動", address=address,
           result=check.get_result_display(), comment=found)
    return check


@transaction.atomic
def confirm_page(account: Account, evidence: Upload, *, by: Person) -> RegisterPageCheck:
    """A person has seen the page, which koshiki can't reach, and keeps a capture of it (§6(3)イ). Raises BadFile."""
    locked = locked_for(account, "confirm_page", by=by)
    address = _address_to_look_at(locked)
    file = keep_document(evidence.data, evidence.name, account=locked, kind=StoredFile.Kind.EVIDENCE, by=by)
    check = RegisterPageCheck.objects.create(account=locked, address=address, result=Result.SHOWN, by=by, at=clock.now(),
                                             evidence=file)
    pass_on(locked, "confirm_page", by=by, how="目視", address=address, result=check.get_result_display(),
            evidence=file.sha256)
    return check


def require_page(account: Account) -> None:
    """The page stands where profiles lead. Raises Refused §6(3)イ where the city's site is not seen to show it."""
    require_address(account)
    if reason := page_fault(account):
        raise Refused("§6(3)イ", reason, now="市のページを直してから確かめ直すか、目で見て画面の写しを添えてください。",
                      who=IP_STAFF)


def page_fault(account: Account) -> str:
    """Why the register's page is not yet as it must be; empty where it is."""
    if guideline().way is Way.PAGES:
        return ""
    if not register_address(account):
        return "仮掲載です。掲載ページのアドレスが、まだ記録されていません。"
    check = newest_page_check(account)
    if check is None:
        return "掲載ページを、まだ確かめていません。"
    return "" if check.result == Result.SHOWN else f"掲載ページの確認の結果が「{check.get_result_display()}」です。{check.found}"


def with_earlier_policy(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Which of these accounts' pages in the city's CMS a person last took over or saw before the policy changed.

    Each account is marked as `outdated`: the words of the new version are on the page when a person has seen them there.
    """
    recorded = RegisterPage.objects.filter(account=OuterRef("pk"), ended_at=None).order_by("-at").values("at")[:1]
    seen = RegisterPageCheck.objects.filter(account=OuterRef("pk"), by__isnull=False).order_by("-at").values("at")[:1]
    changed = Policy.objects.filter(account=OuterRef("pk"), change__isnull=False).order_by("-version").values("completed_at")[:1]
    found: QuerySet[Any] = accounts.annotate(
        policy_changed_at=Subquery(changed), taken_over_at=Greatest(Subquery(recorded), Subquery(seen))).annotate(
        outdated=Case(When(policy_changed_at__gt=F("taken_over_at"), then=Value(True)), default=Value(False)))
    return found
