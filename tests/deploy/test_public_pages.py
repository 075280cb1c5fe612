"""The static copy from real web servers: nginx with deploy/nginx/public.conf, and python -m http.server; no script."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from koshiki.public import static_copy
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.deploy.installed import DEPLOY, ended, free_port, wait_for
from tests.deploy.servers import Answer, asked, nginx
from tests.public.reading import read
from tests.public.saying import policy_of, said

pytestmark = pytest.mark.peers


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def written(cast: Cast, tmp_path: Path, settings: Any) -> Callable[[str], Path]:
    """The folder of a city's copy that is to be served below this path; what stands in `current` is its last."""
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"
    account = official(cast, service="mastodon", name="磐田市防災", url="https://sns.example/@bosai", handle="@bosai")
    policy_of(account, by=cast.chiba)
    said(cast, account, pictures=("避難所の地図",))

    def make(below: str) -> Path:
        settings.KOSHIKI_PUBLIC_URL = f"https://www.city.example.jp{below}"
        static_copy.refresh()
        return tmp_path / "public"

    return make


def by_nginx(copy: Path, folder: Path, stack: ExitStack) -> int:
    """deploy/nginx/public.conf, word for word but for its port and folder."""
    port, site = free_port(), (DEPLOY / "nginx/public.conf").read_text()
    for before, after in (("listen 80;", f"listen 127.0.0.1:{port};"), ("    listen [::]:80;\n", ""),
                          ("/srv/koshiki/public", str(copy))):
        assert before in site
        site = site.replace(before, after)
    nginx(site, folder, stack, port)
    return port


def by_python(copy: Path, folder: Path, stack: ExitStack) -> int:
    """Whose root, like that of any web server of files, is `current`."""
    port = free_port()
    stack.enter_context(ended(subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(copy / "current")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    wait_for(port)
    return port


def get(port: int, path: str, **headers: str) -> Answer:
    return asked(HTTPConnection("127.0.0.1", port, timeout=20), path, headers)


def followed(port: int, below: str) -> set[str]:
    """Every path that is reached from the first page by links of our own; each one answers."""
    seen, ahead = set[str](), [below]
    while ahead:
        path = ahead.pop()
        if path in seen or "/media/" in path or path.endswith(".bin"):
            continue
        seen.add(path)
        answer = get(port, path)
        assert answer.status == 200, path
        if "text/html" in answer.headers["Content-Type"]:
            links = (urlsplit(urljoin(f"http://here{path}", link)) for link in read(answer.text).links)
            ahead += [link.path for link in links if link.netloc == "here"]
    return seen


@pytest.mark.parametrize(("server", "below"), [(by_nginx, "/"), (by_nginx, "/sns/official/"), (by_python, "/")])
def test_every_page_is_reached_by_links_below_any_path(
    written: Callable[[str], Path], tmp_path: Path, stack: ExitStack, server: Any, below: str
) -> None:
    copy = written(below)
    seen = followed(server(copy, tmp_path / "server", stack), below)
    assert all(path.startswith(below) for path in seen), "no link leaves the folder"
    account = Account.objects.get()
    assert {f"{below}accounts/{account.pk}/", f"{below}accounts/{account.pk}/policy.html", f"{below}en/",
            f"{below}feed/", f"{below}feed/feed.json", f"{below}accounts.json"} <= seen


@pytest.mark.parametrize("below", ["/", "/sns/official/"])
def test_nginx_says_what_each_file_is_and_what_is_not_there(
    written: Callable[[str], Path], tmp_path: Path, stack: ExitStack, below: str
) -> None:
    port = by_nginx(written(below), tmp_path / "server", stack)
    kinds = {"": "text/html; charset=utf-8", "feed/atom.xml": "application/atom+xml", "feed/feed.json": "application/feed+json",
             "accounts.json": "application/json", "assets/koshiki.css": "text/css"}
    for path, kind in kinds.items():
        assert get(port, below + path).headers["Content-Type"].startswith(kind), path
    lost = get(port, f"{below}accounts/9999/")
    assert lost.status == 404
    assert "ページがありません" in lost.text
    styles = [link for link in read(lost.text).links if link.endswith(".css")]
    assert styles
    assert {get(port, link).status for link in styles} == {200}, "also the lost page has its look"
    assert get(port, below).headers["X-Content-Type-Options"] == "nosniff"
    for hidden in ("../releases/1.json", "releases/", "../staging/"):
        assert get(port, below + hidden).status in {400, 404}


def test_the_next_copy_is_shown_at_once(
    written: Callable[[str], Path], tmp_path: Path, stack: ExitStack, cast: Cast
) -> None:
    port = by_nginx(written("/"), tmp_path / "server", stack)
    said(cast, Account.objects.get(), text="新しい知らせ")
    Account.objects.update(introduction="改めた紹介文")
    static_copy.PublicCopy.objects.update(entry=-1)
    assert static_copy.refresh()
    assert "新しい知らせ" in get(port, "/feed/").text


@pytest.mark.parametrize(("server", "below"), [(by_nginx, "/sns/official/"), (by_python, "/")])
def test_a_citizen_with_an_old_phone_and_no_script_finds_everything(  # noqa: PLR0917
    written: Callable[[str], Path], tmp_path: Path, stack: ExitStack, server: Any, below: str, browser: Browser
) -> None:
    port = server(written(below), tmp_path / "server", stack)
    page = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False).new_page()
    page.goto(f"http://127.0.0.1:{port}{below}")
    page.get_by_role("link", name="磐田市防災").first.click()
    expect(page.get_by_text("市の公式アカウントです")).to_be_visible()
    expect(page.get_by_alt_text("避難所の地図")).to_be_visible()
    page.get_by_role("link", name="運用ポリシーを読む").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("運用ポリシー")
    page.get_by_role("link", name="市の発信").click()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the city published")
