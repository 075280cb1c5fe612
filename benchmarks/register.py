"""How soon the register of 1,000 accounts is usable on a slow phone, and how heavy citizens' pages are, as JSON.

    python benchmarks/register.py [--accounts 1000] [--posts 200] [--times 5] [--latency 150]

usable: from the address until the search field answers, in Chromium with a processor four times slower and a line of
1.6 Mbit/s with 150 ms until anything comes back; nothing is kept from before. The static copy comes from
`python -m http.server`, which compresses nothing, and from nginx with gzip where it is installed.
pages: what a reader's browser fetches for each kind of page, compressed as a web server would and not.
check: how much the check fetches at its first use, which is not counted with its page.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults.ground import own_ground

LINE = 1_600_000 / 8
WANTED = "図書館"
# Somebody types at once; noted is when the first account stands there.
TYPING = f"""addEventListener('DOMContentLoaded', () => {{
  const field = document.getElementById('find')
  new MutationObserver(() => {{ window.usableAfter ||= performance.now() }})
    .observe(document.getElementById('matches'), {{ childList: true }})
  field.value = '{WANTED}'
  field.dispatchEvent(new Event('input'))
}})"""
KINDS = ("mastodon", "facebook", "x", "x", "instagram", "instagram", "youtube", "line", "bluesky", "blog")
NAMES = ("図書館", "こども園", "小学校", "交流センター", "消防団", "観光", "移住定住", "防災", "スポーツ", "文化財")

PAGES = {"register": "index.html", "service": "services/*.html", "account": "accounts/*/index.html",
         "policy": "accounts/*/policy.html", "feed": "feed/index.html", "day": "feed/????-??-??.html",
         "year": "feed/????.html", "check": "check.html", "about": "about.html"}
BROUGHT = re.compile(r'<(?:link rel="(?:stylesheet|preload|icon)"[^>]*href|script[^>]*src)="([^"]+)"')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--accounts", 1000), ("--posts", 200), ("--times", 5), ("--latency", 150)):
        parser.add_argument(name, type=int, default=usual)
    given = parser.parse_args()
    with own_ground(), tempfile.TemporaryDirectory() as place:
        copy = written(Path(place), given.accounts, given.posts)
        found: dict[str, Any] = {"accounts": given.accounts, "publications": given.posts, "latency_ms": given.latency,
                                 "load_of_machine": round(os.getloadavg()[0], 1)}
        for name, serve in servers().items():
            with serve(copy) as base:
                found[f"usable_{name}"] = usable(base, given.times, given.latency)
        print(json.dumps({**found, "pages_kb": weights(copy), "check_kb": first_use(copy)}, indent=1, ensure_ascii=False))
    return 0


def written(place: Path, accounts: int, posts: int) -> Path:
    """The static copy of a city with so many accounts and publications."""
    from django.conf import settings

    from koshiki import clock
    from koshiki.public import static_copy
    from koshiki.public.facts import facts
    from koshiki.register.models import Account
    from tests.cast import make_cast, official
    from tests.public.saying import policy_of, said

    cast = make_cast()
    first = official(cast, service="mastodon", url="https://sns.example/@bosai")
    policy_of(first, by=cast.chiba)
    Account.objects.bulk_create(rows_of(accounts - 1, divisions(), first))
    for number in range(posts):
        said(cast, first, text=f"お知らせの{number}。" + "あ" * 120, at=clock.now() - timedelta(hours=number))
    settings.KOSHIKI_PUBLIC_DIR = place
    static_copy.write(place, facts())
    return place / "current"


def divisions() -> list[Any]:
    from koshiki.organization.models import Division

    return Division.objects.bulk_create(
        Division(code=f"5{n:02}", name=f"{NAMES[n % len(NAMES)]}第{n}課", name_en=f"Division {n}", telephone=f"0538-00-05{n:02}")
        for n in range(60))


def rows_of(number: int, owners: list[Any], like: Any) -> Iterator[Any]:
    from koshiki.register.models import Account

    for n in range(number):
        kind, name = KINDS[n % len(KINDS)], f"磐田市{NAMES[n // 7 % len(NAMES)]}の{n}番目の窓口"
        yield Account(division=owners[n % len(owners)], service=kind, state="official", name=name,
                      handle=f"@iwata_madoguchi{n}", url=address(kind, n),
                      introduction="市民の皆さんへ、催しと手続のお知らせをお届けします。" * 2,
                      created_by=like.created_by, acquired_on=like.acquired_on, listed_at=like.listed_at,
                      official_at=like.official_at)


def address(kind: str, n: int) -> str:
    return {
        "mastodon": f"https://sns.example/@madoguchi{n}", "facebook": f"https://www.facebook.com/iwata.madoguchi{n}",
        "youtube": f"https://www.youtube.com/@iwata-madoguchi{n}", "line": f"https://page.line.me/iwata{n}",
        "instagram": f"https://www.instagram.com/iwata.madoguchi{n}/", "x": f"https://x.com/iwata_{n}",
        "bluesky": f"https://bsky.app/profile/iwata{n}.bsky.social", "blog": f"https://www.city.example.jp/blog/{n}/",
    }[kind]


def usable(base: str, times: int, latency: int) -> dict[str, Any]:
    """Seconds until the search field answers, each time by a browser that never was here."""
    from playwright.sync_api import sync_playwright

    chosen = os.environ.get("KOSHIKI_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chosen, args=["--no-sandbox", "--disable-gpu"])
        taken = sorted(one_visit(browser, base, latency) for _ in range(times))
        browser.close()
    return {"median_s": round(statistics.median(taken), 2), "worst_s": round(taken[-1], 2)}


def one_visit(browser: Any, base: str, latency: int) -> float:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    page.add_init_script(TYPING)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": latency, "downloadThroughput": LINE, "uploadThroughput": LINE})
    line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(base)
    page.wait_for_function("() => window.usableAfter", timeout=30_000)
    taken = float(page.evaluate("window.usableAfter")) / 1000
    context.close()
    return taken


def weights(copy: Path) -> dict[str, dict[str, float]]:
    """The page with its style sheets, scripts and what they fetch at once, in kB; the largest of each kind."""
    found = {}
    for kind, pattern in PAGES.items():
        largest = max(copy.glob(pattern), key=lambda page: page.stat().st_size)
        files = [largest, *brought(largest)]
        found[kind] = {"compressed": in_kb(sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)),
                       "as_it_is": in_kb(sum(file.stat().st_size for file in files))}
    return found


def brought(page: Path) -> list[Path]:
    """Files that a browser with script fetches together with the page; a picture comes when somebody is near it."""
    links = BROUGHT.findall(re.sub("<noscript>.*?</noscript>", "", page.read_text("utf-8")))
    return [path for link in links if (path := (page.parent / link).resolve()).is_file()]


def first_use(copy: Path) -> dict[str, float]:
    files = [copy / "check.json", *(copy / "check").glob("*.bin"),
             *(copy / "assets" / name for name in ("asking.js", "addresses.js", "digest.js"))]
    return {file.name: in_kb(len(gzip.compress(file.read_bytes(), 6))) for file in files}


def in_kb(size: int) -> float:
    return round(size / 1000, 1)


# ---------------------------------------------------------------- web servers


def servers() -> dict[str, Any]:
    return {"http_server": python_server} | ({"nginx_gzip": nginx} if shutil.which("nginx") else {})


@contextlib.contextmanager
def python_server(copy: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(copy)]
    with running(command, port) as base:
        yield base


@contextlib.contextmanager
def nginx(copy: Path) -> Iterator[str]:
    """With gzip for the kinds of files that the copy has."""
    port = free_port()
    with tempfile.TemporaryDirectory() as place:
        settings = Path(place) / "nginx.conf"
        settings.write_text(f"""daemon off; pid {place}/pid; error_log {place}/error.log;
            events {{}} http {{ include /etc/nginx/mime.types; access_log off; client_body_temp_path {place}/body;
            gzip on; gzip_types text/css application/javascript application/json image/svg+xml;
            server {{ listen 127.0.0.1:{port}; root {copy}; }} }}""")
        with running(["nginx", "-c", str(settings)], port) as base:
            yield base


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
