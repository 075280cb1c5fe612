"""A browser, and what is asked of every page in it: see `look_at`."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

WIDTHS = (1280, 390)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
# What sticks out to the right of the page, though nothing scrolls there.
STICKING_OUT = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.table-box, [popover], .visually-hidden, .skip'))
  .map(e => e.outerHTML.slice(0, 120))"""
# Pictures further down wait until somebody comes near; here everything is looked at.
ALL_PICTURES = """() => Promise.all([...document.images].map(image => {
  image.loading = 'eager'; return image.decode().catch(() => null) }))"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the one named by KOSHIKI_CHROMIUM, else the system's, else the one playwright installed."""
    path = os.environ.get("KOSHIKI_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as play, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright keeps a loop in this thread; the tests don't
        chromium = play.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


def look_at(page: Page, *, name: str = "") -> None:
    """The page as it stands, wide and on a phone: nothing serious for axe, nothing cut off, no policy broken.

    With KOSHIKI_PICTURES set to a folder, leaves a picture of each there, called by `name` or by the address.
    """
    size = page.viewport_size
    page.evaluate(ALL_PICTURES)
    for axe, width in zip((Axe(), Axe("0")), WIDTHS, strict=True):  # its script is brought into the page once
        page.set_viewport_size({"width": width, "height": 900})
        out = page.evaluate(STICKING_OUT)
        assert not out, f"{page.url} at {width}: sticking out: {out[:3]}"
        _keep_picture(page, name or page.url.split("/", 3)[-1], width)
        serious = [v for v in axe.run(page).response["violations"] if v["impact"] in {"serious", "critical"}]
        found = [(v["id"], v["nodes"][0]["html"]) for v in serious]
        assert not found, f"{page.url} at {width}: {found}"
    if size:
        page.set_viewport_size(size)


def _keep_picture(page: Page, name: str, width: int) -> None:
    if folder := os.environ.get("KOSHIKI_PICTURES"):
        file = re.sub(r"[^\w-]+", "_", name).strip("_") or "home"
        page.screenshot(path=Path(folder) / f"{file}-{width}.png", full_page=True)


def complaints_of(page: Page) -> list[str]:
    """From now on, what the browser complains about: scripts that fail, things the content policy forbids."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text) if _complains(message) else None)
    return heard


def _complains(message: ConsoleMessage) -> bool:
    """htmx also says when it gives up a request for a newer one, as while something is typed: that is no fault."""
    given_up = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))  # a failure is `htmx:sendError` too
    return message.type in {"error", "warning"} and not given_up
