from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from koshiki.audit.log import verify
from koshiki.audit.models import Head


class Command(BaseCommand):
    help = "監査記録の連鎖を最初から確かめます。切れていれば、その番号と理由を示し、終了コード1で終わります。"

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify()
        if not verdict.holds:
            raise CommandError(f"{verdict.broken_at}番で連鎖が切れています。{verdict.reason}"
                               f"（{verdict.count}件までは正しくつながっています）", returncode=1)
        head = Head.objects.get(pk=1)
        self.stdout.write(f"{verdict.count}件の記録は、正しくつながっています。末尾 {head.number}番 {head.digest or '（なし）'}")
