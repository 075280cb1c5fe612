"""Is this data folder the one of this database, and the database no older than what the folder has seen? (K-restore)

Three things tell a copy: another identity in the folder (`manage.py restore` lays one; so does mixing two
installations); a log that lacks the entry which this folder saw last (a database set back, by whatever means);
a folder that lies on another machine or at another place than when it was last used (a clone).
What none of them can tell stands in docs/reliability.md.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from koshiki import clock, disk
from koshiki.database.models import Installation
from koshiki.database.roles import ENTRIES, HEAD

CONFIRMED = "installation.confirm"  # the act by which a person says that this database is the one that sends
_THERE = f"EXISTS (SELECT FROM {ENTRIES} WHERE number = %s AND digest = %s)"
_SINCE = f"EXISTS (SELECT FROM {ENTRIES} WHERE verb = '{CONFIRMED}' AND at > %s)"
_NOBODY = uuid.UUID(int=0)
log = logging.getLogger("koshiki.database")


@dataclass(frozen=True)
class Seen:
    """足跡 — the log's last entry when this folder was last used, and where and when that was."""

    number: int
    digest: str
    place: str
    at: str


def note() -> Path:
    """The folder's own copy of the identity; the same on every host of the installation."""
    return Path(settings.KOSHIKI_HOME) / "installation"


def _footprint() -> Path:
    """What this one host has seen; never to be copied to another."""
    return Path(settings.KOSHIKI_HOME) / "installation.seen"


def is_this_installation() -> bool:
    """Whether this folder may send for this database; in a restored copy or a clone it may not."""
    return same_installation().exists()


def same_installation() -> QuerySet[Installation]:
    """The database's row, if all agrees; to be asked within another query, in the moment of sending."""
    mine, seen = Installation.objects.filter(pk=1, identity=_noted()), _seen()
    if seen is None:
        return mine
    agrees = RawSQL(f"((%s AND {_THERE}) OR {_SINCE})", [  # noqa: S611
        seen.place == _place(), seen.number, seen.digest, datetime.fromisoformat(seen.at)], BooleanField())
    return mine.alias(agrees=agrees).filter(agrees=True)


def doubt() -> str:
    """Why this folder may not send, in a sentence for staff; empty where it may."""
    if is_this_installation():
        return ""
    seen = _seen()
    if not Installation.objects.filter(pk=1, identity=_noted()).exists():
        return "データベースとデータのフォルダーが、別の設置のものです（控えからの復元か、写しです）。"
    if seen and seen.place != _place():
        return "データのフォルダーが、これまでと別の機械か、別の場所にあります（写しのおそれがあります）。"
    return f"データベースが、これまでより前の状態に戻っています（記録{seen.number if seen else 0}番が失われています）。"


def note_seen() -> None:
    """Remember the log's end, if this is the installation; called every few seconds. A full disk only delays it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, digest FROM {HEAD} WHERE id = 1")  # noqa: S608
        number, digest = cursor.fetchone() or (0, "")
    before = _seen()
    if not number or (before and (before.number, before.digest, before.place) == (number, digest, _place())):
        return
    try:
        disk.keep(_footprint(), json.dumps(asdict(Seen(number, digest, _place(), clock.now().isoformat()))))
    except OSError as error:
        log.warning("%s を書けません（%s）。", _footprint(), disk.why(error))


def lay(identity: uuid.UUID) -> None:
    """Make the folder this installation's: a person has confirmed it, or the database was made here."""
    disk.keep(note(), str(identity))
    _footprint().unlink(missing_ok=True)


def _noted() -> uuid.UUID:
    try:
        return uuid.UUID(note().read_text().strip())
    except (OSError, ValueError):
        return _NOBODY


def _seen() -> Seen | None:
    """None where nothing was seen yet, or nothing that can be read: a host that is new."""
    try:
        return Seen(**json.loads(_footprint().read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _place() -> str:
    """This machine and this folder, as a digest: the machine's own id is nobody else's business."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = ""
    return hashlib.sha256(f"{machine} {Path(settings.KOSHIKI_HOME).resolve()}".encode()).hexdigest()[:32]
