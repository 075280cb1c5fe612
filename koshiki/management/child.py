"""A process that the supervisor keeps running, and how such a process notices that the supervisor is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from koshiki import settings

PARENT = "KOSHIKI_PARENT_FD"  # the reading end of a pipe that the supervisor alone holds open
PATIENCE = 20  # seconds that an orphan or a stopped process has to end in order
FIRST_PAUSE, LONGEST_PAUSE, SETTLED = 0.5, 30.0, 60.0


class Child:
    """One process in a session of its own; restarted when it dies, with growing pauses."""

    def __init__(self, label: str, command: Sequence[str], *, environment: Mapping[str, str],
                 inherited: Sequence[int], say: Callable[[str], None]) -> None:
        self.label, self.command, self.environment = label, command, environment
        self.inherited, self.say = inherited, say
        self.process: subprocess.Popen[bytes] | None = None
        self._started, self._pause, self._due = 0.0, FIRST_PAUSE, 0.0

    def start(self) -> None:
        """Start it now."""
        self.process = subprocess.Popen(
            self.command, env=dict(self.environment), pass_fds=self.inherited, start_new_session=True,
            cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL)
        self._started = time.monotonic()

    def tend(self) -> None:
        """Start it again if it died; called often."""
        if self.process is None:
            if time.monotonic() >= self._due:
                self.start()
        elif self.process.poll() is not None:
            self._note_death(self.process.returncode)

    def _note_death(self, code: int) -> None:
        if time.monotonic() - self._started > SETTLED:
            self._pause = FIRST_PAUSE
        how = f"シグナル {-code}" if code < 0 else f"終了コード {code}"
        self.say(f"{self.label}が止まりました（{how}）。{self._pause:g} 秒後に起動し直します。")
        self.kill()
        self.process = None
        self._due, self._pause = time.monotonic() + self._pause, min(self._pause * 2, LONGEST_PAUSE)

    def ask_to_end(self) -> None:
        """The orderly end: what is under way is finished."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait until it ended, not beyond `deadline` (monotonic); then end it and all that it started."""
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.1, deadline - time.monotonic()))
            self.kill()

    def kill(self) -> None:
        """End the whole session of the process at once, also when the process itself is gone already."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def end_with_parent() -> None:
    """In a child: end in order when the supervisor is gone, and after a while in any way."""
    if PARENT in os.environ:
        threading.Thread(target=_wait_for_parent, args=[int(os.environ[PARENT])], daemon=True).start()


def _wait_for_parent(descriptor: int) -> None:
    os.read(descriptor, 1)  # returns when the last holder of the writing end is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os.killpg(0, signal.SIGKILL)
