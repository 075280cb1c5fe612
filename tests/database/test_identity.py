"""A folder knows its database again: not another one, not an older one, not from another place (K-restore)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from psycopg import sql

from koshiki.audit.log import record
from koshiki.database import identity
from koshiki.organization.models import Person
from koshiki.posts.delivery.sweep import sweep
from koshiki.register.models import Account, Hold
from tests.cast import Cast, make_cast, official
from tests.databases import APP, CLONE, _drop, _numbers, _pointing_to, _server
from tests.posts.delivering import due_delivery, install, run

pytestmark = pytest.mark.clause("K-restore")


@pytest.fixture
def home(committed_db: None, settings: LazySettings, tmp_path: Path) -> Path:
    settings.KOSHIKI_HOME = tmp_path / "home"
    settings.KOSHIKI_HOME.mkdir()
    install(settings.KOSHIKI_HOME)
    return settings.KOSHIKI_HOME


@pytest.fixture
def cast_here(home: Path) -> Cast:
    cast = make_cast()
    _act(cast)
    return cast


@pytest.fixture
def account_here(cast_here: Cast) -> Account:
    return official(cast_here)


@pytest.fixture
def copied(cast_here: Cast, account_here: Account) -> Iterator[str]:
    """The database as it is now, under another name."""
    name = f"{CLONE}{os.getpid()}_{next(_numbers)}"
    source = connections.settings["default"]["NAME"]
    connections.close_all()
    with _server() as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)))
        try:
            yield name
        finally:
            _drop(server, name)


def _act(cast: Cast) -> None:
    with transaction.atomic():
        record("person.change", cast.abe, by=cast.noda, clause="K-organization")


def test_what_goes_on_as_always_is_itself(home: Path, cast_here: Cast) -> None:
    for _ in range(3):
        sweep()
        _act(cast_here)
    assert identity.is_this_installation()
    assert not Hold.objects.exists()


def test_a_database_that_was_set_back_under_the_same_folder_sends_nothing_until_confirmed(
    home: Path, cast_here: Cast, account_here: Account, copied: str, signed_in: Callable[[Person], Client],
) -> None:
    _act(cast_here)
    sweep()  # the folder has seen what the copy has not
    with _pointing_to(os.environ[APP], copied):
        assert "前の状態に戻っています" in identity.doubt()
        row = due_delivery(cast_here, account_here)
        assert (run(row).state, row.clause) == ("held", "K-restore")
        sweep()
        assert Hold.objects.open().get().kind == "restore"
        signed_in(cast_here.noda).post(reverse("safety_stops"), {"do": "restore", "reason": "控えから戻した"})
        assert identity.is_this_installation()
        sweep()
        assert not Hold.objects.open().exists()


def test_one_that_has_gone_on_differently_is_another(home: Path, cast_here: Cast, copied: str) -> None:
    """As after a failover that lost the last seconds, when others were written since."""
    _act(cast_here)
    sweep()
    with _pointing_to(os.environ[APP], copied):
        for _ in range(5):
            _act(cast_here)
        assert "前の状態に戻っています" in identity.doubt()


def test_a_copied_folder_with_a_copied_database_sends_nothing_until_confirmed(
    home: Path, cast_here: Cast, copied: str, settings: LazySettings, signed_in: Callable[[Person], Client],
) -> None:
    sweep()
    shutil.copytree(home, home.parent / "clone")
    settings.KOSHIKI_HOME = home.parent / "clone"
    with _pointing_to(os.environ[APP], copied):
        assert "別の機械か、別の場所" in identity.doubt()
        sweep()
        assert Hold.objects.open().get().kind == "restore"
        signed_in(cast_here.noda).post(reverse("safety_stops"), {"do": "restore", "reason": "引っ越した"})
        sweep()
        assert identity.is_this_installation()
        assert not Hold.objects.open().exists()
    settings.KOSHIKI_HOME = home
    assert identity.is_this_installation()  # nothing was said about the original


def test_another_host_accepts_what_a_person_confirmed_on_the_first(
    home: Path, cast_here: Cast, copied: str, settings: LazySettings, signed_in: Callable[[Person], Client],
) -> None:
    _act(cast_here)
    sweep()
    shutil.copytree(home, home.parent / "second")
    with _pointing_to(os.environ[APP], copied):
        sweep()
        signed_in(cast_here.noda).post(reverse("safety_stops"), {"do": "restore", "reason": "控えから戻した"})
        settings.KOSHIKI_HOME = home.parent / "second"
        assert identity.is_this_installation()


def test_a_footprint_that_cannot_be_read_or_written_stops_nobody(home: Path, cast_here: Cast) -> None:
    (home / "installation.seen").write_text("half a")
    sweep()
    assert identity.is_this_installation()
    (home / "installation.seen").unlink()
    (home / "installation.seen").mkdir()
    sweep()
    assert identity.is_this_installation()
