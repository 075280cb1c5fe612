"""The set-ups of docs/closed-network.md, each with the real servers, on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import LazySettings, settings
from django.db.models.functions import Now

from koshiki.networks.credentials import ensure_key_ring
from koshiki.posts.models import Delivery
from koshiki.public import static_copy
from tests.cast import make_cast, official
from tests.deploy.installed import DEPLOY, ROOT, Installed, ended, free_port
from tests.deploy.servers import Staff, asked, certificate, nginx, staff_site, tinyproxy
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import approved_post, connect, install
from tests.posts.test_delivery_worker import QUICK, until

pytestmark = pytest.mark.peers


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


# ---------------------------------------------------------------- staff pages

@pytest.fixture
def behind_nginx(database_urls: dict[str, str], tmp_path: Path, stack: ExitStack) -> Callable[..., Staff]:
    """koshiki's own web server, and nginx with TLS in front of it."""
    def make(**how: str) -> Staff:
        city = Installed(ROOT, tmp_path / "home", stack, DATABASE_URL=database_urls["DATABASE_URL"],
                         KOSHIKI_URL=f"https://{Staff.name}/", KOSHIKI_HOSTS=Staff.name, KOSHIKI_TRUSTED_PROXY="1")
        city.manage("setup_database", KOSHIKI_MIGRATE_URL=database_urls["KOSHIKI_MIGRATE_URL"])
        city.web()
        site, staff = staff_site(city.port, tmp_path, **how)
        nginx(site, tmp_path / "nginx", stack, staff.port, staff.plain)
        return staff

    return make


def test_staff_pages_are_reached_by_tls_alone_and_their_cookies_stay_there(behind_nginx: Callable[..., Staff]) -> None:
    staff = behind_nginx()
    moved = staff.ask_plainly("/sign-in/?next=/")
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{Staff.name}/sign-in/?next=/")
    first = staff.ask("/")
    assert first.status == 302
    page = staff.ask(first.headers["Location"])
    assert page.status == 200
    assert "職員番号" in page.text
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-csrf=")
    assert "Secure" in cookie
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_figures_do_not_go_through_and_health_does(behind_nginx: Callable[..., Staff]) -> None:
    staff = behind_nginx()
    assert staff.ask("/metrics").status == 404
    assert staff.ask("/metrics", X_Forwarded_For="127.0.0.1").status == 404
    assert staff.ask("/healthz?of=web").status == 200


def test_who_is_not_in_the_vpn_gets_nothing(behind_nginx: Callable[..., Staff]) -> None:
    staff = behind_nginx(only="127.0.0.8/29")
    assert staff.ask("/healthz?of=web", come_from="127.0.0.9").status == 200
    for path in ("/", "/sign-in/", "/official/", "/static/koshiki.css", "/healthz"):
        assert staff.ask(path, come_from="127.0.0.2", X_Forwarded_For="127.0.0.9").status == 403, path


class Echo(BaseHTTPRequestHandler):
    """Says which headers came."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test tells enough."""


def test_what_a_browser_claims_of_itself_is_replaced(tmp_path: Path, stack: ExitStack) -> None:
    """Sign-in attempts are counted by the address that nginx saw."""
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    stack.callback(echo.server_close)
    stack.callback(echo.shutdown)
    Thread(target=echo.serve_forever, daemon=True).start()
    site, staff = staff_site(echo.server_port, tmp_path, only="127.0.0.0/8")
    nginx(site, tmp_path / "nginx", stack, staff.port)
    came = json.loads(staff.ask("/", come_from="127.0.0.5", X_Forwarded_For="10.9.9.9", X_Forwarded_Proto="http").text)
    assert came["x-forwarded-for"] == "127.0.0.5"
    assert came["x-forwarded-proto"] == "https"


# ---------------------------------------------------------------- public pages outside

PUBLIC = "server {{ listen 127.0.0.1:{port}; root {root}; index index.html; error_page 404 /404.html; }}"


def outside(root: Path, folder: Path, stack: ExitStack) -> Callable[[str], tuple[int, str]]:
    """A web server that has nothing of koshiki but files."""
    port = free_port()
    nginx(PUBLIC.format(port=port, root=root), folder, stack, port)

    def ask(path: str) -> tuple[int, str]:
        answer = asked(HTTPConnection("127.0.0.1", port, timeout=20), path, {})
        return answer.status, answer.text

    return ask


def push(target: Path) -> None:
    done = subprocess.run([DEPLOY / "push-copy", f"{target}/"], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"], "KOSHIKI_PUBLIC_DIR": str(settings.KOSHIKI_PUBLIC_DIR)})
    assert done.returncode == 0, done.stderr


def test_the_copy_that_was_carried_out_is_whole_and_follows(
    committed_db: None, tmp_path: Path, stack: ExitStack, settings: LazySettings,
) -> None:
    settings.KOSHIKI_PUBLIC_DIR = tmp_path / "public"
    cast, www = make_cast(), tmp_path / "www"
    account = official(cast, service="city_feed", name="市の発信一覧")
    static_copy.refresh()
    www.mkdir()
    push(www)
    ask = outside(www, tmp_path / "nginx", stack)
    assert ask("/")[0] == 200
    assert "市の発信一覧" in ask("/")[1]
    assert ask(f"/accounts/{account.pk}/")[0] == 200
    assert ask("/assets/koshiki.css")[0] == 200
    assert ask("/nothing-here")[0] == 404
    assert not [path for path in www.rglob("*") if path.is_symlink()]
    type(account).objects.filter(pk=account.pk).update(listed_at=None, state="preparing")
    (tmp_path / "public/current").unlink()  # written anew, whatever the log says
    static_copy.refresh()
    push(www)
    assert ask(f"/accounts/{account.pk}/")[0] == 404, "what was taken off the register is gone outside too"


def test_before_the_first_copy_nothing_outside_is_touched(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www/index.html").write_text("前からあるページ")
    done = subprocess.run([DEPLOY / "push-copy", f"{tmp_path}/www/", str(tmp_path / "public")], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert "current がありません" in done.stderr
    assert (tmp_path / "www/index.html").read_text() == "前からあるページ"


# ---------------------------------------------------------------- going out by the proxy

NAME = "social.city.example"
TLS = """server {{ listen 127.0.0.1:{port} ssl; server_name {name}; ssl_certificate {crt}; ssl_certificate_key {key};
    client_max_body_size 50m;
    location / {{ proxy_pass {base}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https; }} }}"""


def test_deliveries_go_out_by_the_proxy_which_alone_knows_the_names(
    server: MastodonServer, database_urls: dict[str, str], tmp_path: Path, stack: ExitStack,
) -> None:
    """A closed network without names of the outside: tinyproxy resolves them, TLS reaches through it to the service."""
    with pytest.raises(OSError, match=r"[Nn]ame"):
        socket.getaddrinfo(NAME, 443)
    install(settings.KOSHIKI_HOME)
    ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
    port, trusted = free_port(), certificate(tmp_path, NAME)
    nginx(TLS.format(port=port, name=NAME, crt=trusted.certificate, key=trusted.key, base=server.base),
          tmp_path / "service", stack, port)
    proxy, log = tinyproxy(tmp_path, stack, {NAME: "127.0.0.1"}, port)
    cast = make_cast()
    account, remote = official(cast, service="mastodon", name="磐田市防災"), server.add_account("bosai")
    connect(account, f"https://{NAME}:{port}", remote.token, by=cast.chiba, remote_account_id=remote.id,
            software=server.software)
    approved_post(cast, account, text="お知らせ")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSHIKI_ALLOWED")}
    worker = {**plain, **database_urls, "KOSHIKI_SECRET_KEY": "for this test", "KOSHIKI_DELIVERY_TIMES": QUICK,
              "SSL_CERT_FILE": str(trusted.certificate)}
    with work(worker):
        assert until(lambda: Delivery.objects.get().state == "retry"), "without the proxy nobody knows the name"
        assert server.statuses == []
    Delivery.objects.update(next_at=Now())
    with work({**worker, "KOSHIKI_OUTBOUND_PROXY": f"http://127.0.0.1:{proxy}"}):
        assert until(lambda: Delivery.objects.get().state == "sent"), Delivery.objects.get().reason
    assert [status.text for status in server.statuses] == ["お知らせ"]
    assert f"CONNECT {NAME}:{port}" in log.read_text()


def work(environment: dict[str, str]) -> ExitStack:
    stack = ExitStack()
    stack.enter_context(ended(subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    return stack
