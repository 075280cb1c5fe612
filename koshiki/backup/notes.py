"""What is known of backups: when one was taken, of what and where to; and what no backup holds."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from koshiki.audit.log import record
from koshiki.audit.models import Entry
from koshiki.backup.archive import Manifest
from koshiki.database.models import Installation

MADE, UPGRADED, RESTORED = "installation.backup", "installation.upgrade", "installation.restore"


@transaction.atomic
def note_made(path: Path, manifest: Manifest) -> Entry:
    """The log knows of every backup: it holds what the installation holds."""
    return record(MADE, Installation.objects.get(pk=1), by=None, clause="K-backup", file=str(path),
                  bytes=path.stat().st_size, files=manifest.files, entries=manifest.log_number)


@transaction.atomic
def note_upgraded(migrations: list[str], kept: str) -> Entry:
    """From which tables to which, and where the old state was kept, or why not."""
    return record(UPGRADED, Installation.objects.get(pk=1), by=None, clause="K-upgrade", migrations=migrations,
                  kept=kept)


def newest(verb: str) -> Entry | None:
    """The last time that this was done here."""
    return Entry.objects.filter(verb=verb).order_by("-number").first()


def kept_apart() -> list[tuple[Path, str]]:
    """What is in no backup and must be kept elsewhere, each with what it is."""
    home = Path(settings.KOSHIKI_HOME)
    return [
        (Path(settings.KOSHIKI_KEY_RING), "鍵束。これがないと、アカウントをすべてつなぎ直すことになります。"
                                          "控えと一緒に置くと、控えを手にした者が市のアカウントで発信できます。"),
        (home / "secret_key", "画面の署名の鍵。なくしたときは作り直され、サインインし直すだけです。"),
        (home / "installation", "設置の識別子。復元した設置には、別の識別子が置かれます。"),
        (Path(settings.KOSHIKI_GUIDELINE), "ガイドラインのファイルと、環境変数の設定。"),
    ]
