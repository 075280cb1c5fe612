"""What the tests showed: written by the suite (tests/trace.py) into `docs/trace-tests.json`, read here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from koshiki.desk.trace.rules import ROOT

FILE = ROOT / "docs/trace-tests.json"


@dataclass(frozen=True)
class Evidence:
    """証 — of one clause: the marked tests that passed, and in how many tests it refused and was recorded."""

    tests: tuple[str, ...] = ()
    refused: int = 0
    recorded: int = 0


@cache
def evidence(file: Path = FILE) -> dict[str, Evidence]:
    """The evidence by clause; empty where the suite's results were not delivered along."""
    if not file.is_file():
        return {}
    raw = json.loads(file.read_text(encoding="utf-8"))
    return {clause: Evidence(tuple(e["tests"]), e["refused"], e["recorded"]) for clause, e in raw.items()}
