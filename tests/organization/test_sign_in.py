"""サインイン: who gets in, who is shut out, and for how long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from koshiki.audit.models import Entry
from koshiki.organization import actions
from koshiki.organization.models import Person
from tests.cast import PASSWORD, Cast


@pytest.fixture
def aoki(cast: Cast) -> Person:
    cast.aoki.set_password(PASSWORD)
    cast.aoki.save()
    return cast.aoki


def enter(client: Client, number: str, password: str = PASSWORD, **more: str) -> HttpResponse:
    return client.post(reverse("sign_in"), {"username": number, "password": password}, **more)  # type: ignore[return-value]


def test_a_person_signs_in_with_number_and_password(aoki: Person, client: Client) -> None:
    assert enter(client, "1002").headers["Location"] == reverse("home")
    assert "青木 葵" in client.get(reverse("home")).content.decode()
    assert Entry.objects.get(verb="person.sign_in").actor == aoki


def test_full_width_digits_and_spaces_are_the_same_number(aoki: Person, client: Client) -> None:
    assert enter(client, "１００２ ").status_code == 302


def test_the_answer_is_the_same_for_unknown_deactivated_and_mistyped(aoki: Person, cast: Cast, client: Client) -> None:
    cast.endo.set_password(PASSWORD)
    cast.endo.is_active = False
    cast.endo.save()
    answers = {re.sub(f'csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken[^}}]+|{number}', "",
                      enter(client, number, word).content.decode())
               for number, word in (("1002", "違うことば"), ("7777", PASSWORD), ("2001", PASSWORD))}
    assert len(answers) == 1
    assert "職員番号かパスワードが違います" in answers.pop()


def test_the_session_is_renewed_at_sign_in(aoki: Person, client: Client) -> None:
    client.session.save()
    client.get(reverse("sign_in"))
    before = client.session.session_key
    enter(client, "1002")
    assert client.session.session_key != before


def test_ten_wrong_passwords_shut_out_that_address_and_nobody_else(aoki: Person, client: Client) -> None:
    for _ in range(10):
        answer = enter(client, "1002", "違うことば", REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 429
    assert enter(client, "1002", REMOTE_ADDR="203.0.113.9").status_code == 429
    assert enter(Client(), "1002", REMOTE_ADDR="203.0.113.10").status_code == 302


def test_who_was_shut_out_may_try_again_after_a_quarter_of_an_hour(aoki: Person, client: Client) -> None:
    for _ in range(10):
        enter(client, "1002", "違うことば")
    attempt = AccessAttempt.objects.get(username="1002")
    AccessAttempt.objects.update(attempt_time=attempt.attempt_time - timedelta(minutes=16))
    assert enter(client, "1002").status_code == 302


def test_what_was_typed_as_password_is_kept_nowhere(aoki: Person, client: Client) -> None:
    enter(client, "1002", "見られたくないことば")
    kept = AccessAttempt.objects.values().get()
    assert "見られたくないことば" not in str(kept)


def test_behind_the_citys_proxy_the_address_is_the_one_that_the_proxy_saw(
        aoki: Person, client: Client, settings: pytest.FixtureRequest) -> None:
    settings.KOSHIKI_TRUSTED_PROXY = True  # type: ignore[attr-defined]
    enter(client, "1002", "違うことば", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9", REMOTE_ADDR="127.0.0.1")
    assert AccessAttempt.objects.get().ip_address == "203.0.113.9"


@pytest.mark.parametrize("number", ["\0", "1002\0", "x" * 300, "1002'--", "٣", ""])
def test_odd_numbers_are_answered_not_broken(number: str, aoki: Person, client: Client) -> None:
    assert enter(client, number).status_code == 200


def test_deactivation_ends_every_session_at_once(aoki: Person, cast: Cast, client: Client) -> None:
    enter(client, "1002")
    other = Client()
    enter(other, "1002")
    actions.deactivate(cast.aoki, by=cast.noda, reason="退職")
    for browser in (client, other):
        assert browser.get(reverse("home")).headers["Location"].startswith(reverse("sign_in"))
    assert not Session.objects.exists()
    assert enter(client, "1002").status_code == 200


def test_a_first_password_has_to_be_changed_before_anything_else(cast: Cast, client: Client) -> None:
    password = actions.reset_password(cast.aoki, by=cast.noda)
    enter(client, "1002", password)
    assert client.get(reverse("home")).headers["Location"] == reverse("password_change")
    assert client.post(reverse("confirm_guideline")).headers["Location"] == reverse("password_change")
    new = {"old_password": password, "new_password1": "あたらしい合言葉をきめる", "new_password2": "あたらしい合言葉をきめる"}
    assert client.post(reverse("password_change"), new).headers["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert enter(Client(), "1002", "あたらしい合言葉をきめる").status_code == 302


@pytest.mark.parametrize(("new", "complaint"), [
    ("みじかい", "短すぎます"), ("password1234", "一般的すぎます"), (PASSWORD, "いまと違う"),
])
def test_a_weak_or_unchanged_password_is_refused_at_the_field(
        new: str, complaint: str, aoki: Person, client: Client) -> None:
    enter(client, "1002")
    answer = client.post(reverse("password_change"),
                         {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert complaint in answer.content.decode()
    assert enter(Client(), "1002").status_code == 302


def test_a_new_password_ends_the_persons_other_sessions(aoki: Person, client: Client) -> None:
    other = Client()
    enter(client, "1002")
    enter(other, "1002")
    client.post(reverse("password_change"), {"old_password": PASSWORD, "new_password1": "あたらしい合言葉をきめる",
                                             "new_password2": "あたらしい合言葉をきめる"})
    assert client.get(reverse("home")).status_code == 200
    assert other.get(reverse("home")).status_code == 302


def test_next_leads_only_within_koshiki(aoki: Person, client: Client) -> None:
    answer = client.post(f"{reverse('sign_in')}?next=https://evil.example/", {"username": "1002", "password": PASSWORD})
    assert answer.headers["Location"] == reverse("home")


def test_signing_out_ends_the_session(aoki: Person, client: Client) -> None:
    enter(client, "1002")
    client.post(reverse("sign_out"))
    assert client.get(reverse("home")).status_code == 302
