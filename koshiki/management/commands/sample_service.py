from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from koshiki.sample.sns import place


class Command(BaseCommand):
    help = "見本SNSを動かします（見本の投稿が届く、このコンピューターの中だけのサービス）。"

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KOSHIKI_SAMPLE:
            raise CommandError("見本SNSは、見本の中でだけ動きます。")
        server = (sys.executable, "-m", "koshiki.sample.sns.server")
        os.execv(sys.executable, [*server, "--folder", str(place.folder()), "--port", str(place.port())])  # noqa: S606
