"""How fast the public pages are served and written in a large city, as JSON.

    python benchmarks/public_pages.py [--keep FOLDER] [--seconds 5] [--accounts 1000] [--posts 50000]

writing: of the city of `world.py` (built first, without its log, unless FOLDER holds it), the whole copy into an
empty folder; then again after one change, for several kinds of change: how many pages were drawn, how long it took.
serving: the same page from the static copy by nginx (deploy/nginx/public.conf) and live from gunicorn as
`script/server` starts it, asked in turn by wrk with the same connections, kept open, uncompressed.
nginx and wrk must be installed (Debian: nginx-light, wrk).
"""

from __future__ import annotations

import argparse
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import world
from benchmarks.city.ground import ROOT, installation
from benchmarks.pages import serving

CONNECTIONS = 8
ROUNDS = 3
PATHS = ("", "services/mastodon.html", "feed/", "accounts/{account}/")
NGINX = """daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes auto;
{user} events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{site} }}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", default="", help="the installation of world.py --keep")
    for name, usual in (("--seconds", 5), ("--accounts", 1000), ("--posts", 50_000)):
        parser.add_argument(name, type=int, default=usual)
    given = parser.parse_args()
    if lacking := [name for name in ("nginx", "wrk") if not shutil.which(name, path=_path())]:
        raise SystemExit(f"Not installed: {', '.join(lacking)} (Debian: apt-get install nginx-light wrk).")
    with tempfile.TemporaryDirectory(prefix="koshiki-public-") as place, installation(given.keep):
        Path(place).chmod(0o755)
        print(json.dumps(measured(given, Path(place)), indent=1, ensure_ascii=False))
    return 0


def measured(given: argparse.Namespace, place: Path) -> dict[str, Any]:
    from django.conf import settings

    from koshiki.posts.models import Post

    settings.KOSHIKI_PUBLIC_DIR = place / "public"
    built = {} if Post.objects.exists() else world.build(given.accounts, given.posts, 0)
    found: dict[str, Any] = {"world": built or world.counts(), "load": os.getloadavg()[0], "writing": written(place)}
    print(json.dumps(found, ensure_ascii=False), file=sys.stderr)
    with by_nginx(place) as static, serving() as port:
        found["serving"] = {path: served(path, static, f"http://127.0.0.1:{port}/official/", given.seconds)
                            for path in paths()}
    return found


# ---------------------------------------------------------------- writing


def written(place: Path) -> dict[str, Any]:
    """The whole, and again after one change of each kind; every change stays in the database's open transaction."""
    from django.db import transaction

    from koshiki.public.models import PublicCopy

    found: dict[str, Any] = {}
    with transaction.atomic():
        found["whole"] = _writing(place, lambda: None)
        for name, change in CHANGES.items():
            found[name] = _writing(place, change)
        transaction.set_rollback(True)
    with transaction.atomic():  # as the live pages are again: the folder knows nothing of the rollback
        PublicCopy.objects.update(digest="")
        _writing(place, lambda: None)
    return found


def _writing(place: Path, change: Callable[[], None]) -> dict[str, Any]:
    """One change, noted in the log as every act is; until the copy that shows it is the one that citizens read."""
    from koshiki.audit.log import record
    from koshiki.public import static_copy
    from koshiki.register.models import Account

    change()
    record("benchmark.change", Account.objects.earliest("pk"), by=None)
    before = _inodes(place)
    began, cpu = time.monotonic(), time.process_time()
    static_copy.refresh()
    took = {"seconds": round(time.monotonic() - began, 2), "cpu_seconds": round(time.process_time() - cpu, 2)}
    now = _inodes(place)
    return {**took, "files": len(now), "drawn": len(now - before)}


def _inodes(place: Path) -> set[int]:
    return {path.stat().st_ino for path in (place / "public/current/").rglob("*") if path.is_file()}


def _sent() -> None:
    """A publication on an account of a service comes out."""
    from django.db.models.functions import Now

    from koshiki.posts.models import Delivery

    row = Delivery.objects.filter(state="waiting", account__state="official").exclude(account__url="").earliest("pk")
    Delivery.objects.filter(pk=row.pk).update(state="sent", sent_at=Now(), remote_id="benchmark", url=f"{row.account.url}/1")


def _account(**values: Any) -> None:
    from koshiki.register.models import Account

    row = Account.objects.public().exclude(url="").earliest("pk")
    Account.objects.filter(pk=row.pk).update(**values)


CHANGES: dict[str, Callable[[], None]] = {
    "a publication": _sent,
    "an introduction": lambda: _account(introduction="改めた紹介文です。"),
    "an account's name": lambda: _account(name="改めた名前"),
    "an account delisted": lambda: _account(state="received", official_at=None),
}


# ---------------------------------------------------------------- serving


def paths() -> list[str]:
    from koshiki.register.models import Account

    account = Account.objects.public().exclude(url="").latest("pk").pk
    return [path.format(account=account) for path in PATHS]


def served(path: str, static: str, live: str, seconds: int) -> dict[str, Any]:
    """Requests a second of both, in turn; the middle one of some rounds."""
    same = [urlopen(base + path).read() for base in (static, live)]  # noqa: S310  (our own)
    if same[0] != same[1]:
        raise SystemExit(f"{path or 'the first page'} is not the same, static and live.")
    rounds = [(_asked(static + path, seconds), _asked(live + path, seconds)) for _ in range(ROUNDS)]
    nginx, gunicorn = (statistics.median(each) for each in zip(*rounds, strict=True))
    return {"bytes": len(same[0]), "nginx_per_second": nginx, "live_per_second": gunicorn,
            "times": round(nginx / gunicorn)}


def _asked(url: str, seconds: int) -> float:
    command = ["wrk", "--timeout", "30s", "-t", "2", "-c", str(CONNECTIONS), "-d", f"{seconds}s", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return float(rate[1]) if rate else 0.0


@contextmanager
def by_nginx(place: Path) -> Iterator[str]:
    """The copy, as deploy/nginx/public.conf has it, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = (ROOT / "deploy/nginx/public.conf").read_text().replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("    listen [::]:80;\n", "").replace("/srv/koshiki/public", str(place / "public"))
    user = "user root;" if os.geteuid() == 0 else ""
    (place / "nginx.conf").write_text(NGINX.format(folder=place, site=site, user=user))
    command = [shutil.which("nginx", path=_path()) or "nginx", "-p", str(place), "-c", str(place / "nginx.conf")]
    process = subprocess.Popen(command)
    try:
        time.sleep(1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


if __name__ == "__main__":
    sys.exit(main())
