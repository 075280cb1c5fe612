"""An installation of its own: a data folder with its embedded database, thrown away unless it is to be kept."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@contextlib.contextmanager
def installation(keep: str = "") -> Iterator[Path]:
    """Django set up on the installation in the folder `keep`, or in one that is thrown away; its database runs.

    Exits where DATABASE_URL is set: measurements work on databases that they make themselves, and on no other.
    """
    if "DATABASE_URL" in os.environ:
        raise SystemExit("DATABASE_URL is set: this works on databases that it makes itself, and on no other.")
    with contextlib.ExitStack() as stack:
        home = Path(keep).resolve() if keep else _thrown_away(stack)
        os.environ |= {"KOSHIKI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "koshiki.settings", "PYTHONUTF8": "1",
                       "KOSHIKI_SECRET_KEY": "for measurements only"}
        from koshiki.database.embedded import Cluster

        stack.enter_context(Cluster(home).running())
        import django
        from django.core.management import call_command

        django.setup()
        call_command("setup_database", stdout=sys.stderr)
        yield home


def _thrown_away(stack: contextlib.ExitStack) -> Path:
    made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="koshiki-city-")))
    made.chmod(0o711)  # the embedded server's own account must be able to pass
    return made / "home"
