"""「これは公式ですか」 in the browser, without a server that answers: the same answers, and nothing pasted is sent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from koshiki.audit.log import record
from koshiki.networks.address_rules import RULES
from koshiki.networks.addresses import read_address
from koshiki.networks.readable import READABLE
from koshiki.public import official, static_copy
from koshiki.public.register import listed
from koshiki.register.models import Account
from tests.browser.looking import complaints_of, look_at
from tests.cast import Cast
from tests.public.browsing import Served, served
from tests.public.questions import QUESTIONS, THEN, town

pytestmark = pytest.mark.peers
ANSWERS = """async ([top, questions]) => {
  const { asker } = await import(top + 'assets/asking.js')
  const answer = await asker(top)
  const found = []
  for (const question of questions) found.push(await answer(question))
  return found.map(({ verdict, accounts, host, day, closed }) =>
    [verdict, accounts.map(account => account.number), host, day, closed])
}"""
READINGS = """async ([top, rules, texts]) => {
  const { reader } = await import(top + 'assets/addresses.js')
  const read = reader(rules)
  return texts.map(read).map(({ kind, service, key, host }) => [kind, service, key, host])
}"""
# What writers of look-alikes put into an address, and what breaks readers.
PIECES = [
    "%2f", "%20", "%e3%81", "%E7%A3%90", "%ed%a0%80", "%00", "@", ".", "..", "/", "//", "\\", "%",
    "&", "+", "=", "?a=b", ":443", ":80", "://", "。", "\xdf", "\u1e9e", "\u0130", "\u0131", "\u017f",
    "\u212a", "\u03a3", "\u03c2", "\u200b", "\u202e", "🙂", "\uff71", "①", "\ufdfa", "㍿", "\xe9",
    "e\u0301", "\u0301", "\ud800", "𠀀", "\u2153", "\u2028", "\n", "\u3000", "\ufffd", "xn--", "-",
    "_", "\u2100", "\uff41", "\U0001d431", "\u216b", "\ufb01",
]


@pytest.fixture
def copy(cast: Cast, place: Path) -> Iterator[Served]:
    """The table's register as a static copy."""
    town(cast)
    with transaction.atomic():
        record("test.act", cast.aoki, by=None)
    static_copy.refresh()
    with served(place / "current") as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="ja-JP")
    yield context.new_page()
    context.close()


def test_the_script_answers_every_question_as_the_server_does(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    asked = [asked for _, asked, _ in QUESTIONS]
    told = page.evaluate(ANSWERS, [copy.base, asked])
    rows = listed()
    differing = [(a, found, mine) for a, found in zip(asked, told, strict=True)
                 if found != (mine := _answered(official.answer(a, rows)))]
    assert differing == []
    assert [(a, found[0]) for (_, a, verdict), found in zip(QUESTIONS, told, strict=True) if found[0] != verdict] == []


def _answered(answer: official.Answer) -> list[Any]:
    """As the script tells it: of a publication the day on whose page it stands, instead of its content."""
    published = answer.publication is not None
    return [answer.verdict.value, [] if published else [row.account.pk for row in answer.accounts], answer.host,
            f"{THEN:%Y-%m-%d}" if published else "", answer.closed.isoformat() if answer.closed else ""]


def test_nor_do_they_differ_over_what_nobody_thought_of(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    texts = list(_changed([asked for _, asked, _ in QUESTIONS if len(asked) < 500], 20_000))
    for part in (texts[place:place + 5_000] for place in range(0, len(texts), 5_000)):
        _agree(page, copy, part)


def test_nor_over_any_letter_that_they_read(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    letters = [chr(point) for first, last in READABLE for point in range(first, last + 1)]
    groups = ["".join(letters[place:place + 12]) for place in range(0, len(letters), 12)]
    _agree(page, copy, [f"https://www.youtube.com/@{group}" for group in groups] + groups)
    _agree(page, copy, [f"https://{group}.jp/" for group in groups] + [f"https://a.jp/?{group}={group}" for group in groups])
    edges = [chr(point) for first, last in READABLE for point in (first - 1, last + 1) if point not in range(0xD800, 0xE000)]
    _agree(page, copy, [f"https://a.jp/{letter}" for letter in edges])


def _agree(page: Page, copy: Served, texts: list[str]) -> None:
    told = page.evaluate(READINGS, [copy.base, RULES, texts])
    mine = [[read.kind.value, read.service, read.key, read.host] for read in map(read_address, texts)]
    assert [(text, one, other) for text, one, other in zip(texts, told, mine, strict=True) if one != other] == []


def _changed(texts: list[str], number: int) -> Iterator[str]:
    """Addresses with some letters replaced by others; the same ones at every run, and others at every table."""
    chance = random.Random(20261122)  # noqa: S311  (no secret)
    for _ in range(number):
        text = chance.choice(texts)
        for _ in range(chance.randint(1, 4)):
            at = chance.randint(0, len(text))
            letter = chr(chance.choice((0x2FF, 0xFFFF, 0x1FFFF)) - chance.randint(0, 0x2FE))
            one = chance.choice([*PIECES, chance.choice(texts)[:20], letter])
            text = text[:at] + one + text[at + chance.randint(0, 2):]
        yield text.encode("utf-8", "replace").decode()  # half of a pair can't be handed to a browser


# ---------------------------------------------------------------- the page


def ask(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def test_what_is_pasted_leaves_the_browser_in_no_request(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    for asked in ("https://x.com/iwata_city?himitsu", "https://x.com/himitsu/status/1234567890",
                  "https://himitsu.example/", "@himitsu"):
        ask(page, asked)
        expect(page.locator("#answer-place .notice")).to_be_visible()
    assert not [line for line in copy.asked if "himitsu" in line or "1234567890" in line]
    assert "himitsu" not in page.url
    whole = [line.split()[1] for line in copy.asked if ".bin" in line or ".json" in line]
    assert whole == ["/some/where/check.json", "/some/where/check/2026.bin"]


@pytest.mark.parametrize(("language", "asked", "title"), [
    ("", "https://x.com/iwata_city", "市の公式アカウントのアドレスです"),
    ("", "https://x.com@evil.example/iwata_city", "このアドレスは、市の一覧に掲載されていません"),
    ("", "https://www.youtube.com/@iwata-channel", "市の一覧に掲載していますが、まだ公式アカウントではありません"),
    ("en/", "https://x.com/iwata_city", "This is the address of an official account"),
])
def test_the_answer_is_shown_and_said(copy: Served, page: Page, language: str, asked: str, title: str) -> None:
    heard = complaints_of(page)
    page.goto(f"{copy.base}{language}check.html")
    ask(page, asked)
    expect(page.locator("#answer-place .notice-title")).to_contain_text(title)
    expect(page.get_by_role("status")).to_contain_text(title)
    look_at(page, name=f"check-{language.strip('/')}-{title[:8]}")
    assert heard == []


def test_a_look_alike_is_shown_with_where_it_leads_and_the_real_ones_beside(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    ask(page, "https://х.com/iwata_city")
    expect(page.locator("#answer-place")).to_contain_text("このアドレスの行き先: xn--u1a.com")
    ask(page, "@iwata_city")
    expect(page.locator("#answer-place")).to_contain_text("https://x.com/iwata_city")
    page.locator("#answer-place").get_by_role("link", name="磐田市", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("磐田市")
    assert page.url == f"{copy.base}accounts/{Account.objects.get(name='磐田市').pk}/"


def test_of_a_publication_the_page_of_its_day_is_a_touch_away(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    ask(page, "https://twitter.com/anybody/status/1234567890")
    page.get_by_role("link", name="令和8年11月22日").click()
    expect(page.get_by_text("発信 https://x.com/i/status/1234567890")).to_be_visible()


def test_without_a_connection_it_says_so_and_blesses_nothing(copy: Served, page: Page) -> None:
    page.goto(f"{copy.base}check.html")
    page.route("**/check.json", lambda route: route.abort())
    ask(page, "https://x.com/iwata_city")
    expect(page.locator("#answer-place .notice-title")).to_contain_text("いまは調べることができません")
    page.unroute("**/check.json")
    ask(page, "https://x.com/iwata_city")
    expect(page.locator("#answer-place .notice-title")).to_contain_text("市の公式アカウントのアドレスです")


@pytest.mark.parametrize("path", ["", "check.html", "en/", "en/check.html"])
def test_without_script_there_is_no_field_that_answers_nothing(copy: Served, browser: Browser, path: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{copy.base}{path}")
    expect(page.locator("form")).to_be_hidden()
    expect(page.get_by_role("link", name="磐田市役所")).to_be_visible()
    page.context.close()
