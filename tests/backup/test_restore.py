"""Backup, restore, nothing is sent, a person confirms, it goes on: with real workers, through the commands."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import verify
from koshiki.audit.models import Entry
from koshiki.database.folders import MARK
from koshiki.database.identity import is_this_installation
from koshiki.organization.models import Person
from koshiki.posts.content import Attached
from koshiki.posts.delivery.judge import release
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery
from koshiki.register.models import Hold
from tests.backup.commands import Place
from tests.cast import Cast, make_cast, official
from tests.databases import APP, _pointing_to
from tests.installation import FOLDERS
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import approved_post, connected, run
from tests.posts.test_delivery_worker import until, workers
from tests.posts.writing import picture

pytestmark = pytest.mark.clause("K-restore")
SignIn = Callable[[Person], Client]


@contextmanager
def moved_to(place: Place, settings: LazySettings) -> Iterator[None]:
    """This process is of the restored installation from now on."""
    settings.KOSHIKI_HOME = place.home
    for name, folder in FOLDERS.items():
        setattr(settings, name, place.home / folder)
    with _pointing_to(os.environ[APP], place.name):
        yield


def urls(place: Place) -> dict[str, str]:
    return {name: place.environment[name] for name in ("KOSHIKI_HOME", "DATABASE_URL", "KOSHIKI_MIGRATE_URL")}


def test_a_restored_installation_sends_nothing_until_a_person_confirms_and_then_nothing_twice(
    here: Place, there: Place, server: MastodonServer, settings: LazySettings, signed_in: SignIn,
) -> None:
    server.honours_keys, server.software = False, "other"
    cast = make_cast()
    toot, feed = connected(cast, server), official(cast, name="発信一覧")
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    shown = approved_post(cast, feed, text="一覧の記事", media=[Attached(image, "訓練のようす")]).deliveries.get()
    assert run(shown).state == "sent"
    assert run(approved_post(cast, toot, text="控えの前に出たもの").deliveries.get()).state == "sent"
    later = approved_post(cast, toot, text="控えの後に出るもの").deliveries.get()
    soon = clock.now() + timedelta(minutes=20)
    never = approved_post(cast, toot, text="まだ出ていないもの", due_at=soon).deliveries.get()
    future = approved_post(cast, toot, text="先の予約", due_at=clock.now() + timedelta(days=1)).deliveries.get()
    file = here.home.parent / "koshiki.tar"
    said = here.does("backup", str(file))
    assert "keys.json" in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(later).state == "sent"  # the original goes on for a moment, and then is no more
    assert len(server.statuses) == 2

    told = there.does("restore", str(file))
    assert "確かめるまで何も発信しません" in told
    assert "正しくつながっています" in told
    shutil.copy2(here.home / "keys.json", there.home)
    with moved_to(there, settings), workers(1, urls(there)):
        assert _files(there) == _files(here)
        begun = clock.now() - timedelta(minutes=1)  # its time has come meanwhile
        Delivery.objects.filter(pk=never.pk).update(due_at=begun, next_at=begun)
        noda = Person.objects.get(pk=cast.noda.pk)
        assert not until(lambda: len(server.statuses) > 2, seconds=8)  # two rounds of the sweep
        assert Hold.objects.open().get().kind == Hold.Kind.RESTORE
        page = signed_in(Person.objects.get(pk=cast.abe.pk)).get("/")
        assert "復元された設置か、写しです" in page.content.decode()
        assert "に取られた控えから復元しました" in page.content.decode()
        assert "令和" in Hold.objects.open().get().reason
        page = signed_in(noda).get("/")
        assert reverse("safety_stops") in page.content.decode()
        confirmed = signed_in(noda).post(reverse("safety_stops"), {"do": "restore", "reason": "元の機械は止めました"})
        assert confirmed.status_code == 302
        assert is_this_installation()

        assert until(lambda: Delivery.objects.get(pk=later.pk).state == "sent", seconds=120)
        assert until(lambda: Delivery.objects.get(pk=never.pk).state == "held", seconds=120)
        assert Delivery.objects.get(pk=future.pk).state == "waiting"
        release(Delivery.objects.get(pk=never.pk), by=Person.objects.get(pk=cast.baba.pk))
        approved_post(_again(cast), type(toot).objects.get(pk=toot.pk), text="復元の後のもの")
        assert until(lambda: len(server.statuses) == 4, seconds=120)
        time.sleep(1)
        assert verify().holds
        assert {"installation.restore", "installation.confirm"} <= set(Entry.objects.values_list("verb", flat=True))
    assert sorted(status.text for status in server.statuses) == sorted(
        ["控えの前に出たもの", "控えの後に出るもの", "まだ出ていないもの", "復元の後のもの"])


def _files(place: Place) -> dict[str, bytes]:
    return {str(path.relative_to(place.home)): path.read_bytes() for folder in ("media", "feed")
            for path in (place.home / folder).rglob("*") if path.is_file() and not path.name.startswith(MARK)}


def _again(cast: Cast) -> Cast:
    """The same people, as they are in the restored database."""
    return Cast(**{name: type(value).objects.get(pk=value.pk) for name, value in vars(cast).items()})
