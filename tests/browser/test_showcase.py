"""Every component in a real browser: by eye width, by keyboard, by touch, without a script of our own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.looking import complaints_of, look_at

pytestmark = [pytest.mark.peers, pytest.mark.urls("tests.look.urls")]


@pytest.mark.parametrize("address", ["_components/", "refuse/", "away/", "broken/", "no-such-page/"])
def test_every_component_is_whole_at_both_widths_and_axe_finds_nothing_serious(
    browser: Browser, live_server: LiveServer, address: str
) -> None:
    page = browser.new_page()
    page.goto(f"{live_server.url}/{address}")
    look_at(page)


def test_the_browser_has_nothing_to_complain_about(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page()
    heard = complaints_of(page)
    page.goto(f"{live_server.url}/_components/", wait_until="networkidle")
    assert heard == []


def test_a_clause_shows_its_words_by_keyboard_and_closes_again(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page()
    page.goto(f"{live_server.url}/_components/")
    chip = page.get_by_role("button", name="§8(1)").first
    chip.focus()
    page.keyboard.press("Enter")
    words = page.locator(".clause-words:popover-open")
    expect(words).to_contain_text("責任者の承認を得た上で情報発信すること")
    page.keyboard.press("Escape")
    expect(words).to_have_count(0)


def test_the_menu_opens_on_a_phone_without_any_script(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/_components/")
    page.locator(".nav-phone summary").click()
    expect(page.locator(".nav-phone").get_by_role("link", name="アカウント")).to_be_visible()


def test_on_paper_only_the_content_is_left(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page()
    page.goto(f"{live_server.url}/_components/")
    page.emulate_media(media="print")
    expect(page.locator(".site-header nav").first).to_be_hidden()
    expect(page.get_by_role("button", name="承認して発信する")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".sample-bar")).to_be_visible()


def test_text_is_taken_away_by_one_touch_and_without_script_by_hand(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{live_server.url}/_components/")
    page.locator("button[data-copy]").click()
    expect(page.get_by_text("写しました。")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "<p>防災だより</p>"
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{live_server.url}/_components/")
    expect(plain.locator("button[data-copy]")).to_be_hidden()
    expect(plain.get_by_label("HTML")).to_have_value("<p>防災だより</p>")
