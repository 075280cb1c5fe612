"""The sample is rich, made by the real actions, really sent, and harms nobody: invented, marked, closed in."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from koshiki.audit.log import verify
from koshiki.audit.models import Entry
from koshiki.database.models import Installation
from koshiki.networks.credentials import load_key_ring
from koshiki.organization.models import Person
from koshiki.organization.sign_in import waiting_for_password
from koshiki.posts.content import going_out
from koshiki.posts.delivery.claim import claim
from koshiki.posts.models import Delivery, Post
from koshiki.posts.stages import STAGES, stage_of
from koshiki.public import static_copy
from koshiki.register.models import Account, Closing, Connection
from koshiki.sample.place import password, told
from koshiki.sample.sns.store import Store
from tests.canary import Listening, Secrets, database_places, file_places
from tests.sample.conftest import Sample, connections
from tests.sample.service import Seen, allow

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = {row["key"]: row["number"] for row in told("person")}


@pytest.fixture(autouse=True)
def reachable(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """The sample's database is the module's own; pytest-django would not know."""
    with django_db_blocker.unblock():
        yield


def browser_of(key: str) -> Client:
    """Signed in by the page, with the sample's one password."""
    browser = Client()
    answer = browser.post("/sign-in/", {"username": PEOPLE[key], "password": password()})
    assert answer.status_code == 302, key
    return browser


# ── rich, and real ─────────────────────────────────────────────────

def test_its_log_holds(sample: Sample) -> None:
    verdict = verify()
    assert verdict.holds, verdict.reason
    assert verdict.count > 250
    times = list(Entry.objects.order_by("number").values_list("at", flat=True))
    assert (times[-1] - times[0]).days > 100  # half a year of an office, on a set clock


def test_there_is_an_account_at_every_stage_that_leads_to_official(sample: Sample) -> None:
    way = set(Account.State) - {*Account.ENDED, *Account.GONE, Account.State.NOTIFICATION_RETURNED}
    assert set(Account.objects.values_list("state", flat=True)) == {*way, Account.State.CLOSED}


def test_one_account_is_being_closed_and_one_is_closed(sample: Sample) -> None:
    assert sorted(Closing.objects.values_list("state", flat=True)) == ["closed", "notified"]
    closed = Account.objects.get(state=Account.State.CLOSED)
    assert "廃止しました" in Client().get("/official/check.html", {"q": closed.url}).text
    assert Client().get(f"/official/accounts/{closed.pk}/").status_code == 410


def test_there_is_a_post_of_every_fate(sample: Sample) -> None:
    fates = {stage_of(post, list(post.deliveries.all())).key for post in Post.objects.prefetch_related("deliveries")}
    assert fates >= set(STAGES) - {"ended", "withdrawn", "partly"}
    assert {"sent", "failed", "waiting"} <= set(Delivery.objects.values_list("state", flat=True))


def test_what_the_service_received_is_what_was_approved(sample: Sample) -> None:
    sent = Delivery.objects.filter(state="sent", account__service="mastodon").select_related("approval__revision", "account")
    assert sent.count() >= 4
    received = {str(row["id"]): row for row in Store(sample.home / "sample-sns").timeline(1000)}
    assert set(received) == {row.remote_id for row in sent}  # nothing twice, nothing else
    for row in sent:
        approved = going_out(row.approval.revision, row.account)
        status = received[row.remote_id]
        assert status["text"] == approved.content["text"]
        assert status["handle"] == row.account.handle.strip("@").split("@")[0]
        assert len([n for n in status["media"].split(",") if n]) == len(approved.media)
        assert approved.content["text"] in Seen(sample.service.get(row.url).text).text  # a visitor sees it too


def test_what_was_refused_says_why_and_is_not_there(sample: Sample) -> None:
    failed = Delivery.objects.get(state="failed")
    assert "同じ内容の投稿がすでにあります" in failed.reason
    assert failed.remote_id == ""


def test_the_citys_own_feed_shows_what_was_approved(sample: Sample) -> None:
    sent = Delivery.objects.filter(state="sent", account__service="city_feed").select_related("approval__revision", "account")
    assert sent.count() >= 4
    for row in sent:
        page = Client().get(urlsplit(row.url).path).content.decode()
        assert f'id="{urlsplit(row.url).fragment}"' in page
        for line in going_out(row.approval.revision, row.account).content["text"].splitlines():
            assert line.split("http")[0].strip() in Seen(page).text


def test_a_scheduled_post_waits_for_its_time(sample: Sample) -> None:
    waiting = Delivery.objects.filter(state="waiting")
    assert waiting.count() >= 1
    assert all(claim(row.account) is None for row in waiting)


# ── harmless ───────────────────────────────────────────────────────

def everything() -> Iterator[str]:
    yield from database_places().values()
    yield from file_places(Path(static_copy.settings.KOSHIKI_PUBLIC_DIR)).values()


def test_it_names_no_address_and_no_number_of_anybody(sample: Sample) -> None:
    static_copy.refresh()
    hosts, numbers, mails = set(), set(), set()
    for text in everything():
        hosts |= set(re.findall(r"https?://([a-z0-9][a-z0-9.\-]*)", text))
        numbers |= set(re.findall(r"(?<![0-9a-z-])0\d{1,4}-\d{1,4}-\d{3,4}(?![0-9a-z-])", text))
        mails |= set(re.findall(r"[\w.+-]+@([\w-]+\.[\w.-]*[a-z])", text))
    formats = {"www.w3.org", "json-schema.org", "jsonfeed.org", "schema.org"}
    assert {host for host in hosts - formats - {"127.0.0.1"} if not host.rstrip(".").endswith(".example")} == set()
    assert {number for number in numbers if not number.startswith("0538-00-")} == set()
    assert {host for host in mails if not host.endswith(".example")} == set()
    assert numbers


def test_it_reached_nothing_but_this_machine(sample: Sample) -> None:
    assert set(sample.reached) == {"127.0.0.1"}


ELSEWHERE = ("https://8.8.8.8", "http://10.0.0.1", "http://192.0.2.1", "http://169.254.169.254", "https://[2001:4860::8888]",
             "http://127.0.0.2", "http://0.0.0.0", "https://social.example")


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nothing_leaves_for_elsewhere(sample: Sample, address: str) -> None:
    account = Account.objects.filter(service="mastodon", state="official").earliest("pk")
    head = browser_of("pr_head")
    with connections() as reached:
        answer = head.post(f"/accounts/{account.pk}/connect/", {"server": address})
    assert answer.status_code == 422
    assert reached == []


def test_it_sends_no_mail(sample: Sample) -> None:
    assert mail.outbox == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name ILIKE '%mail%'")
        assert cursor.fetchone() == (0,)


def test_its_settings_know_no_mail_no_proxy_and_no_other_network(tmp_path: Path) -> None:
    asked = ("from django.conf import settings as s; import json;"
             "print(json.dumps([s.EMAIL_HOST, s.KOSHIKI_ALLOWED_NETWORKS]))")
    environment = {"KOSHIKI_HOME": str(tmp_path), "KOSHIKI_SAMPLE": "1", "KOSHIKI_SMTP_HOST": "mail.example",
                   "KOSHIKI_ALLOWED_NETWORKS": "10.0.0.0/8", "DJANGO_SETTINGS_MODULE": "koshiki.settings", "PATH": ""}
    told_by = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert json.loads(told_by.stdout) == ["", ["127.0.0.1/32"]]


def test_its_password_is_this_installations_own_and_nobody_elses_to_read(sample: Sample) -> None:
    kept = sample.home / "sample-password"
    assert kept.stat().st_mode & 0o077 == 0
    assert re.fullmatch(r"(?:[0-9a-f]{4}-){3}[0-9a-f]{4}", password())
    shown = [row["key"] for row in told("person") if "shown" in row]
    others = Person.objects.exclude(staff_number__in=[PEOPLE[key] for key in shown])
    assert browser_of(shown[0]).get("/").status_code == browser_of(shown[-1]).get("/").status_code == 200
    assert not others[0].check_password(password())
    assert not waiting_for_password().exists()


def test_none_of_its_secrets_stands_anywhere(sample: Sample, no_secret_is_logged: Listening) -> None:
    secrets = Secrets({"the password": password()})
    for number, key in load_key_ring().keys.items():
        secrets.add(f"key {number}", key.hex())
    for account in Store(sample.home / "sample-sns").accounts():
        secrets.add(f"the token of {account['handle']}", account["token"])
    assert Connection.objects.filter(ended_at=None).count() >= 2
    logged = {f"log record {n}": text for n, text in enumerate(no_secret_is_logged.said)}
    kept = file_places(sample.home, but=("sample-password", "keys.json", "sns.sqlite3", "secret_key"))
    assert secrets.found_in({**logged, **database_places(), **kept}) == []


# ── marked ─────────────────────────────────────────────────────────

LINK = re.compile(r'<a\b[^>]*href="([^"#]+)"')
MOST_PAGES = 60


def pages_of(browser: Client, first: str) -> Iterator[tuple[str, Any]]:
    """The pages that are reached by links from the first one, a good number of them."""
    waiting, seen = [first], {first}
    while waiting and len(seen) < MOST_PAGES * 4:
        path = waiting.pop(0)
        answer = browser.get(path)
        if answer.status_code == 302:
            continue
        yield path, answer
        if "text/html" not in answer["Content-Type"]:
            answer.close()
            continue
        for href in LINK.findall(answer.content.decode()):
            link = urljoin(path, html.unescape(href))
            kind = re.sub(r"\d+", "0", link.split("?")[0])
            if link.startswith("/") and link not in seen and sum(re.sub(r"\d+", "0", s.split("?")[0]) == kind for s in seen) < 2:
                seen.add(link)
                waiting.append(link)


@pytest.mark.parametrize("key", ["author", "bosai_head", "ip_head", "it", ""])
def test_every_page_says_that_it_is_the_sample(sample: Sample, key: str) -> None:
    found = list(pages_of(browser_of(key) if key else Client(), "/" if key else "/official/"))
    assert len(found) > (10 if key else 5)
    for path, answer in found:
        assert answer.status_code == 200, path
        if "text/html" in answer["Content-Type"]:
            page = answer.content.decode()
            assert ("見本" if "/en/" not in path else "This is a sample") in Seen(page).text, path
            assert 'name="robots" content="noindex"' in page or "noindex" in answer.headers.get("X-Robots-Tag", ""), path


def test_a_form_that_is_printed_bears_the_mark(sample: Sample) -> None:
    account = Account.objects.filter(notifications__isnull=False).earliest("pk")
    form = account.notifications.latest("version")
    page = browser_of("ip_staff").get(f"/accounts/notifications/{form.pk}/").content.decode()
    paper = page[page.index("<main"):]
    assert "見本" in Seen(paper).text


# ── it works ───────────────────────────────────────────────────────

def test_an_account_is_connected_from_its_own_page_through_the_services(sample: Sample) -> None:
    account = Account.objects.filter(service="mastodon", state="official").earliest("pk")
    head, handle = browser_of("pr_head"), account.handle.strip("@").split("@")[0]
    assert head.post(f"/accounts/{account.pk}/disconnect/").status_code == 302

    def begin() -> str:
        page = head.post(f"/accounts/{account.pk}/connect/", {"server": sample.address})
        link = re.search(rf'href="({re.escape(sample.address)}/oauth/authorize[^"]+)"', page.content.decode())
        assert link
        return html.unescape(link[1])

    other = next(a["handle"] for a in Store(sample.home / "sample-sns").accounts() if a["handle"] != handle)
    wrong = head.get(allow(sample.service, begin(), other))
    assert wrong.status_code == 409
    assert "K-identity" in wrong.content.decode()
    assert not account.connections.filter(ended_at=None).exists()
    assert head.get(allow(sample.service, begin(), handle)).status_code == 302
    assert account.connections.get(ended_at=None).handle.startswith(f"@{handle}")


# ── refused ────────────────────────────────────────────────────────

def test_it_is_not_loaded_twice(sample: Sample) -> None:
    with pytest.raises(CommandError, match="すでに職員が登録されています"):
        call_command("load_sample")


def manage(environment: dict[str, str], *command: str, **more: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env={**environment, **more},
                          capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stderr + done.stdout


@pytest.mark.clause("K-sample")
@pytest.mark.parametrize(("command", "more", "why"), [
    (["load_sample"], {}, "見本のための設置にだけ"),
    (["load_sample"], {"KOSHIKI_SAMPLE": "1"}, "DATABASE_URL を外してください"),
    (["setup_database", "--sample"], {}, "DATABASE_URL を外してください"),
    (["worker", "--once"], {"KOSHIKI_SAMPLE": "1", "KOSHIKI_SECRET_KEY": "x" * 50}, "見本"),
])
def test_it_keeps_off_every_other_installation(environment: dict[str, str], command: list[str], more: dict[str, str],
                                               why: str) -> None:
    Installation.objects.get_or_create(pk=1)
    code, said = manage(environment, *command, **more)
    assert code != 0
    assert why in said
    assert not Person.objects.exists()
    assert not Installation.objects.filter(sample=True).exists()
