from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from koshiki.backup.archive import BadBackup
from koshiki.backup.making import make
from koshiki.backup.notes import kept_apart, note_made
from koshiki.database.upgrade import NotFit


class Command(BaseCommand):
    requires_system_checks = ()
    help = "データベース、画像、発信一覧の控えを、一つのファイルに取ります。動いている間に取れます。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="控えのファイル（.tar）")
        parser.add_argument("--replace", action="store_true", help="同じ名前の控えがあれば置き換える")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            manifest = make(file.absolute(), replace=replace)
        except (BadBackup, NotFit) as reason:
            raise CommandError(str(reason)) from reason
        size = file.stat().st_size
        try:
            note_made(file.absolute(), manifest)
        except DatabaseError as error:
            self.stderr.write(f"控えは取れましたが、取ったことを記録できませんでした。{error}")
        self.stdout.write(f"控えを取りました: {file}（{size / 1e6:.1f} MB、画像と発信一覧 {manifest.files}件、"
                          f"監査記録 {manifest.log_number}番まで）")
        self.stdout.write("次のものは、控えに入っていません。控えと別の場所に保管してください。")
        for path, what in kept_apart():
            self.stdout.write(f"  {path}  {what}")
        if settings.KOSHIKI_HOME in file.absolute().parents:
            self.stdout.write("このファイルは KOSHIKI_HOME の中にあります。別のディスクか、別の機械へ写してください。")
