"""How long a morning's reading of all profiles takes, with the real worker, as JSON.

    python benchmarks/profiles.py [--accounts 1000] [--delay 0.2] [--workers 1]

first: nothing was read before, so that each account's picture is fetched and compared too (two calls each), and one
profile in twenty bears another name, which is a finding. second: the same a day later, one call each; every finding
is right again. Seconds from the waking of the morning's job until the last profile is read. The server, a process of its
own, answers each call after `--delay`. Works on databases and services that it makes itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.deliveries import workers
from tests.faults.ground import own_ground

TOO_LONG = 900  # seconds
WRONG = 20  # one profile in so many


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--accounts", 1000), ("--workers", 1)):
        parser.add_argument(name, type=int, default=usual)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds in which the server answers")
    parser.add_argument("--serve", metavar="URL", help="be the server; URL: the public pages that profiles lead to")
    given = parser.parse_args()
    if given.serve:
        return serve(given.serve, given.delay)
    with own_ground() as ground:
        print(json.dumps(measure(given, ground.home), indent=1))
    return 0


def measure(given: argparse.Namespace, home: Path) -> dict[str, Any]:
    from django.conf import settings

    with server(settings.KOSHIKI_PUBLIC_URL, given.delay) as base:
        listed(given.accounts, base)
        with workers(given.workers, home):
            found = {"accounts": given.accounts, "workers": given.workers, "server_delay": given.delay,
                     "first": morning(given.accounts, 1)}
            set_right(base)
            return {**found, "second": morning(given.accounts, 2)}


def listed(accounts: int, base: str) -> None:
    """Official accounts, connected, each with a policy that says that nobody is answered, and an image."""
    from django.conf import settings

    from koshiki.networks.credentials import ensure_key_ring
    from koshiki.register.files import keep_image
    from tests.cast import make_cast, official
    from tests.posts.delivering import connect, install
    from tests.public.saying import policy_of

    install(settings.KOSHIKI_HOME)
    ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
    cast, image = make_cast(), ""
    for number in range(accounts):
        account = official(cast, service="mastodon", name=f"見守り{number}", url=f"{base}/@n{number}", image=image)
        image = image or keep_image(drawn(), "account.png", account=account, by=cast.aoki).sha256
        policy_of(account, by=cast.aoki)
        connect(account, base, f"{account.pk} {number}", by=cast.chiba, software="mastodon", remote_account_id=f"n{number}")


def drawn() -> bytes:
    """The picture of every account."""
    out = io.BytesIO()
    Image.new("RGB", (400, 400), "navy").save(out, "PNG")
    return out.getvalue()


def morning(accounts: int, times: int) -> dict[str, Any]:
    """The job of the morning wakes, and each account is read for so many times."""
    from koshiki.desk.jobs import watch_profiles
    from koshiki.register.models import ProfileCheck, ProfileFinding

    began = time.monotonic()
    watch_profiles(timestamp=0)
    woken = time.monotonic()
    while ProfileCheck.objects.count() < accounts * times and time.monotonic() - began < TOO_LONG:
        time.sleep(0.1)
    taken = timedelta(seconds=time.monotonic() - began)
    read = ProfileCheck.objects.order_by("-pk")[:accounts]
    return {"seconds": round(taken.total_seconds(), 1), "enqueued_s": round(woken - began, 1),
            "holding": sum(check.result == "holds" for check in read),
            "open_findings": ProfileFinding.objects.filter(ended_at=None).count()}


# ── the server ─────────────────────────────────────────────────────

@contextlib.contextmanager
def server(public_url: str, delay: float) -> Iterator[str]:
    """Its address; the process is ended afterwards."""
    command = [sys.executable, __file__, "--serve", public_url, "--delay", str(delay)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def set_right(base: str) -> None:
    from koshiki.networks.http import call

    call("POST", f"{base}/right")


def serve(public_url: str, delay: float) -> int:
    picture = drawn()

    class Answering(BaseHTTPRequestHandler):
        right = False

        def do_GET(self) -> None:
            time.sleep(delay)
            if urlsplit(self.path).path == "/avatar.png":
                return self._answer(picture, "image/png")
            pk, number = self.headers["Authorization"].removeprefix("Bearer ").split()
            return self._answer(json.dumps(self._profile(pk, int(number))).encode(), "application/json")

        def do_POST(self) -> None:
            type(self).right = True
            self._answer(b"{}", "application/json")

        def _profile(self, pk: str, number: int) -> dict[str, Any]:
            base, address = f"http://{self.headers['Host']}", f"{public_url}accounts/{pk}/"
            name = f"見守り{number}" if self.right or number % WRONG else f"見守り{number}（試行）"
            note = f'<p>個別には回答しません。電話 0538-00-0110</p><p><a href="{address}">{address}</a></p>'
            return {"id": f"n{number}", "username": f"n{number}", "acct": f"n{number}", "url": f"{base}/@n{number}",
                    "display_name": name, "note": note, "fields": [], "avatar": f"{base}/avatar.png"}

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_: Any) -> None:
            """Nothing: only the figures are printed."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    print(made.server_address[1], flush=True)
    made.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
