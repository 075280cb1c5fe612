"""版 — one whole copy of the public pages while it is being written, beside the one that citizens read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_EACH = 200  # so many files are synced one by one; of more, the whole disk at once is quicker


class Release:
    """Writes into `folder`. What did not change is the same file as in `before` (hard links), not a copy."""

    def __init__(self, folder: Path, before: Path) -> None:
        self.folder, self.before = folder, before
        self._made: set[Path] = set()
        self._written: list[Path] = []

    def share(self, path: str) -> bool:
        """The file of the release before; False if it has none."""
        target = self._place(path)
        try:
            os.link(self.before / path, target)
        except FileNotFoundError:
            return False
        except OSError:  # a file system without links
            shutil.copy2(self.before / path, target)
        return True

    def put(self, path: str, body: bytes) -> None:
        """A file with this content; the same file as in the release before, if that has the same."""
        before = self.before / path
        if before.is_file() and before.read_bytes() == body and self.share(path):
            return
        target = self._place(path)
        with target.open("wb") as file:
            file.write(body)
            os.fchmod(file.fileno(), 0o644)
        self._written.append(target)

    def link(self, name: str, target: Path) -> None:
        (self.folder / name).symlink_to(target)

    def settle(self) -> None:
        """All that was written is on the disk: a power cut after this leaves no page empty."""
        if len(self._written) > _EACH:
            os.sync()
            return
        for path in self._written:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _place(self, path: str) -> Path:
        target = self.folder / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        return target
