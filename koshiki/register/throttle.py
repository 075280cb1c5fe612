"""How often somebody may be wrong within a minute, kept by this process alone: what is asked at no cost is refused at none."""

from __future__ import annotations

import threading
import time


class Throttle:
    """Counts what was wrong, by whom; whoever reached `most` within `seconds` is shut out until these are over.

    It remembers so many at once and no more: a stranger with many addresses takes no memory.
    """

    def __init__(self, most: int = 60, seconds: float = 60, remembered: int = 10_000) -> None:
        self._most, self._seconds, self._remembered = most, seconds, remembered
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def wrong(self, who: str) -> None:
        """Once more."""
        with self._lock:
            if len(self._counts) >= self._remembered:
                self._counts.clear()
            since, count = self._of(who)
            self._counts[who] = (since, count + 1)

    def shuts_out(self, who: str) -> bool:
        with self._lock:
            return self._of(who)[1] >= self._most

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()

    def _of(self, who: str) -> tuple[float, int]:
        now = time.monotonic()
        since, count = self._counts.get(who, (now, 0))
        return (since, count) if now - since < self._seconds else (now, 0)
