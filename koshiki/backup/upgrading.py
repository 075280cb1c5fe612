"""Before the tables change, the old state is kept: the database alone, since files are never changed by an upgrade."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.conf import settings

from koshiki.backup.archive import BadBackup
from koshiki.backup.making import make
from koshiki.backup.notes import note_upgraded
from koshiki.database.ownership import owner_url
from koshiki.database.upgrade import NotFit

KEPT = 3
INSTEAD = "控えを取らずに更新するには、理由を添えて `manage.py setup_database --no-backup 理由` を実行します。"


class OldState:
    """更新前の控え — taken when migrations are about to run on data; then noted in the log."""

    def __init__(self, say: Callable[[str], None], *, instead: str = "") -> None:
        """`instead`: the reason why no backup is taken."""
        self.say, self.instead = say, instead
        self.migrations: list[str] = []
        self.kept = ""

    def __call__(self, migrations: list[str]) -> str:
        """Keep what there is. Returns a sentence that says where. Raises NotFit where that fails."""
        if not _holds_data():
            return ""
        self.migrations = migrations
        if self.instead:
            self.kept = f"控えは取っていません（{self.instead}）。"
        else:
            path = folder() / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-before-{migrations[-1]}.tar"
            self.say(f"更新の前の控えを取っています: {path}")
            self.kept = f"控え: {_taken(path)}"
        return self.kept

    def note(self) -> None:
        """Tell the log, once the tables are the new ones."""
        if self.migrations:
            note_upgraded(self.migrations, self.kept)


def folder() -> Path:
    """Where the last three lie."""
    return Path(settings.KOSHIKI_HOME) / "backups"


def _holds_data() -> bool:
    """Whether there is something to lose: an installation, and not the sample, which is made anew."""
    with psycopg.connect(owner_url(), connect_timeout=10) as asked:
        there = asked.execute("SELECT to_regclass('koshiki_installation')").fetchone()
        real = asked.execute("SELECT FROM koshiki_installation WHERE NOT sample").fetchone() if there and there[0] else None
    return real is not None


def _taken(path: Path) -> Path:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        make(path, whole=False)
    except (BadBackup, OSError) as reason:
        raise NotFit(f"更新の前の控えを取れないため、更新していません。{reason}\n{INSTEAD}") from reason
    for old in sorted(path.parent.glob("*-before-*.tar"))[:-KEPT]:
        old.unlink()
    return path
