"""Scripts in names, titles, comments, profiles and file names: nothing runs, nothing becomes part of the page.

Not even the content policy has to stop anything: a complaint of the browser would be a fault.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from koshiki.organization import actions as office_work
from koshiki.posts import actions as post_work
from koshiki.posts.content import outside_addresses
from koshiki.posts.models import Post
from koshiki.register import actions as register_work
from koshiki.register.actions.notify import Upload
from koshiki.register.models import Account, ProfileCheck
from tests.browser.desks import Seat
from tests.browser.looking import complaints_of
from tests.cast import Cast, official
from tests.guideline import opening
from tests.guideline.opening import PICTURE
from tests.posts.delivering import run
from tests.posts.writing import approved, draft, picture, submitted

pytestmark = [pytest.mark.peers, pytest.mark.django_db(transaction=True)]

WORDS = '"><img src=x onerror=run()><script>run()</script>'
LINK = "javascript:run() https://a.example/'onmouseover='run() <a href=\"javascript:run()\">市の情報</a> {{7*7}} {% now 'Y' %}"
FILE = "'\"><svg onload=run()>.png"
FOREIGN = """() => document.querySelectorAll(
  'img[src="x"], svg[onload], script:not([src]), main a[href^="javascript:"], [onerror], [onmouseover]').length"""
LISTENS = "window.ran = []; window.run = () => window.ran.push(1)"
STAFF = ("/", "/posts/", "/posts/?words={words}", "/posts/{post}/", "/posts/{post}/edit/", "/posts/{post}/deliveries/",
         "/accounts/", "/accounts/?q={words}", "/accounts/{account}/", "/accounts/{account}/application/",
         "/accounts/{account}/policy/", "/accounts/{account}/notification/", "/accounts/{account}/profile/",
         "/accounts/{account}/people/", "/accounts/holds/", "/people/", "/people/?q={words}", "/people/{person}/",
         "/divisions/", "/divisions/{division}/", "/log/", "/log/?thing={words}", "/guideline/?q={words}")
CITIZENS = ("", "accounts/{account}/", "accounts/{account}/policy.html", "feed/", "check.html?q={words}", "en/",
            "check.html?q=javascript:run()", "{words}")


@pytest.fixture
def city(cast: Cast, settings: Any, office: object) -> dict[str, object]:
    """Everything that people write holds a script."""
    for one in (cast.aoki, cast.chiba):
        office_work.change_person(one, by=cast.noda, name=WORDS, kana=WORDS, email="", extension="1")
    office_work.change_division(cast.bosai, by=cast.noda, name=WORDS, name_en=WORDS, telephone="0538-00-0110")
    account = _account(cast)
    post = _post(cast, official(cast, name=WORDS))
    return {"account": account.pk, "post": post.pk, "person": cast.aoki.pk, "division": cast.bosai.pk, "words": WORDS}


def _account(cast: Cast) -> Account:
    """Opened by the book, its profile read from a service that is nobody's friend."""
    form = {**opening.FORM, "introduction": WORDS + WORDS, "content": LINK, "contact": WORDS, "person_in_charge": WORDS}
    account = opening.acquired(cast, purpose=WORDS, content=LINK)
    notification = register_work.notify(account, form, Upload(PICTURE, FILE), by=cast.chiba)
    register_work.return_notification(notification, LINK, by=cast.hata)
    notification = register_work.notify(account, form, Upload(PICTURE, FILE), by=cast.chiba)
    register_work.list_account(register_work.receive(notification, by=cast.hata).account, by=cast.hara)
    account.refresh_from_db()
    register_work.record_profile(account, ProfileCheck.Result.MISSING, WORDS + LINK, Upload(PICTURE, FILE), by=cast.hata)
    register_work.explain_profile(account, WORDS, by=cast.chiba)
    register_work.stop(WORDS, account=account, by=cast.chiba)
    Account.objects.filter(pk=account.pk).update(name=WORDS, handle=WORDS)  # as a register of before might hold it
    return account


def _post(cast: Cast, account: Account) -> Post:
    """Returned with a comment, submitted again, published to the feed."""
    written = draft(account, text=LINK, title=WORDS, basis=LINK)
    reasons = {link.url: WORDS for link in outside_addresses(written.contents.values())}
    post = post_work.submit(post_work.write(replace(written, reasons=reasons), by=cast.aoki), by=cast.aoki)
    suggestion = {account.pk: {"title": WORDS, "text": WORDS, "link": ""}}
    post_work.send_back(post, LINK, by=cast.baba, digest=post.latest.digest, suggestion=suggestion)
    post_work.submit(post, by=cast.aoki)
    approved(post, by=cast.bando)
    for delivery in post.deliveries.all():
        run(delivery)
    return post


def tries(page: Any, heard: list[str]) -> None:
    """Looks for what should not be there."""
    assert page.evaluate(FOREIGN) == 0, page.url
    assert page.evaluate("window.ran") == [], page.url
    assert [words for words in heard if "status of 4" not in words] == [], page.url
    heard.clear()


def test_nothing_that_people_write_runs_on_the_pages_of_the_staff(cast: Cast, city: dict[str, object], seat: Seat) -> None:
    for person in (cast.hara, cast.aoki, cast.noda):
        desk = seat(person)
        desk.page.add_init_script(LISTENS)
        for address in STAFF:
            desk.open(address.format(**city))
            tries(desk.page, desk.heard)


def test_nothing_that_people_write_runs_on_the_pages_of_the_citizens(
    cast: Cast, city: dict[str, object], browser: Browser, settings: Any
) -> None:
    page = browser.new_page()
    page.add_init_script(LISTENS)
    heard = complaints_of(page)
    for path in CITIZENS:
        page.goto(settings.KOSHIKI_PUBLIC_URL + path.format(**city))
        tries(page, heard)
    page.goto(f"{settings.KOSHIKI_PUBLIC_URL}accounts/{city['account']}/")
    expect(page.locator("h1")).to_contain_text(WORDS)


def test_a_file_with_a_script_for_a_name_is_a_file_like_any_other(cast: Cast, seat: Seat) -> None:
    official(cast)
    author = seat(cast.aoki)
    author.page.add_init_script(LISTENS)
    author.open("/posts/write/").write("件名", WORDS).write("根拠", LINK).write("本文（すべての発信先に共通）", LINK)
    author.attach("画像・動画を加える", picture(), FILE, "image/png")
    expect(author.main.locator(".image-row")).to_contain_text("onload=run()")
    author.attach("画像・動画を加える", b"<svg xmlns='http://www.w3.org/2000/svg' onload='run()'/>", "絵.svg", "image/svg+xml")
    author.reads("絵.svg：")
    expect(author.main.locator(".preview")).to_contain_text("javascript:run()")
    tries(author.page, author.heard)


def test_a_refusal_shows_what_was_typed_as_text(cast: Cast, seat: Seat) -> None:
    post = submitted(cast.aoki, official(cast))
    approver = seat(cast.baba)
    approver.page.add_init_script(LISTENS)
    approver.open(f"/posts/{post.pk}/approve/").write("意見・理由", LINK + WORDS)
    post_work.withdraw(post, "別の投稿にまとめるため", by=cast.aoki)
    approver.press("差し戻す").reads("この操作はできません", LINK + WORDS)
    tries(approver.page, approver.heard)


