from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from koshiki.database import roles
from koshiki.database.embedded import make_home
from koshiki.database.ownership import ensure_secret_key, set_up
from koshiki.database.startup import NotFit, refuse_sample_elsewhere
from koshiki.networks.credentials import ensure_key_ring


class Command(BaseCommand):
    requires_system_checks = ()
    help = "データベースの表を今の版にそろえ、アプリケーションの役割に権限を与えます。何度でも実行できます。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", action="store_true", help="新しいデータベースを見本にする")

    def handle(self, *args: Any, sample: bool, **options: Any) -> None:
        make_home(settings.KOSHIKI_HOME)
        ensure_secret_key()
        ensure_key_ring(settings.KOSHIKI_KEY_RING)
        for folder in (settings.KOSHIKI_MEDIA, settings.KOSHIKI_FEED, settings.STATIC_ROOT):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if sample:
                refuse_sample_elsewhere()
            set_up(sample=sample, say=self.stdout.write)
            roles.refuse_if_log_can_change()
        except (NotFit, roles.LogCouldChange) as reason:
            raise CommandError(str(reason)) from reason
