"""見本SNS speaks the Mastodon API on this machine alone, shows what it received harmlessly, and trusts nobody."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from koshiki.sample.sns.store import Store
from tests.sample.service import Seen, allow, free_port, running

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "</p></article><h1>偽</h1>",
    "https://a.example/\"onmouseover=\"x", "https://a.example/<script>x</script>", "&lt;script&gt;", "{{ 7*7 }} {% x %}",
    "data:text/html,<script>x</script>", "//a.example/x", "'; DROP TABLE status; --",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sns")


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[httpx.Client]:
    with running(folder, free_port()) as made:
        yield made


def token_of(folder: Path, handle: str, note: str = "") -> str:
    return Store(folder).make_account(handle, f"名前 {handle}", note)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_it_answers_on_127_0_0_1_and_nowhere_else(browser: httpx.Client) -> None:
    for address in ("127.0.0.2", _own_address()):
        with pytest.raises(OSError):  # noqa: PT011  (refused, whatever way the system says it)
            socket.create_connection((address, browser.base_url.port), 2)


def _own_address() -> str:
    """The machine's address in its network; another loopback address where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.connect(("192.0.2.1", 9))  # sends nothing
            return str(tried.getsockname()[0])
        except OSError:
            return "127.0.0.3"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_shown_as_words(browser: httpx.Client, folder: Path, text: str) -> None:
    handle = f"h{HOSTILE.index(text)}"
    token = token_of(folder, handle, note=text)
    Store(folder).make_account(handle, text, text)
    sent = browser.post("/api/v1/statuses", json={"status": text}, headers=bearer(token)).json()
    for path in ("/", f"/@{handle}", f"/@{handle}/{sent['id']}", "/oauth/authorize?state=" + text):
        page = Seen(browser.get(path).text)
        assert page.harmful == [], path
        assert text in page.text, path
    assert Seen(sent["content"]).harmful == []


def test_its_pages_allow_no_script_and_no_frame(browser: httpx.Client) -> None:
    policy = browser.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert browser.get("/").headers["X-Robots-Tag"] == "noindex"


def test_another_sites_page_can_do_nothing_here(browser: httpx.Client, folder: Path) -> None:
    form = {"handle": "stranger", "name": "よその者", "note": ""}
    assert browser.post("/accounts", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/accounts", data=form, headers={"Origin": "null"}).status_code == 403
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert Store(folder).account("stranger") is None
    assert browser.post("/accounts", data=form, headers={"Origin": str(browser.base_url).rstrip("/")}).status_code == 303


def test_no_page_shows_a_token(browser: httpx.Client, folder: Path) -> None:
    token = token_of(folder, "quiet")
    for path in ("/", "/@quiet", "/oauth/authorize", "/api/v2/instance"):
        assert token not in browser.get(path).text


BAD = (
    ("POST", "/api/v1/statuses", b"{", "application/json"), ("POST", "/api/v1/statuses", b"[1]", "application/json"),
    ("POST", "/api/v1/statuses", b'{"status": "x", "media_ids": 5}', "application/json"),
    ("POST", "/api/v2/media", b"x", "multipart/form-data; boundary=y"), ("POST", "/oauth/token", b"\xff\xfe", "text/plain"),
    ("GET", "/api/v1/accounts/x/statuses?max_id=" + "9" * 40, b"", ""), ("GET", "/api/v1/statuses/" + "9" * 15, b"", ""),
    ("GET", "/@../../etc", b"", ""), ("GET", "/media/1;x", b"", ""), ("GET", "/api/v1/accounts/x/statuses?limit=x", b"", ""),
    ("POST", "/accounts", b"handle=../x&name=y", "application/x-www-form-urlencoded"),
)


@pytest.mark.parametrize("asked", BAD)
def test_nonsense_is_answered_and_nothing_breaks(
    browser: httpx.Client, folder: Path, asked: tuple[str, str, bytes, str]
) -> None:
    method, path, body, media_type = asked
    headers = {**bearer(token_of(folder, "nonsense")), **({"Content-Type": media_type} if media_type else {})}
    assert browser.request(method, path, content=body, headers=headers).status_code < 500
    assert browser.get("/").status_code == 200


def test_a_stranger_publishes_and_reads_nothing_with_a_wrong_token(browser: httpx.Client) -> None:
    for method, path in (("POST", "/api/v1/statuses"), ("GET", "/api/v1/accounts/verify_credentials")):
        assert browser.request(method, path, headers=bearer("wrong"), data={"status": "x"} if method == "POST" else None
                               ).status_code == 401


def test_a_code_is_exchanged_once_and_only_by_who_asked(browser: httpx.Client, folder: Path) -> None:
    token, verifier, back = token_of(folder, "mine"), "v" * 48, "http://127.0.0.1:1/back"
    known = browser.post("/api/v1/apps", data={"client_name": "koshiki", "redirect_uris": back}).json()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")

    def code() -> str:
        asked = httpx.QueryParams(client_id=known["client_id"], redirect_uri=back, state="s", code_challenge=challenge)
        return httpx.URL(allow(browser, f"/oauth/authorize?{asked}", "mine")).params["code"]

    def given(**wrong: str) -> int:
        form = {"code": code(), "client_id": known["client_id"], "client_secret": known["client_secret"],
                "code_verifier": verifier, **wrong}
        return browser.post("/oauth/token", data=form).status_code

    assert [given(code_verifier="x"), given(client_secret="x"), given(client_id="x"), given(code="x")] == [400] * 4
    used = code()
    form = {"code": used, "client_id": known["client_id"], "client_secret": known["client_secret"], "code_verifier": verifier}
    assert browser.post("/oauth/token", data=form).json()["access_token"] == token
    assert browser.post("/oauth/token", data=form).status_code == 400


def test_a_code_goes_back_only_to_where_the_application_said(browser: httpx.Client, folder: Path) -> None:
    token_of(folder, "mine")
    known = browser.post("/api/v1/apps", data={"redirect_uris": "http://127.0.0.1:1/back"}).json()
    form = {"client_id": known["client_id"], "redirect_uri": "https://evil.example/", "handle": "mine"}
    assert browser.post("/oauth/authorize", data=form).status_code == 400
