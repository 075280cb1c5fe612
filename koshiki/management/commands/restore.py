from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from koshiki.backup.archive import BadBackup
from koshiki.backup.restoring import restore
from koshiki.database import roles
from koshiki.database.embedded import make_home
from koshiki.database.ownership import ensure_secret_key, make_folders
from koshiki.database.upgrade import NotFit

NEXT = """\
復元しました。この設置からは、職員が確かめるまで何も発信しません。
 1. 元の設置が、もう発信しないことを確かめてください（動いていれば終わらせます）。
 2. 別に保管していた鍵束を、次の場所に置いてください（所有者だけが読める 0600）。なければ、アカウントをすべてつなぎ直します。
    {keys}{there}
 3. 起動して、情報政策課長かシステム管理の職員が「安全のための停止」（{url}）で確認してください。
    発信日時を過ぎていた配信は、確認の後、発信されたかどうかをサービスに調べに行きます。"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "控えから、空のデータベースと空の KOSHIKI_HOME に復元します。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="manage.py backup で取った控え")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        make_home(settings.KOSHIKI_HOME)
        try:
            verdict = restore(file.absolute(), say=self.stdout.write)
            ensure_secret_key()
            make_folders()
            roles.refuse_if_log_can_change()
        except (BadBackup, NotFit, roles.LogCouldChange) as reason:
            raise CommandError(str(reason)) from reason
        there = "（あります）" if Path(settings.KOSHIKI_KEY_RING).is_file() else "（まだありません）"
        page = urljoin(settings.KOSHIKI_URL, reverse("safety_stops"))
        self.stdout.write(NEXT.format(keys=settings.KOSHIKI_KEY_RING, there=there, url=page))
        if not verdict.holds:
            raise CommandError(f"監査記録が、{verdict.broken_at}番で正しくつながっていません。{verdict.reason}"
                               "別の控えも確かめてください。この設置は、確認されるまで何も発信しません。")
        self.stdout.write(f"監査記録 {verdict.count}件は、正しくつながっています。")
