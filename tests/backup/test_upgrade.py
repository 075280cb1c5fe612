"""A new version keeps the old state before it changes tables; an older program does not touch newer ones (K-upgrade)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from koshiki.audit.models import Entry
from tests.backup.commands import ROOT, Place
from tests.cast import make_cast

pytestmark = pytest.mark.clause("K-upgrade")
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("koshiki", "{before}")]
    operations = [migrations.RunSQL("CREATE TABLE later (number int)"){more}]
"""
FAILING = ', migrations.RunSQL("SELECT 1 / 0")'


@dataclass(frozen=True)
class Version:
    """A program of another version: this one, and a migration more."""

    root: Path

    def manage(self, place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=self.root, env=place.environment,
                              check=False, capture_output=True, text=True, timeout=180)


def newer(folder: Path, more: str = "") -> Version:
    shutil.copytree(ROOT / "koshiki", folder / "koshiki", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    last = max(path.stem for path in (folder / "koshiki/migrations").glob("[0-9]*.py"))
    (folder / f"koshiki/migrations/{int(last[:4]) + 1:04}_later.py").write_text(MIGRATION.format(before=last, more=more))
    return Version(folder)


def tables(place: Place) -> set[str]:
    with psycopg.connect(place.environment["KOSHIKI_MIGRATE_URL"]) as owner:
        return {name for name, in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def kept(place: Place) -> list[Path]:
    return sorted((place.home / "backups").glob("*"))


def test_the_old_state_is_kept_comes_back_with_the_old_program_and_the_log_tells(
    here: Place, there: Place, tmp_path: Path,
) -> None:
    make_cast()
    before = tables(here)
    done = newer(tmp_path / "v2").manage(here, "setup_database")
    assert done.returncode == 0, done.stderr
    assert tables(here) == before | {"later"}
    [backup] = kept(here)
    assert str(backup) in done.stdout
    assert backup.stat().st_mode & 0o777 == 0o600
    noted = Entry.objects.get(verb="installation.upgrade")
    assert str(backup) in noted.data["kept"]
    assert noted.data["migrations"][0].endswith("_later")

    there.does("restore", str(backup))
    assert tables(there) == before


def test_the_older_program_refuses_everywhere_and_changes_nothing(here: Place, tmp_path: Path) -> None:
    make_cast()
    assert newer(tmp_path / "v2").manage(here, "setup_database").returncode == 0
    before = tables(here)
    for command in (["setup_database"], ["worker", "--once"]):
        said = here.refuses(*command, KOSHIKI_SECRET_KEY="of this test")
        assert "新しい koshiki のものです" in said
        assert "_later" in said
        assert "新しい版の koshiki で起動してください" in said
    assert tables(here) == before
    web = subprocess.run([sys.executable, "-c", "import koshiki.wsgi"], cwd=ROOT, check=False, capture_output=True,
                         env={**here.environment, "KOSHIKI_SECRET_KEY": "of this test"}, text=True)
    assert web.returncode
    assert "新しい koshiki のものです" in web.stderr


def test_a_newer_backup_is_not_restored_by_the_older_program(here: Place, there: Place, tmp_path: Path) -> None:
    make_cast()
    version, file = newer(tmp_path / "v2"), tmp_path / "newer.tar"
    for command in (["setup_database"], ["backup", str(file)]):
        assert version.manage(here, *command).returncode == 0
    assert "新しい版の koshiki で復元してください" in there.refuses("restore", str(file))
    assert tables(there) == set()


def test_a_migration_that_fails_leaves_everything_as_it_was_and_says_how_to_go_on(here: Place, tmp_path: Path) -> None:
    make_cast()
    before = tables(here)
    failed = newer(tmp_path / "v2", FAILING).manage(here, "setup_database")
    assert failed.returncode == 1
    assert "データベースは元のままです" in failed.stderr
    assert str(kept(here)[0]) in failed.stderr
    assert "Traceback" not in failed.stderr
    assert tables(here) == before
    here.does("setup_database")


def test_the_last_three_are_kept(here: Place, tmp_path: Path) -> None:
    make_cast()
    failing = newer(tmp_path / "v2", FAILING)
    for number in range(3):
        (here.home / "backups").mkdir(exist_ok=True)
        (here.home / f"backups/2020010{number}-000000-before-koshiki.x.tar").write_text("old")
    failing.manage(here, "setup_database")
    assert len(kept(here)) == 3
    assert [path.name[:8] for path in kept(here)[:2]] == ["20200101", "20200102"]


def test_without_room_for_it_nothing_is_upgraded_unless_a_reason_is_given(here: Place, tmp_path: Path) -> None:
    make_cast()
    (here.home / "backups").write_text("a file in the way")
    version, before = newer(tmp_path / "v2"), tables(here)
    refused = version.manage(here, "setup_database")
    assert refused.returncode == 1
    assert "更新の前の控えを取れないため、更新していません" in refused.stderr
    assert "--no-backup" in refused.stderr
    assert tables(here) == before
    assert version.manage(here, "setup_database", "--no-backup", "別の場所に控えた").returncode == 0
    assert tables(here) == before | {"later"}
    assert "別の場所に控えた" in Entry.objects.get(verb="installation.upgrade").data["kept"]


def test_nothing_is_kept_where_nothing_is_to_be_migrated_or_lost(here: Place, there: Place) -> None:
    make_cast()
    here.does("setup_database")
    there.does("setup_database")
    assert kept(here) == kept(there) == []
