from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from koshiki.audit.log import record
from koshiki.database.models import Installation
from koshiki.networks.credentials import DoesNotOpen, KeyRingTrouble, add_key, drop_keys, key_ring_path
from koshiki.register.rotation import rotate


class Command(BaseCommand):
    help = ("接続の鍵を封じ直します。動かしたまま実行でき、途中で止めてもう一度実行できます。\n"
            "  1. rotate_keys --add    鍵束に新しい鍵を加えます。鍵束のファイルを、すべての機械に写してください。\n"
            "  2. rotate_keys          古い鍵で封じたものを、新しい鍵で封じ直します。\n"
            "  3. rotate_keys --drop   どこにも使われなくなった鍵を、鍵束から除きます。もう一度、写してください。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        step = parser.add_mutually_exclusive_group()
        step.add_argument("--add", action="store_true", help="鍵束に新しい鍵を加える")
        step.add_argument("--drop", action="store_true", help="使われなくなった鍵を除く")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(_added() if options["add"] else _rotated(drop=options["drop"]))
        except (KeyRingTrouble, DoesNotOpen) as trouble:
            raise CommandError(f"鍵束のファイルを確かめてください。{trouble}") from None


def _added() -> str:
    key = add_key(key_ring_path())
    record("keys.add", Installation.objects.get(pk=1), by=None, clause="K-connection", key=key)
    return f"鍵 {key} を加えました。{key_ring_path()} をすべての機械に写してから、rotate_keys を実行してください。"


def _rotated(*, drop: bool) -> str:
    done = rotate()
    if done.resealed:
        record("keys.reseal", Installation.objects.get(pk=1), by=None, clause="K-connection", resealed=done.resealed)
    said = f"{done.resealed}件を封じ直しました（{done.fresh}件は、新しい鍵で封じてありました）。"
    if not done.unneeded:
        return f"{said}鍵束の鍵は、どれも使われています。"
    if not drop:
        return f"{said}使われなくなった鍵: {'、'.join(done.unneeded)}（rotate_keys --drop で除けます）"
    drop_keys(key_ring_path(), done.unneeded)
    record("keys.drop", Installation.objects.get(pk=1), by=None, clause="K-connection", keys="、".join(done.unneeded))
    return f"{said}鍵 {'、'.join(done.unneeded)} を除きました。{key_ring_path()} をすべての機械に写してください。"
