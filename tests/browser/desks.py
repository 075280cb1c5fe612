"""People at their desks: each in a browser of their own, pressing and writing what the page itself names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong
from pytest_django.live_server_helper import LiveServer

from koshiki.networks.credentials import ensure_key_ring
from koshiki.organization.models import Person
from tests.browser.looking import complaints_of
from tests.cast import PASSWORD
from tests.posts.delivering import install

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 15_000  # milliseconds: the machine may be busy


class Desk:
    """One person's browser. What is pressed, written or read is found by the words on the page."""

    def __init__(self, context: BrowserContext, person: Person) -> None:
        self.person, self.context = person, context
        self.page: Page = context.new_page()
        self.heard = complaints_of(self.page)

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def sign_in(self) -> Desk:
        self.person.set_password(PASSWORD)
        self.person.must_change_password = False
        self.person.save(update_fields=["password", "must_change_password"])
        self.open("/sign-in/")
        self.write("職員番号", self.person.staff_number)
        self.write("パスワード", PASSWORD)
        self.press("サインイン")
        expect(self.page.get_by_role("button", name="サインアウト")).to_be_visible()
        return self

    def open(self, address: str) -> Desk:
        self.page.goto(address)
        return self

    def press(self, words: str) -> Desk:
        """The button or link that is called so."""
        try:
            self._called(words).first.click()  # an empty list offers again what stands above it
        except TookTooLong as late:
            raise AssertionError(f"{self.person}: no 「{words}」 on {self.page.url}, but: {self._offered()}") from late
        self.page.wait_for_load_state()
        return self

    def offers(self, words: str) -> bool:
        return self._called(words).count() > 0

    def _called(self, words: str) -> Locator:
        button = self.main.get_by_role("button", name=words, exact=True)
        return button.or_(self.main.get_by_role("link", name=words, exact=True))

    def _offered(self) -> list[str]:
        found: list[str] = self.main.locator("h1, a, button:not(.clause), .notice-title, .field-error").all_inner_texts()
        return found

    def field(self, label: str) -> Locator:
        """The field under this label."""
        return self.main.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s+(必須|任意))?\s*$"))

    def group(self, legend: str) -> Locator:
        """The choices under this heading."""
        return self.main.get_by_role("group", name=re.compile(rf"^\s*{re.escape(legend)}"))

    def write(self, label: str, text: str) -> Desk:
        self.field(label).fill(text)
        return self

    def choose(self, label: str, option: str) -> Desk:
        """In a list that drops down."""
        self.field(label).select_option(label=option)
        return self

    def tick(self, legend: str, *options: str) -> Desk:
        """Choices, by the words that they begin with; without any, all of them."""
        boxes = self.group(legend)
        wanted = [boxes.get_by_label(re.compile(rf"^\s*{re.escape(one)}")) for one in options]
        for box in wanted or boxes.get_by_role("checkbox").all():
            box.check()
        return self

    def attach(self, label: str, data: bytes, name: str = "画像.png", mime: str = "image/png") -> Desk:
        self.field(label).set_input_files([{"name": name, "mimeType": mime, "buffer": data}])
        return self

    def reads(self, *words: str) -> Desk:
        """All of this stands on the page."""
        for one in words:
            expect(self.main).to_contain_text(one, timeout=PATIENCE)
        return self

    def follows(self, words: str) -> Desk:
        """From home: the one button of the duty that is called so (by the words it contains)."""
        self.open("/")
        self.main.locator(".duty").filter(has_text=words).first.locator("> a.button").click()
        self.page.wait_for_load_state()
        return self


Seat = Callable[..., Desk]


def address_of(server: LiveServer) -> str:
    """Another name than that of the services on `localhost`: for the browser they are strangers to each other."""
    return server.url.replace("localhost", "127.0.0.1")


@pytest.fixture
def office(live_server: LiveServer, settings: LazySettings) -> LiveServer:
    """koshiki itself, set up as on a city's machine, reachable under one address."""
    install(settings.KOSHIKI_HOME)
    ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
    settings.KOSHIKI_URL = f"{address_of(live_server)}/"
    settings.KOSHIKI_PUBLIC_URL = f"{address_of(live_server)}/official/"
    settings.KOSHIKI_ALLOWED_NETWORKS = ("127.0.0.0/8", "::1/128")
    settings.EMAIL_HOST = ""
    return live_server


@pytest.fixture
def seat(browser: Browser, office: LiveServer) -> Iterator[Seat]:
    """Gives somebody a desk, signed in: `seat(cast.aoki)`, `seat(cast.baba, phone=True)`."""
    desks: list[Desk] = []

    def take(person: Person, *, phone: bool = False, **more: Any) -> Desk:
        context = browser.new_context(base_url=address_of(office), locale="ja-JP", viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
                                      has_touch=phone, **more)
        context.set_default_timeout(PATIENCE)
        desks.append(Desk(context, person))
        return desks[-1].sign_in()

    yield take
    for desk in desks:
        desk.context.close()
