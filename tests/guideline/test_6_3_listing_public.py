"""§6(3)イ: the city's home page lists each account with name, policy, introduction, image, division and telephone.

Here: what citizens see of it, live and in the static copy, before and after the information policy head lists it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from koshiki.guideline import guideline
from koshiki.organization.models import Person
from koshiki.public import jobs, site
from koshiki.register import actions
from koshiki.register.actions.profile import Result
from koshiki.register.address import register_address
from koshiki.register.models import Account
from tests.cast import Cast
from tests.guideline import opening
from tests.public.reading import get

pytestmark = pytest.mark.clause("§6(3)イ")


@pytest.fixture(autouse=True)
def copy(tmp_path: Path, settings: Any) -> Path:
    """Where the static copy is written."""
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"
    settings.KOSHIKI_PUBLIC_URL = "https://www.city.example.jp/official/"
    return tmp_path / "public/current"


def page_of(account: Account) -> str:
    return f"accounts/{account.pk}/"


def test_until_the_head_lists_it_citizens_see_nothing(cast: Cast, client: Client, copy: Path) -> None:
    account = opening.received(cast)
    assert account.name not in get("").text
    assert client.get(f"/official/{page_of(account)}").status_code == 404
    actions.list_account(account, by=cast.hara)
    assert account.name in get("").text
    assert client.get(f"/official/{page_of(account)}").status_code == 200


def test_the_entry_holds_what_the_guideline_asks(cast: Cast, client: Client) -> None:
    account = opening.listed(cast)
    seen = get(page_of(account))
    for words in ("Mastodon", account.name, opening.FORM["introduction"], "防災課", "0538-00-0110", account.url):
        assert words in seen.text
    [image] = [link for link in seen.links if "media/" in link]
    assert client.get(f"/official/{image.replace('../', '')}").getvalue().startswith(b"\xff\xd8")
    assert "policy.html" in seen.links


@pytest.mark.clause("§6(2)", "§別紙1-1", "§別紙1-2(1)", "§別紙1-2(2)", "§別紙1-2(3)", "§別紙1-3")
def test_the_policy_is_read_whole(cast: Cast) -> None:
    account = opening.listed(cast)
    text = get(f"{page_of(account)}policy.html").text
    for words in (*(value for key, value in opening.POLICY.items() if key != "answers"), "個別に回答しません"):
        assert words in text
    fixed = [clause for id_, clause in guideline().clauses.items() if id_.startswith(("§別紙1-1(", "§別紙1-2(", "§別紙1-3"))]
    assert len(fixed) == 15
    for clause in fixed:
        assert clause.text.strip() in text, clause.id


def test_a_version_that_is_only_being_written_is_not_shown(cast: Cast) -> None:
    account = opening.listed(cast)
    first = account.policies.get()
    account.policies.create(version=2, items=first.items.replace("避難情報", "書きかけ"), edition=first.edition,
                            written_by=cast.aoki)
    assert "書きかけ" not in get(f"{page_of(account)}policy.html").text


def test_a_listed_account_is_not_called_official_before_it_is(cast: Cast) -> None:
    account = opening.listed(cast)
    assert "市の公式アカウントです" not in get(page_of(account)).text
    assert "確認中" in get("").text
    opening.shown(account, cast.aoki)
    actions.record_profile(account, Result.HOLDS, register_address(account), opening.CAPTURE, by=cast.aoki)
    actions.make_official(account, by=cast.hata)
    assert "市の公式アカウントです" in get(page_of(account)).text
    assert "確認中" not in get("").text


def test_no_member_of_staff_is_named(cast: Cast) -> None:
    """The form names the person in charge; citizens read the division."""
    opening.listed(cast)
    names = {word for person in Person.objects.all() for word in (person.name, person.email, person.staff_number)}
    for path in site.paths():
        text = Client().get(f"/official/{path}").content.decode(errors="replace")
        assert not [name for name in names if name in text], path


def test_it_is_in_the_static_copy_when_the_worker_wakes_next(cast: Cast, copy: Path) -> None:
    account = opening.received(cast)
    jobs.refresh(timestamp=0)
    assert not (copy / page_of(account)).exists()
    actions.list_account(account, by=cast.hara)
    jobs.refresh(timestamp=0)
    for language in ("", "en/"):
        assert account.name in (copy / language / "index.html").read_text(encoding="utf-8")
        assert account.url in (copy / language / page_of(account) / "index.html").read_text(encoding="utf-8")


@pytest.mark.clause("§6(3)ウ")
def test_the_address_that_profiles_must_hold_is_the_accounts_page(cast: Cast) -> None:
    account = opening.listed(cast)
    path = register_address(account).removeprefix("https://www.city.example.jp/official/")
    assert account.name in get(path).text
