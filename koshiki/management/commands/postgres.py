from __future__ import annotations

import os
import subprocess
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from koshiki.database.embedded import Cluster
from koshiki.database.system_account import NotPossible


class Command(BaseCommand):
    requires_system_checks = ()
    help = "組み込みのデータベースに対して、PostgreSQL のプログラム（psql、pg_dump など）を実行します。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("program", help="psql、pg_dump、pg_restore など")
        parser.add_argument("arguments", nargs="...", help="そのプログラムへの引数")

    def handle(self, *args: Any, program: str, arguments: list[str], **options: Any) -> None:
        if not settings.KOSHIKI_EMBEDDED:
            raise CommandError("DATABASE_URL のデータベースには、そのサーバーのプログラムを使ってください。")
        try:
            with Cluster(settings.KOSHIKI_HOME, say=self.stderr.write).running() as cluster:
                path = cluster.programs / program
                if path.parent != cluster.programs or not path.is_file():
                    raise CommandError(f"{program} というプログラムはありません。")
                surroundings = {**os.environ, "PGHOST": str(cluster.socket), "PGUSER": "postgres"}
                code = subprocess.run([path, *arguments], env=surroundings, check=False).returncode
        except NotPossible as reason:
            raise CommandError(str(reason)) from reason
        if code:
            raise CommandError(f"{program}: {code}", returncode=code)
