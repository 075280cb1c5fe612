from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from koshiki.backup.upgrading import OldState
from koshiki.database import roles
from koshiki.database.embedded import make_home
from koshiki.database.ownership import ensure_secret_key, make_folders, set_up
from koshiki.database.startup import NotFit, refuse_sample_elsewhere
from koshiki.networks.credentials import ensure_key_ring
from koshiki.register.models import Connection


class Command(BaseCommand):
    requires_system_checks = ()
    help = "データベースの表を今の版にそろえ、アプリケーションの役割に権限を与えます。何度でも実行できます。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", action="store_true", help="新しいデータベースを見本にする")
        parser.add_argument("--no-backup", metavar="理由", default="", help="更新の前の控えを取らない。理由は記録に残る")

    def handle(self, *args: Any, sample: bool, no_backup: str, **options: Any) -> None:
        make_home(settings.KOSHIKI_HOME)
        ensure_secret_key()
        make_folders()
        old_state = OldState(self.stdout.write, instead=no_backup)
        try:
            if sample:
                refuse_sample_elsewhere()
            set_up(sample=sample, say=self.stdout.write, before=old_state)
            roles.refuse_if_log_can_change()
        except (NotFit, roles.LogCouldChange) as reason:
            raise CommandError(str(reason)) from reason
        old_state.note()
        self._ensure_keys()

    def _ensure_keys(self) -> None:
        """A ring that is missing is never replaced in silence where something was sealed with it."""
        if not settings.KOSHIKI_KEY_RING.exists() and Connection.objects.filter(ended_at=None).exists():
            self.stdout.write(f"鍵束（{settings.KOSHIKI_KEY_RING}）がありません。別に保管していたものを置いてください。"
                              "置かれるまで発信しません。")
        else:
            ensure_key_ring(settings.KOSHIKI_KEY_RING)
