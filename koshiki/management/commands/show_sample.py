from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from koshiki.sample.place import told, told_once
from koshiki.sample.sns import place


class Command(BaseCommand):
    help = "見本の職員とパスワード、見本SNSの場所を表示します。"

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [row for row in told("person") if "shown" in row]
        self.stdout.write("\n見本の職員（パスワードはどの人も同じです）")
        for row in rows:
            self.stdout.write(f"  {row['number']}  {row['name']}　{row['shown']}")
        self.stdout.write(f"{told_once()}\n見本SNS: {place.address()}/")
