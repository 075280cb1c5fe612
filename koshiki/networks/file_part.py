"""A stretch of a file as the body of a request: read while it is sent, never held whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PIECE = 65_536


@dataclass(frozen=True)
class FilePart:
    """`length` bytes of the file from `start` on. Iterated anew, it begins anew."""

    path: Path
    start: int
    length: int

    def __iter__(self) -> Iterator[bytes]:
        """Raises OSError where the file is not there, or ends too early: then the request does not end well either."""
        left = self.length
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left:
                if not (piece := file.read(min(_PIECE, left))):
                    raise OSError("the file is shorter than it was")
                left -= len(piece)
                yield piece
