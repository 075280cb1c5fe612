"""A refusal helps, a failure says so, and neither needs what has just failed."""

from __future__ import annotations

import logging

import pytest
from django.db import OperationalError
from django.test import Client
from psycopg.errors import DiskFull

from koshiki.middleware import RequestIdFilter
from tests.cast import Cast

pytestmark = pytest.mark.urls("tests.look.urls")


@pytest.mark.clause("§8(1)")
def test_a_refusal_says_what_why_what_now_and_by_whom(client: Client) -> None:
    response = client.get("/refuse/")
    page = response.content.decode()
    assert response.status_code == 409
    for words in ("起案に加わっていない責任者", "§8(1)", "責任者の承認を得た上で情報発信すること",
                  "ほかの責任者に承認を頼んでください。", "市民課 課長補佐（内線 2315）"):
        assert words in page


def test_a_refusal_gives_back_what_was_typed_and_never_a_secret(client: Client) -> None:
    typed = {"text": "避難所を開きました。", "digest": "0f" * 32, "password": "ひみつの言葉です", "token": "合い鍵の文字列"}
    page = client.post("/refuse/", typed, headers={"referer": "http://testserver/posts/4/edit?at=1"}).content.decode()
    assert "避難所を開きました。" in page
    assert 'href="/posts/4/edit?at=1"' in page
    assert not [secret for secret in ("0f0f", "ひみつの言葉", "合い鍵") if secret in page]


def test_a_refusal_does_not_lead_back_to_another_site(client: Client) -> None:
    page = client.get("/refuse/", headers={"referer": "https://evil.example/refuse/"}).content.decode()
    assert "前の画面に戻る</a>" not in page


def test_a_refusal_of_a_live_part_replaces_the_content_alone(client: Client) -> None:
    response = client.get("/refuse/", headers={"hx-request": "true"})
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#main"
    assert "<html" not in response.content.decode()


def test_a_refusal_keeps_the_signed_in_persons_frame(client: Client, cast: Cast) -> None:
    client.force_login(cast.baba)
    page = client.get("/refuse/").content.decode()
    assert "馬場 文" in page
    assert "防災課" in page


# The tests below run without a database: pytest refuses every query.

def test_when_the_database_is_away_the_page_says_so(client: Client) -> None:
    response = client.get("/away/")
    page = response.content.decode()
    assert response.status_code == 503
    assert "データベースに接続できません" in page
    assert response["Retry-After"]


def test_when_the_disk_is_full_the_page_says_so(client: Client) -> None:
    response = client.get("/full/")
    page = response.content.decode()
    assert response.status_code == 503
    assert "ディスクの空きがありません" in page
    assert "二度発信されることはありません" in page


def test_when_the_databases_disk_is_full_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        try:
            raise DiskFull("could not extend file")
        except DiskFull as cause:
            raise OperationalError(str(cause)) from cause

    client.raise_request_exception = False
    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", full)
    response = client.get("/_components/")
    assert response.status_code == 503
    assert "ディスクの空きがありません" in response.content.decode()


def test_when_the_database_goes_away_outside_of_views_the_page_says_so_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*args: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    client.raise_request_exception = False
    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", lost)
    response = client.get("/_components/")
    assert response.status_code == 503
    assert "データベースに接続できません" in response.content.decode()


def test_a_bug_gives_a_number_that_the_log_knows(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    client.raise_request_exception = False
    with caplog.at_level(logging.ERROR):
        response = client.get("/broken/")
    number = response["X-Request-Id"]
    assert response.status_code == 500
    assert f">{number}</code>" in response.content.decode()
    assert [record for record in caplog.records if getattr(record, "request_id", "") == number]


def test_an_unknown_address_says_what_to_do_next(client: Client) -> None:
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "ページが見つかりません" in response.content.decode()


def test_citizens_get_an_error_in_their_own_frame_and_no_cookie(client: Client) -> None:
    response = client.get("/official/no-such-page/")
    assert response.status_code == 404
    assert not response.cookies
    assert 'class="public"' in response.content.decode()


def test_a_form_that_was_open_too_long_says_that_the_text_is_still_there() -> None:
    response = Client(enforce_csrf_checks=True).post("/refuse/", {"text": "避難所を開きました。"})
    assert response.status_code == 403
    assert "入力した内容が残っています" in response.content.decode()


def test_every_page_forbids_scripts_and_styles_of_others(client: Client) -> None:
    policy = client.get("/_components/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
