"""Submit and approve, by two people one after the other, as often as it goes: koshiki and Wagtail, as JSON.

    python benchmarks/approvals.py [--cycles 100] [--rounds 3]

A cycle is two POSTs to real views before gunicorn (same processes and threads), on the same PostgreSQL: an author
submits a draft that is there, then an approver approves it. koshiki has everything on: §5, §4(7) and the digest
are sent along, revisions, alerts, deliveries and the chained log are written, triggers are in force. Wagtail:
see benchmarks/wagtail_site.py; submitting is the editor's save with "Submit for moderation" (nothing else
changed), approving is the moderator's action from the dashboard, which publishes. Rounds of both take turns; the
median of the rounds counts. It is counted afterwards that every post was approved.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.city.ground import installation
from benchmarks.pages import serving, wait_for
from benchmarks.wagtail_site import PASSWORD, Site

TEXT = "あす13日(日)午前9時から、総合防災訓練を行います。サイレンが鳴りますが、訓練です。お近くの避難所へお越しください。"
WARM = 10  # cycles before the clock runs
Cycle = Callable[[int], None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=100, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with installation() as home, ExitStack() as stack:
        ours, count = stack.enter_context(koshiki(given.cycles * given.rounds + WARM))
        theirs, site = stack.enter_context(wagtail(given.cycles * given.rounds + WARM, home))
        found = compared({"koshiki": ours, "wagtail": theirs}, given.cycles, given.rounds)
        done = {"koshiki": count(), "wagtail": site.state()}
        assert done["koshiki"] == given.cycles * given.rounds + WARM == done["wagtail"]["live"], done
        print(json.dumps({**found, "done": done}, indent=1))
    return 0


def compared(both: dict[str, Cycle], cycles: int, rounds: int) -> dict[str, Any]:
    """Cycles per second of each, and how many times as many ours are."""
    taken: dict[str, list[float]] = {name: [] for name in both}
    for cycle in both.values():
        for number in range(WARM):
            cycle(number)
    for turn in range(rounds):
        for name, cycle in both.items():
            began = time.monotonic()
            for number in range(cycles):
                cycle(WARM + turn * cycles + number)
            taken[name].append(cycles / (time.monotonic() - began))
    median = {name: statistics.median(rates) for name, rates in taken.items()}
    return {"cycles_per_second": {name: round(rate, 1) for name, rate in median.items()},
            "rounds": {name: [round(rate, 1) for rate in rates] for name, rates in taken.items()},
            "times": round(median["koshiki"] / median["wagtail"], 1)}


class Browser:
    """One signed-in person: a line that is kept, cookies, and the token that every form carries."""

    def __init__(self, port: int) -> None:
        self.line, self.cookies, self.port = http.client.HTTPConnection("127.0.0.1", port, timeout=60), dict[str, str](), port

    def get(self, address: str) -> str:
        return self._ask("GET", address, None)[1]

    def post(self, address: str, **fields: Any) -> str:
        """The address that the answer sends on to; raises where it does not."""
        body = urlencode({"csrfmiddlewaretoken": self.cookies["csrf"], **fields}, doseq=True)
        status, text, goes_to = self._ask("POST", address, body)
        assert status == 302, (address, status, re.sub(r"<[^>]+>|\s+", " ", text)[:2000])
        return goes_to

    def _ask(self, method: str, address: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        for again in (True, False):
            try:
                self.line.request(method, address, body, headers)
                answer = self.line.getresponse()
                break
            except (ConnectionError, http.client.HTTPException):
                self.line.close()  # the server ended a line that nobody had used for a while
                if not again:
                    raise
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "csrf" in name:
                self.cookies["csrf"] = value
        return answer.status, answer.read().decode(), answer.headers.get("Location", "")


@contextmanager
def koshiki(posts: int) -> Iterator[tuple[Cycle, Callable[[], int]]]:
    """Submitting and approving the nth of so many drafts; and how many stand approved."""
    from django.conf import settings

    from koshiki.posts.actions import Confirmed, write
    from koshiki.posts.models import Post
    from tests.cast import make_cast, official
    from tests.posts.delivering import install
    from tests.posts.writing import draft

    install(settings.KOSHIKI_HOME)
    cast = make_cast()
    account = official(cast)
    drafts = [write(draft(account, text=TEXT), by=cast.aoki) for _ in range(posts)]
    digests = [post.latest.digest for post in drafts]
    prohibited = sorted(Confirmed.everything(drafts[0]).prohibited)
    for person in (cast.aoki, cast.baba):
        person.set_password(PASSWORD)
        person.save()
    with serving() as port:
        author, approver = (_signed_in(port, "/sign-in/", p.staff_number) for p in (cast.aoki, cast.baba))

        def cycle(number: int) -> None:
            post = drafts[number].pk
            author.post(f"/posts/{post}/submit/")
            approver.post(f"/posts/{post}/approve/", digest=digests[number], prohibited=prohibited, permanence="on",
                          do="approve")

        yield cycle, Post.objects.filter(state="approved").count


def _signed_in(port: int, address: str, name: str) -> Browser:
    browser = Browser(port)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(address))
    assert token
    browser.cookies["csrf"] = token[1]
    browser.post(address, username=name, password=PASSWORD)
    return browser


@contextmanager
def wagtail(pages: int, home: Path) -> Iterator[tuple[Cycle, Site]]:
    """The same for Wagtail."""
    with tempfile.TemporaryDirectory(prefix="koshiki-wagtail-") as folder:
        site = Site(Path(folder), _database(home))
        drafts = site.prepare(pages, TEXT)
        with _serving(site) as port:
            editor, moderator = (_signed_in(port, "/admin/login/", name) for name in ("editor", "moderator"))
            form = _fields(editor.get(f"/admin/pages/{drafts[0]}/edit/"))
            states = _task_states(site)

            def cycle(number: int) -> None:
                page = drafts[number]
                editor.post(f"/admin/pages/{page}/edit/", **form, title=f"お知らせ {number}", slug=f"news-{number}",
                            body=TEXT, basis="要綱", **{"action-submit": "1"})
                moderator.post(f"/admin/pages/workflow/action/{page}/approve/{next(states)}/")

            yield cycle, site


def _database(home: Path) -> dict[str, str]:
    """A database of its own on the same server."""
    import psycopg

    from koshiki.database.embedded import OWNER, Cluster

    cluster = Cluster(home)
    with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE wagtail OWNER {OWNER}")  # type: ignore[arg-type]
    return {"NAME": "wagtail", "USER": OWNER, "HOST": str(cluster.socket)}


def _fields(page: str) -> dict[str, str]:
    """What else the editor's form carries: the management of its empty parts."""
    known = {"title", "slug", "body", "basis", "csrfmiddlewaretoken", "next"}
    found = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    return {name: value for name, value in found.items() if name not in known and not name.startswith("loaded_revision")}


def _task_states(site: Site) -> Iterator[int]:
    """Each submission makes the next task state; they are numbered one after the other."""
    return iter(range(1, 10_000_000))


@contextmanager
def _serving(site: Site) -> Iterator[int]:
    """gunicorn with the processes and threads that koshiki's has."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        port, web = listening.getsockname()[1], os.environ.get
        command = [site.python, "-m", "gunicorn", "site_wsgi", "-k", "gthread", "--preload", "--log-level", "warning",
                   "-b", f"fd://{listening.fileno()}", "-w", web("KOSHIKI_WEB_PROCESSES", "2"),
                   "--threads", web("KOSHIKI_WEB_THREADS", "4"), "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]  # noqa: S108
        process = subprocess.Popen(command, cwd=site.folder, env=site.settings, pass_fds=[listening.fileno()])
        try:
            wait_for(port, process, "/admin/login/")
            yield port
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
