"""Secrets go through the whole of koshiki, well and badly, and stand nowhere afterwards but sealed (security: tokens)."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client, RequestFactory

from koshiki.networks.city_feed import CityFeed
from koshiki.networks.credentials import ensure_key_ring, key_ring_path, load_key_ring, unseal
from koshiki.organization.models import Person
from koshiki.posts.models import Delivery
from koshiki.public import static_copy
from koshiki.register.models import Account, Connection, ConnectionAttempt
from tests.canary import Listening, Secrets, answer_places, database_places, file_places, locals_in
from tests.cast import PASSWORD, Cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import approved_post, install, run

CALLBACK = "/accounts/connect/callback/"
KEPT_FILES = {"keys.json", "secret_key"}  # where secrets belong: 0600, outside the database


class Door(Client):
    """A browser that keeps every answer."""

    def __init__(self, person: Person | None = None) -> None:
        super().__init__(raise_request_exception=False)
        self.answers: list[Any] = []
        if person:
            self.force_login(person, backend="koshiki.organization.sign_in.Backend")

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        self.answers.append(answer)
        return answer


@dataclass
class Ground:
    """An installation of this test's own with a server and its account, and all that may stand nowhere."""

    home: Path
    cast: Cast
    server: MastodonServer
    account: Account
    listening: Listening
    secrets: Secrets
    doors: list[Door]

    def door(self, person: Person | None = None) -> Door:
        self.doors.append(Door(person))
        return self.doors[-1]

    @property
    def here(self) -> str:
        return f"/accounts/{self.account.pk}/connect/"

    @property
    def token(self) -> dict[str, str]:
        return {"server": self.server.base, "access_token": self.server.city.token}

    def leaks(self) -> list[str]:
        """Every secret that stands where it must not, in all the places there are."""
        places = {f"log record {n}": text for n, text in enumerate(self.listening.said)}
        for number, door in enumerate(self.doors):
            places |= {f"browser {number}, {place}": text for place, text in answer_places(door.answers).items()}
        return self.secrets.found_in({**places, **database_places(), **file_places(self.home, but=KEPT_FILES)})

    def allowed(self, door: Door) -> dict[str, str]:
        """Begins a connection and allows it at the service, noting what stays between the two; what comes back."""
        address = door.post(self.here, {"server": self.server.base}).context["address"]
        attempt = ConnectionAttempt.objects.latest("pk")
        pending = unseal(attempt.sealed, account=f"attempt:{self.account.pk}", service="mastodon")
        for name in ("client_secret", "verifier"):
            self.secrets.add(f"the {name} of {attempt.pk}", pending[name].reveal())
        onward = str(httpx.get(f"{address}&login=city", trust_env=False).headers["Location"])
        self.listening.said[:] = [said for said in self.listening.said if onward not in said]  # our own browser's
        return {name: values[0] for name, values in parse_qs(urlsplit(onward).query).items()}


@pytest.fixture
def home(settings: LazySettings, tmp_path: Path, db: None) -> Path:
    settings.KOSHIKI_HOME, settings.KOSHIKI_KEY_RING = tmp_path, tmp_path / "keys.json"
    settings.KOSHIKI_PUBLIC_DIR, settings.KOSHIKI_FEED = tmp_path / "public", tmp_path / "feed"
    settings.KOSHIKI_MEDIA, settings.KOSHIKI_ALLOWED_NETWORKS = tmp_path / "media", ("127.0.0.0/8",)
    ensure_key_ring(key_ring_path())
    install(tmp_path)
    return tmp_path


@pytest.fixture
def ground(home: Path, cast: Cast, no_secret_is_logged: Listening) -> Iterator[Ground]:
    with MastodonServer().running() as server:
        account = official(cast, service="mastodon", url=f"{server.base}/@city", handle="@city")
        yield Ground(home, cast, server, account, no_secret_is_logged, _known(server), [])


def _known(server: MastodonServer) -> Secrets:
    """The installation's own keys and the server's token; the rest comes as it arises."""
    known = Secrets({"the secret key": settings.SECRET_KEY, "the token": server.city.token})
    for number, key in load_key_ring().keys.items():
        known.add(f"key {number} as bytes", key.hex())
    for entry in json.loads(key_ring_path().read_text())["keys"]:
        known.add(f"key {entry['id']}", entry["key"])
    return known


def look_around(ground: Ground, door: Door) -> None:
    """Every page that speaks of the account and its connection, and the log, taken along too."""
    for path in ("/", f"/accounts/{ground.account.pk}/", ground.here, "/accounts/", "/log/", "/posts/", "/accounts/holds/",
                 "/official/", "/official/accounts.json"):
        assert door.get(path).status_code == 200
    auditor = ground.door(ground.cast.mori)
    assert auditor.get("/log/").status_code == auditor.post("/log/export/").status_code == 200


# ── connecting ─────────────────────────────────────────────────────

def test_connecting_by_code_and_by_token(ground: Ground) -> None:
    door, stranger = ground.door(ground.cast.aoki), ground.door(ground.cast.goto)
    back = ground.allowed(door)
    ground.secrets.add("the code", back["code"])
    assert door.get(CALLBACK, back).status_code == 302
    assert door.get(CALLBACK, back).status_code == 409  # used up
    wrong = ground.secrets.add("a wrong token", "canary-wrong-0123456789")
    prose = ground.secrets.add("a token that is prose", "カナリアのひみつの鍵です")
    for token, answered in ((wrong, 422), (prose, 422), (ground.server.city.token, 302)):
        assert door.post(f"{ground.here}token/", {**ground.token, "access_token": token}).status_code == answered
        # refused, on a page that gives back what was typed
        assert stranger.post(f"{ground.here}token/", {**ground.token, "access_token": token}).status_code == 409
    assert door.post(f"{ground.here}token/", {**ground.token, "server": ""}).status_code == 422
    look_around(ground, door)
    assert Connection.objects.count() == 2
    assert ground.leaks() == []


# ── publishing ─────────────────────────────────────────────────────

FAULTS = ("refuse", "swallow", "401", "403", "404", "422", "429", "500", "503", "rubbish", "no-id", "redirect")


def test_publishing_and_failing_in_every_way(ground: Ground) -> None:
    """A server even says back the token that it was sent."""
    door = ground.door(ground.cast.aoki)
    ground.server.error_words = f"The access token {ground.server.city.token} is wrong"
    for fault in ("", *FAULTS):
        door.post(f"{ground.here}token/", ground.token)
        ground.server.faults.extend([fault] if fault else [])
        post = approved_post(ground.cast, ground.account, text=f"お知らせ {fault}")
        run(post.deliveries.get())
        door.get(f"/posts/{post.pk}/")
        door.get(f"/posts/{post.pk}/deliveries/")
    assert {"sent", "failed", "unknown", "held"} <= set(Delivery.objects.values_list("state", flat=True))
    assert Delivery.objects.filter(reason__contains="The access token *** is wrong").exists()
    look_around(ground, door)
    static_copy.refresh()
    assert ground.leaks() == []


# ── a bug, wherever it is ──────────────────────────────────────────

CONNECTING = (
    "register.views.connect.actions.connect_with_key", "register.views.connect._connected",
    "register.actions.connect.locked_for", "register.actions.connect.is_registered", "register.actions.connect.kept",
    "register.actions.connect.pass_on", "register.link.seal", "networks.credentials._bound", "networks.credentials.AESGCM",
    "networks.mastodon.connecting._account_facts", "networks.mastodon.connecting._limits", "networks.mastodon.connecting.text",
    "networks.mastodon.api.judged", "networks.http.way_to", "networks.http._core", "networks.http._body",
    "networks.http._skew", "networks.reach._left", "audit.log.chain", "register.moves.record",
)
COMING_BACK = (
    "register.actions.connect.unseal", "register.actions.connect._connected", "networks.mastodon.connecting.connected",
    "networks.mastodon.connecting.as_object", "networks.credentials._parts", "networks.http._skew", "networks.http._core",
)
BEGINNING = ("register.actions.connect.seal", "networks.mastodon.connecting._offers_pkce",
             "networks.mastodon.connecting._challenge", "networks.mastodon.connecting.urlencode", "networks.credentials._bound")
SENDING = ("posts.delivery.send.network", "register.link.unseal", "networks.credentials._parts", "networks.http._core",
           "networks.http._body", "networks.mastodon.api.judged", "posts.delivery.settle.record")


class Bug(RuntimeError):
    """Planted."""


def planted(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Whatever stands there fails when it is called."""

    def fails(*_: Any, **__: Any) -> Any:
        raise Bug("a bug")

    module, _, name = f"koshiki.{place}".rpartition(".")
    monkeypatch.setattr(_owner(module), name, fails)


def _owner(address: str) -> Any:
    """A module, or what one holds."""
    try:
        return importlib.import_module(address)
    except ModuleNotFoundError:
        module, _, name = address.rpartition(".")
        return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("place", CONNECTING)
def test_a_bug_while_a_token_is_taken_in(place: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    door = ground.door(ground.cast.aoki)
    with monkeypatch.context() as patch:
        planted(patch, place)
        door.post(f"{ground.here}token/", ground.token)
    _told_without_secret(ground, door)


@pytest.mark.parametrize("place", COMING_BACK)
def test_a_bug_while_a_code_is_exchanged(place: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    door = ground.door(ground.cast.aoki)
    back = ground.allowed(door)
    with monkeypatch.context() as patch:
        planted(patch, place)
        door.get(CALLBACK, back)
    _told_without_secret(ground, door)


@pytest.mark.parametrize("place", BEGINNING)
def test_a_bug_while_a_connection_is_begun(place: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    door = ground.door(ground.cast.aoki)
    with monkeypatch.context() as patch:
        planted(patch, place)
        door.post(ground.here, {"server": ground.server.base})
    for application in ground.server.applications.values():
        ground.secrets.add("the client's secret", application["client_secret"])
    _told_without_secret(ground, door)


def _told_without_secret(ground: Ground, door: Door) -> None:
    """The page says that something is broken, with the number under which the log holds it; neither says more."""
    answer = door.answers[-1]
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.content.decode()
    assert any("a bug" in said for said in ground.listening.said)
    assert ground.leaks() == []


@pytest.mark.parametrize("place", SENDING)
def test_a_bug_while_a_post_is_sent(place: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    door = ground.door(ground.cast.aoki)
    door.post(f"{ground.here}token/", ground.token)
    row = approved_post(ground.cast, ground.account).deliveries.get()
    with monkeypatch.context() as patch:
        planted(patch, place)
        try:
            run(row)
        except Bug:
            logging.getLogger("koshiki").exception("as a worker would")
    door.get(f"/posts/{row.post_id}/deliveries/")
    assert any("a bug" in said for said in ground.listening.said)
    assert ground.leaks() == []


# ── passwords ──────────────────────────────────────────────────────

def test_passwords(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in rightly and wrongly, changing the password, having it reset, with and without a bug."""
    cast, add = ground.cast, ground.secrets.add
    Person.objects.filter(pk=cast.aoki.pk).update(password=make_password(add("the password", PASSWORD)))
    wrong, new = add("a wrong password", "まちがえたカナリア"), add("the new password", "新しいカナリア-2026-春")
    door, desk, reset = ground.door(), ground.door(cast.noda), f"/people/{cast.aoki.pk}/password/"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    assert door.post("/sign-in/", {"username": "1002", "password": wrong}).status_code == 200
    with monkeypatch.context() as patch:
        planted(patch, "organization.views.session.record")
        assert door.post("/sign-in/", {"username": "1002", "password": PASSWORD}).status_code == 500
    assert door.post("/sign-in/", {"username": "1002", "password": PASSWORD}).status_code == 302
    assert door.post("/password/", {**typed, "old_password": wrong}).status_code == 422
    with monkeypatch.context() as patch:
        planted(patch, "organization.actions.people.record")
        assert door.post("/password/", typed).status_code == desk.post(reset).status_code == 500
    assert door.post("/password/", typed).status_code == 302
    assert desk.post(reset).status_code == 200
    add("the one-time password", desk.answers.pop().context["password"])  # from the one page that shows it
    door.get("/")
    assert ground.leaks() == []


# ── it can fail ────────────────────────────────────────────────────

def test_a_leak_is_found_wherever_it_is(ground: Ground) -> None:
    token, door = ground.server.city.token, ground.door(ground.cast.aoki)
    door.get("/")
    door.answers[-1].content += f"<!-- {token} -->".encode()
    door.answers[-1]["X-Token"] = token
    logging.getLogger("koshiki.networks").debug("sent with %s", token)
    Account.objects.filter(pk=ground.account.pk).update(introduction=f"鍵は {token}")
    Connection.objects.create(account=ground.account, sealed=token.encode(), remote_id="1", connected_by=ground.cast.aoki)
    session = door.session
    session["note"] = token
    session.save()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('q', 't', %s)",
                       [json.dumps({"token": token})])
    (ground.home / "public").mkdir()
    (ground.home / "public/index.html").write_text(token)
    places = {found.removeprefix("the token in ") for found in ground.leaks()}
    assert {"table koshiki_account", "table koshiki_connection", "table procrastinate_jobs", "file public/index.html",
            "browser 0, answer 0 to /", "browser 0, headers of answer 0 to /"} <= places
    assert any(place.startswith("session ") for place in places)
    assert any(place.startswith("log record ") for place in places)
    ground.listening.said.clear()


def test_a_leak_into_the_variables_of_a_traceback_is_found() -> None:
    class Broken(dict[str, str]):
        def get(self, *_: Any) -> Any:
            raise Bug("a bug")

        def __repr__(self) -> str:
            return "canary-in-a-variable"

    try:
        CityFeed().shown_text(Broken())
    except Bug:
        assert "canary-in-a-variable" in locals_in(sys.exc_info(), RequestFactory().get("/"))
    else:
        pytest.fail("nothing was raised")
