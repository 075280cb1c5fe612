"""用務 — what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Duty:
    """用務 — one thing that waits for one person, with the one button that does it.

    `late` is told by `due` (aware); `clause` is the guideline's id; `action` is the button's word. `clock`: since when a
    clock runs; such a duty stands above all others.
    """

    title: str
    url: str
    clause: str
    action: str
    detail: str = ""
    since: datetime | None = None
    due: datetime | None = None
    urgent: bool = False
    clock: datetime | None = None
