"""Workers on several hosts: with the same folders, identity and key ring they share the work; without, one sends
nothing, says what it lacks, and stops nobody else. A host is a KOSHIKI_HOME of its own and a process of the worker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from procrastinate.contrib.django.models import ProcrastinateWorker

from koshiki.audit.log import verify
from koshiki.database import folders
from koshiki.database.models import SharedFolder
from koshiki.database.models import Worker as WorkerRow
from koshiki.database.startup import NotFit
from koshiki.disk import keep
from koshiki.networks.credentials import add_key, ensure_key_ring
from koshiki.posts.content import Attached
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery
from koshiki.register.models import Hold
from tests.cast import make_cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import approved_post, connected, install
from tests.posts.test_delivery_worker import QUICK, until
from tests.posts.writing import picture

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = {"KOSHIKI_MEDIA": "media", "KOSHIKI_FEED": "feed", "KOSHIKI_PUBLIC_DIR": "public"}


class Host:
    """A machine with a folder of its own; by default everything is laid on it that it needs."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home, self.environment = home, {**environment, "KOSHIKI_HOME": str(home)}
        home.mkdir()
        for name in ("installation", "keys.json"):
            shutil.copy(settings.KOSHIKI_HOME / name, home / name)

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "manage.py", "worker", *options]

    def refused(self, *options: str) -> str:
        """What the worker says, which does not come to work here."""
        ended = subprocess.run(self.command(*options), cwd=ROOT, env=self.environment, timeout=60, check=False,
                               capture_output=True, text=True)
        assert ended.returncode == 1, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stderr

    def work(self, stack: ExitStack, *options: str) -> subprocess.Popen[bytes]:
        """Starts a worker, killed at the end, and waits until it works."""
        before = ProcrastinateWorker.objects.count()
        with (self.home / "words").open("wb") as words:
            process = subprocess.Popen(self.command(*options), cwd=ROOT, env=self.environment,
                                       stdout=words, stderr=words)
        stack.callback(process.wait)
        stack.callback(process.kill)
        seen = until(lambda: ProcrastinateWorker.objects.count() > before or process.poll() is not None)
        assert seen, (self.home / "words").read_text()
        assert process.poll() is None, (self.home / "words").read_text()
        return process


@pytest.fixture
def machines(committed_db: None, database_urls: dict[str, str], tmp_path: Path,
             settings: LazySettings) -> Callable[..., Host]:
    """Makes hosts of one installation; its first folders are those of the test itself."""
    for variable, name in SHARED.items():
        setattr(settings, variable, tmp_path / "shared" / name)
    install(settings.KOSHIKI_HOME)
    ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSHIKI_")}
    common = {**plain, **database_urls, "KOSHIKI_ALLOWED_NETWORKS": "127.0.0.0/8", "KOSHIKI_SECRET_KEY": "for this test",
              "KOSHIKI_DELIVERY_TIMES": QUICK, "KOSHIKI_WORKER_CONCURRENCY": "4",
              **{variable: str(tmp_path / "shared" / name) for variable, name in SHARED.items()}}

    def make(name: str, **other: str) -> Host:
        return Host(tmp_path / name, {**common, **other})

    return make


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_three_hosts_share_the_work_and_everything_goes_out_once(
    machines: Callable[..., Host], server: MastodonServer, stack: ExitStack,
) -> None:
    cast = make_cast()
    accounts = [connected(cast, server, name=f"防災{n}") for n in range(3)]
    feed = official(cast, service="city_feed", name="市の発信一覧")
    for name in ("一", "二", "三"):
        machines(name).work(stack)
    image = register_image(picture(), "訓練.jpg", division=cast.bosai, by=cast.aoki)
    for n in range(4):
        approved_post(cast, *accounts, feed, text=f"お知らせ{n}", media=[Attached(image, "訓練のようす")])
    assert until(lambda: not Delivery.objects.exclude(state="sent").exists())
    assert sorted(s.text for s in server.statuses) == sorted(f"お知らせ{n}" for n in range(4) for _ in accounts)
    assert len([*(Path(settings.KOSHIKI_FEED) / "entries").glob("*.json")]) == 4
    assert (Path(settings.KOSHIKI_PUBLIC_DIR) / "current/index.html").is_file()
    assert WorkerRow.objects.count() == 3
    assert verify().holds


def alone_it_sends(machines: Callable[..., Host], server: MastodonServer, stack: ExitStack) -> None:
    """The host that has everything goes on: nothing was stopped by the other."""
    assert not Hold.objects.exists()
    cast = make_cast()
    post = approved_post(cast, connected(cast, server), text="お知らせ")
    if not WorkerRow.objects.exists():
        machines("whole").work(stack)
    assert until(lambda: not Delivery.objects.exclude(state="sent").exists())
    assert [s.text for s in server.statuses] == ["お知らせ"]
    assert not post.deliveries.filter(state="held").exists()


@pytest.mark.parametrize("variable", SHARED)
def test_a_host_with_a_folder_of_its_own_names_it_and_sends_nothing(
    machines: Callable[..., Host], server: MastodonServer, stack: ExitStack, tmp_path: Path, variable: str,
) -> None:
    machines("first").work(stack)
    said = machines("second", **{variable: str(tmp_path / "own")}).refused()
    assert re.search(rf"{tmp_path / 'own'} .*共有しているフォルダーではありません", said)
    assert variable in said
    alone_it_sends(machines, server, stack)


def test_a_copy_of_the_folder_is_told_from_the_folder(
    machines: Callable[..., Host], stack: ExitStack, tmp_path: Path,
) -> None:
    """The second host was made as a copy of the first: the mark is right, but who works now is not seen there."""
    first = machines("first").work(stack)
    first.terminate()
    assert first.wait(30) == 0
    shutil.copytree(tmp_path / "shared/media", tmp_path / "copied")
    machines("third").work(stack)
    said = machines("second", KOSHIKI_MEDIA=str(tmp_path / "copied")).refused()
    assert f"{tmp_path / 'copied'} は、先に動いているワーカー" in said
    assert "KOSHIKI_MEDIA" in said


def test_a_folder_of_another_installation_is_refused(machines: Callable[..., Host], tmp_path: Path) -> None:
    """A trial installation that is pointed to the real one's folder by mistake."""
    (tmp_path / "real").mkdir()
    keep(tmp_path / "real" / folders.MARK, "another installation")
    assert "別の設置" in machines("trial", KOSHIKI_FEED=str(tmp_path / "real")).refused()
    assert (tmp_path / "real" / folders.MARK).read_text().strip() == "another installation"


def test_a_folder_that_cannot_be_written_is_said(machines: Callable[..., Host], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = machines("first", KOSHIKI_MEDIA=str(tmp_path / "file/media")).refused()
    assert re.search(r"file/media に書き込めません（.+）。KOSHIKI_MEDIA", said)


def test_a_span_that_delivery_does_not_know_is_said(machines: Callable[..., Host]) -> None:
    said = machines("first", KOSHIKI_DELIVERY_TIMES="leese=60").refused()
    assert "KOSHIKI_DELIVERY_TIMES" in said
    assert "leese" in said


def test_a_host_without_the_key_ring_sends_nothing_and_holds_nothing(
    machines: Callable[..., Host], server: MastodonServer, stack: ExitStack,
) -> None:
    bare = machines("bare")
    (bare.home / "keys.json").unlink()
    assert re.search(r"鍵束 \S+keys.json では発信できません", bare.refused())
    alone_it_sends(machines, server, stack)


def test_a_host_with_a_ring_of_its_own_sends_nothing_and_holds_nothing(
    machines: Callable[..., Host], server: MastodonServer, stack: ExitStack,
) -> None:
    cast = make_cast()
    connected(cast, server, name="先の接続")
    foreign = machines("foreign")
    (foreign.home / "keys.json").unlink()
    ensure_key_ring(foreign.home / "keys.json")
    assert "接続を封印した鍵がない" in foreign.refused()
    assert not Hold.objects.exists()
    add_key(foreign.home / "keys.json")
    shutil.copy(settings.KOSHIKI_HOME / "keys.json", foreign.home / "keys.json")
    foreign.work(stack)


@pytest.mark.clause("K-restore")
def test_a_host_without_its_identity_does_not_stop_the_city(
    machines: Callable[..., Host], server: MastodonServer, stack: ExitStack,
) -> None:
    bare = machines("bare")
    (bare.home / "installation").unlink()
    assert "installation がありません" in bare.refused()
    alone_it_sends(machines, server, stack)


@pytest.mark.clause("K-restore")
def test_another_identity_is_refused_beside_others_and_alone_it_is_a_restored_copy(
    machines: Callable[..., Host], stack: ExitStack,
) -> None:
    other = machines("other")
    keep(other.home / "installation", "6f1c1c0e-0000-4000-8000-000000000000")
    first = machines("first").work(stack)
    assert "別の設置のものです" in other.refused()
    assert not Hold.objects.exists()
    first.terminate()
    assert first.wait(30) == 0
    other.work(stack)
    assert until(lambda: Hold.objects.open().filter(kind="restore").exists())


# ---------------------------------------------------------------- what a working worker sees later

@pytest.fixture
def present(machines: Callable[..., Host], settings: LazySettings) -> folders.Presence:
    settings.KOSHIKI_EMBEDDED = False
    worker = folders.Presence()
    worker.begin()
    return worker


def test_a_folder_that_falls_away_ends_the_work(present: folders.Presence) -> None:
    """The share is not mounted any more: there is an empty folder at its place."""
    present.beat()
    Path(settings.KOSHIKI_FEED).rename(f"{settings.KOSHIKI_FEED}.gone")
    Path(settings.KOSHIKI_FEED).mkdir()
    with pytest.raises(NotFit, match="KOSHIKI_FEED"):
        present.beat()
    assert list(Path(settings.KOSHIKI_FEED).iterdir()) == []


def test_two_that_began_on_copies_are_told_apart_and_the_later_one_goes(
    present: folders.Presence, settings: LazySettings, tmp_path: Path,
) -> None:
    shared, copied = settings.KOSHIKI_MEDIA, tmp_path / "copied"
    shutil.copytree(shared, copied)
    later = folders.Presence()
    settings.KOSHIKI_MEDIA = copied
    later.begin()  # the earlier one's number is still the one that was copied
    settings.KOSHIKI_MEDIA = shared
    present.beat()
    present.beat()
    settings.KOSHIKI_MEDIA = copied
    with pytest.raises(NotFit, match="写し"):
        later.beat()


def test_a_web_server_says_which_folder_is_not_the_workers(
    present: folders.Presence, settings: LazySettings, tmp_path: Path,
) -> None:
    assert folders.not_shared() == []
    settings.KOSHIKI_MEDIA = tmp_path / "own"
    (said,) = folders.not_shared()
    assert str(tmp_path / "own") in said
    assert "KOSHIKI_MEDIA" in said


def test_a_worker_that_ends_leaves_nothing(present: folders.Presence) -> None:
    present.end()
    assert not WorkerRow.objects.exists()
    assert [path.name for path in Path(settings.KOSHIKI_MEDIA).iterdir()] == [folders.MARK]


def test_folders_that_were_moved_on_purpose_are_taken_by_a_word(
    machines: Callable[..., Host], present: folders.Presence, settings: LazySettings, tmp_path: Path,
    stack: ExitStack,
) -> None:
    present.end()
    moved = {variable: str(tmp_path / "new" / name) for variable, name in SHARED.items()}
    host = machines("first", **moved)
    host.refused()
    host.work(stack, "--adopt-folders")
    assert SharedFolder.objects.count() == 3
    assert "別の設置" in machines("second").refused()
