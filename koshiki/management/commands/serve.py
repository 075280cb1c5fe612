from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from koshiki.management import supervisor


class Command(BaseCommand):
    requires_system_checks = ()
    help = "データベース、ウェブサーバー、ワーカーを起動し、見守ります（script/server が使います）。"

    def add_arguments(self, parser: CommandParser) -> None:
        supervisor.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        # The supervisor itself needs nothing of Django: in a process of its own it stays small.
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "koshiki.management.supervisor", *sys.argv[2:]])  # noqa: S606
