"""Which setting-up a database has seen: noted on the database itself, so that a restored one tells the truth."""

from __future__ import annotations

import hashlib
import importlib.metadata
from functools import cache
from pathlib import Path

NOTED = "SELECT obj_description(to_regclass('koshiki_installation'), 'pg_class')"
NOTE = "COMMENT ON TABLE koshiki_installation IS {}"


@cache
def version() -> str:
    """Of all that decides what tables and rights a database of koshiki has."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for library in ("django", "procrastinate", "django-axes"):
        digest.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    for path in sorted([*package.glob("migrations/*.py"), *package.glob("database/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
