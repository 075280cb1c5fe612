from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from koshiki.desk.trace.report import Row, document, trace


class Command(BaseCommand):
    help = "ガイドラインの条ごとに、それを担う規則と、それを示す試験を並べます。"

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--json", action="store_true", help="JSON で")
        how.add_argument("--markdown", action="store_true", help="docs/guideline-map.md の形で")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = trace()
        if options["json"]:
            self.stdout.write(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1))
        elif options["markdown"]:
            self.stdout.write(document(rows), ending="")
        else:
            for row in rows:
                self.stdout.write(_line(row))


def _line(row: Row) -> str:
    lacks = f"　不足: {'、'.join(row.lacks)}" if row.lacks else ""
    return (f"{row.clause.id}\t{row.clause.handling}\t{row.word}\t規則 {len(row.rules)}\t試験 {len(row.evidence.tests)}"
            f"\t拒否 {row.evidence.refused}\t記録 {row.evidence.recorded}{lacks}")
