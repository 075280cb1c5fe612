"""§6(3)イ: three ways in which a city lists: its static copy, its CMS, koshiki's own pages; each as its file says.

With the CMS a listing is provisional until a person has recorded the page's address, which is then fetched; that
address is the one that the profile must hold (§6(3)ウ).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused, load
from koshiki.networks.base import Profile
from koshiki.organization.models import Person
from koshiki.public import jobs as public
from koshiki.register import actions, jobs
from koshiki.register.actions.profile import Result
from koshiki.register.address import register_address
from koshiki.register.comparing import compared
from koshiki.register.models import Account, RegisterPage, RegisterPageCheck
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import opening, policy
from tests.guideline.ways import HomePage, city_that, home_page

__all__ = ["city_that", "home_page"]
pytestmark = pytest.mark.clause("§6(3)イ")
Door = Callable[[Person], Client]
City = Callable[[str], None]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any) -> None:
    """Where the static copy is written."""
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"


def page_of(account: Account, more: str = "") -> str:
    return f"/accounts/{account.pk}/page/{more}"


def entry(door: Client, account: Account, form: str = "html") -> str:
    """The fragment as it stands on the page, to be taken over."""
    found = re.search(rf'<textarea id="fragment-{form}"[^>]*>(.*?)</textarea>', door.get(page_of(account)).text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def titles(person: Person) -> list[str]:
    return [duty.title.partition("：")[0] for duty in waiting(person)]


# ── the city's CMS ─────────────────────────────────────────────────


@pytest.fixture
def listed(cast: Cast, city_that: City, home_page: HomePage) -> Account:
    """Listed by the head of information policy, in a city that lists by its CMS."""
    city_that("fragment")
    return opening.listed(cast)


def test_the_fragment_holds_what_the_guideline_asks(listed: Account, cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.hata)
    for form in ("html", "text"):
        taken = entry(door, listed, form)
        for words in ("Mastodon", listed.name, opening.FORM["introduction"], "防災課", "0538-00-0110", listed.url,
                      opening.POLICY["purpose"], "サービスの認証"):
            assert words in taken, (form, words)
        for person in Person.objects.all():
            assert person.name not in taken, "names of staff are never public"
    markup = entry(door, listed)
    assert f'src="account-{listed.pk}.jpg"' in markup
    assert not re.search(r"<script|style=|class=", markup), "the city's pages have a look of their own"
    image = re.search(r'href="(/official/media/[^"]+)" download', door.get(page_of(listed)).text)
    assert image
    assert door.get(image[1]).getvalue()[:2] == b"\xff\xd8"


def test_a_hostile_name_stays_text_in_the_fragment(listed: Account, cast: Cast, signed_in: Door) -> None:
    Account.objects.filter(pk=listed.pk).update(name="<script>alert(1)</script>")
    assert "<script>" not in entry(signed_in(cast.hata), listed)
    assert "<script>" in entry(signed_in(cast.hata), listed, "text")


@pytest.mark.clause("§6(3)ウ")
def test_listing_is_provisional_until_the_address_is_recorded(listed: Account, cast: Cast, signed_in: Door) -> None:
    assert register_address(listed) == ""
    assert "仮掲載" in signed_in(cast.chiba).get(f"/accounts/{listed.pk}/").text
    assert "仮掲載" in signed_in(cast.hata).get("/accounts/register/").text
    assert "page" not in Client().get("/official/accounts.json").json()["accounts"][0]
    opening.shown(listed, cast.aoki)
    for act in (lambda: actions.check_profile(listed, by=cast.chiba),
                lambda: actions.record_profile(listed, Result.HOLDS, "", opening.CAPTURE, by=cast.aoki),
                lambda: actions.make_official(listed, by=cast.hata)):
        with pytest.raises(Refused, match="仮掲載") as refused:
            act()
        assert refused.value.clause.id == "§6(3)イ"


def test_until_then_it_is_information_policys_duty_and_the_heads_waits(listed: Account, cast: Cast, home_page: HomePage) -> None:
    assert titles(cast.hata) == ["CMSへの掲載とアドレスの記録"]
    assert "プロフィール欄へのURLの記載" not in titles(cast.chiba)
    actions.record_page(listed, home_page.put("/sns/bosai.html", "準備中"), by=cast.hata)
    assert titles(cast.hata) == ["プロフィール欄の確認"]
    assert "プロフィール欄へのURLの記載" in titles(cast.chiba)
    actions.look_at_page(listed, by=cast.hata)
    assert "掲載ページの不足" in titles(cast.hata)


def test_a_new_version_of_the_policy_is_taken_over_into_the_cms_too(
    listed: Account, cast: Cast, home_page: HomePage, signed_in: Door
) -> None:
    actions.record_page(listed, home_page.put("/sns/bosai.html", entry(signed_in(cast.hata), listed)), by=cast.hata)
    policy.approved(cast, listed)
    actions.look_at_page(listed, by=None)
    assert "CMSの運用ポリシーの差替え" in titles(cast.hata)
    assert "CMSの運用ポリシーの差替え" not in titles(cast.chiba)
    page = signed_in(cast.hata).get(page_of(listed)).text
    assert "運用ポリシーが変わりました" in page
    assert "毎日。" in entry(signed_in(cast.hata), listed)
    actions.confirm_page(listed, opening.CAPTURE, by=cast.hata)
    assert "CMSの運用ポリシーの差替え" not in titles(cast.hata)
    assert "運用ポリシーが変わりました" not in signed_in(cast.hata).get(page_of(listed)).text


@pytest.mark.clause("§6(3)ウ")
@pytest.mark.parametrize("as_", [("html", "utf-8"), ("html", "shift_jis"), ("text", "utf-8"), ("text", "shift_jis")])
def test_the_recorded_page_is_fetched_and_is_what_profiles_must_hold(
    listed: Account, cast: Cast, home_page: HomePage, signed_in: Door, as_: tuple[str, str]
) -> None:
    form, charset = as_
    door = signed_in(cast.hata)
    taken = entry(door, listed, form)
    address = home_page.put("/sns/bosai.html", taken if form == "html" else f"<pre>{html.escape(taken)}</pre>", charset)
    said = door.post(page_of(listed), {"url": address}, follow=True).text
    assert "掲載あり" in said
    assert address in said
    assert home_page.asked == ["/sns/bosai.html"]
    listed.refresh_from_db()
    assert register_address(listed) == address
    assert address in signed_in(cast.chiba).get(f"/accounts/{listed.pk}/profile/").text
    assert compared(Profile("@iwata", "磐田市防災", f"防災 {address}"), register_address(listed))[0] == Result.HOLDS
    opening.shown(listed, cast.aoki)
    actions.record_profile(listed, Result.HOLDS, address, opening.CAPTURE, by=cast.aoki)
    assert actions.make_official(listed, by=cast.hata).state == "official"
    [row] = Client().get("/official/accounts.json").json()["accounts"]
    assert row["page"] == address


@pytest.mark.parametrize(("missing", "name"), [
    ("磐田市防災", "アカウント名"), (opening.URL, "アカウントのURL"), ("防災課", "所属")])
def test_a_page_that_lacks_something_is_named_and_holds_the_last_step(
    listed: Account, cast: Cast, home_page: HomePage, missing: str, name: str
) -> None:
    shown = " ".join(word for word in ("磐田市防災", opening.URL, "防災課 0538-00-0110") if missing not in word)
    actions.record_page(listed, home_page.put("/sns/1.html", shown), by=cast.hata)
    check = actions.look_at_page(listed, by=cast.hata)
    assert check.result == "lacking"
    assert name in check.found
    _profile_holds(listed, cast)
    with pytest.raises(Refused, match=name) as refused:
        actions.make_official(listed, by=cast.hata)
    assert refused.value.clause.id == "§6(3)イ"


def _profile_holds(account: Account, cast: Cast) -> None:
    opening.shown(account, cast.aoki)
    actions.record_profile(account, Result.HOLDS, register_address(account), opening.CAPTURE, by=cast.aoki)


def test_a_page_that_is_not_there_or_leads_away_lacks_everything(listed: Account, cast: Cast, home_page: HomePage) -> None:
    actions.record_page(listed, f"{home_page.base}/none.html", by=cast.hata)
    assert "404" in actions.look_at_page(listed, by=cast.hata).found
    home_page.moved["/moved.html"] = home_page.put("/elsewhere.html", entry_of(listed)).replace("127.0.0.1", "127.0.0.2")
    actions.record_page(listed, f"{home_page.base}/moved.html", by=cast.hata)
    assert actions.look_at_page(listed, by=cast.hata).result in {"lacking", "unreachable"}


def entry_of(account: Account) -> str:
    return f"{account.name} {account.url} 防災課"


def test_what_koshiki_can_not_reach_a_person_sees_with_evidence(
    listed: Account, cast: Cast, home_page: HomePage, settings: Any, signed_in: Door
) -> None:
    actions.record_page(listed, home_page.put("/sns/1.html", entry_of(listed)), by=cast.hata)
    settings.KOSHIKI_ALLOWED_NETWORKS = ()
    assert actions.look_at_page(listed, by=cast.hata).result == "unreachable"
    _profile_holds(listed, cast)
    with pytest.raises(Refused, match="読み取れず"):
        actions.make_official(listed, by=cast.hata)
    door = signed_in(cast.hata)
    assert door.post(page_of(listed, "seen/")).status_code == 422, "without evidence"
    capture = SimpleUploadedFile("掲載.png", opening.PICTURE)
    assert "掲載あり" in door.post(page_of(listed, "seen/"), {"evidence": capture}, follow=True).text
    assert actions.make_official(listed, by=cast.hata).state == "official"
    with pytest.raises(IntegrityError), transaction.atomic():
        RegisterPageCheck.objects.create(account=listed, address="https://a.example/", result="shown", by=cast.hata)


@pytest.mark.parametrize("address", [
    "https://www.example.com/sns/", "https://city.iwata.shizuoka.jp.example.com/", "https://bit.ly/3abc", "not an address", "",
    "ftp://city.iwata.shizuoka.jp/", "https://city.iwata.shizuoka.jp@example.com/",
])
def test_an_address_that_is_not_the_citys_is_refused_and_stays_in_the_field(
    listed: Account, cast: Cast, signed_in: Door, address: str
) -> None:
    answer = signed_in(cast.hata).post(page_of(listed), {"url": address})
    assert answer.status_code == 422
    assert html.escape(address) in answer.text
    assert not RegisterPage.objects.exists()
    if address.startswith("https://www"):
        with pytest.raises(Refused, match="市公式ホームページのアドレスではありません"):
            actions.record_page(listed, address, by=cast.hata)


@pytest.mark.parametrize("name", ["chiba", "aoki", "kato", "noda", "mori", "goto"])
def test_nobody_else_records_it(listed: Account, cast: Cast, signed_in: Door, home_page: HomePage, name: str) -> None:
    url = home_page.put("/1.html", entry_of(listed))
    assert signed_in(getattr(cast, name)).post(page_of(listed), {"url": url}).status_code in {404, 409}
    assert not RegisterPage.objects.exists()


def test_not_before_it_is_listed(cast: Cast, city_that: City, home_page: HomePage, signed_in: Door) -> None:
    city_that("fragment")
    account = opening.received(cast)
    assert signed_in(cast.hata).get(page_of(account)).status_code == 409
    with pytest.raises(Refused, match="掲載待ち"):
        actions.record_page(account, home_page.put("/1.html", ""), by=cast.hata)


@pytest.mark.clause("§6(3)ウ")
def test_when_the_page_moves_the_profile_is_checked_anew(listed: Account, cast: Cast, home_page: HomePage) -> None:
    actions.record_page(listed, home_page.put("/1.html", entry_of(listed)), by=cast.hata)
    actions.look_at_page(listed, by=cast.hata)
    _profile_holds(listed, cast)
    second = home_page.put("/2.html", entry_of(listed))
    actions.record_page(listed, second, by=cast.hata)
    actions.look_at_page(listed, by=cast.hata)
    assert register_address(Account.objects.get(pk=listed.pk)) == second
    assert listed.register_pages.filter(ended_at=None).count() == 1
    with pytest.raises(Refused, match="まだ確認していません"):
        actions.make_official(listed, by=cast.hata)


def test_every_morning_the_worker_looks_again(listed: Account, cast: Cast, home_page: HomePage) -> None:
    address = home_page.put("/1.html", entry_of(listed))
    actions.record_page(listed, address, by=cast.hata)
    jobs.look(account=listed.pk)
    assert listed.register_page_checks.get().result == "shown"
    home_page.pages.clear()
    with clock.at(clock.now() + timedelta(days=1)):
        jobs.look(account=listed.pk)
    assert "掲載ページの不足" in titles(cast.hata)


# ── the static copy, and koshiki's own pages ───────────────────────


@pytest.mark.clause("§6(3)ウ")
def test_the_static_copy_is_listed_only_below_the_citys_own_address(
    cast: Cast, city_that: City, home_page: HomePage, settings: Any, signed_in: Door
) -> None:
    city_that("static")
    settings.KOSHIKI_PUBLIC_URL = "https://sns.example.com/"
    account = opening.received(cast)
    with pytest.raises(Refused, match="市公式ホームページのものではありません") as refused:
        actions.list_account(account, by=cast.hara)
    assert refused.value.clause.id == "§6(3)イ"
    settings.KOSHIKI_PUBLIC_URL = f"{home_page.base}/sns/official/"
    account = actions.list_account(account, by=cast.hara)
    assert register_address(account) == f"{home_page.base}/sns/official/accounts/{account.pk}/"
    assert "404" in actions.look_at_page(account, by=cast.hata).found, "the city's web server does not show it yet"
    public.refresh(timestamp=0)
    copied = settings.KOSHIKI_PUBLIC_DIR / f"current/accounts/{account.pk}/index.html"
    home_page.pages[f"/sns/official/accounts/{account.pk}/"] = copied.read_bytes()
    said = signed_in(cast.hata).post(page_of(account, "look/"), follow=True).text
    assert "掲載あり" in said
    _profile_holds(account, cast)
    assert actions.make_official(account, by=cast.hata).state == "official"
    with pytest.raises(Refused, match="決まっていて"):
        actions.record_page(account, f"{home_page.base}/1.html", by=cast.hata)


@pytest.mark.clause("§6(3)ウ")
def test_koshikis_own_pages_need_nothing_recorded(cast: Cast, city_that: City, signed_in: Door) -> None:
    city_that("pages")
    account = opening.listed(cast)
    assert register_address(account).endswith(f"/official/accounts/{account.pk}/")
    assert titles(cast.hata) == ["プロフィール欄の確認"]
    page = signed_in(cast.hata).get(page_of(account)).text
    assert register_address(account) in page
    assert "アドレスを記録する" not in page
    assert 'id="fragment-html"' in page, "other pages of the city may show it too"
    assert signed_in(cast.hata).post(page_of(account, "look/")).status_code == 409
    _profile_holds(account, cast)
    assert actions.make_official(account, by=cast.hata).state == "official"


def test_another_way_is_no_way(city_that: City, settings: Any) -> None:
    city_that("fax")
    with pytest.raises(ValueError, match="way は static、fragment、pages"):
        load(settings.KOSHIKI_GUIDELINE)
