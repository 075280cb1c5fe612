"""Films from people: cleaned in a process of its own so that picture and sound alone are left, kept by content (K-media).

A leaf: it knows neither the guideline nor the database. What comes in is whatever somebody uploaded, and what takes it
apart is a large library in C: so that is done by `cleaning.py`, in a process that holds no secret, with bounded memory,
time and room (docs/decisions/films.md). Nothing is encoded anew, and nothing is ever held whole in memory.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from koshiki import store
from koshiki.films.cleaning import FIRST_BOXES, UNREADABLE
from koshiki.store import BadMedium, Kept

ACCEPT = "video/mp4,video/quicktime"
MIME = "video/mp4"
SECONDS = 240
"""The longest that the cleaning may take: koshiki's web server is asked to wait a little longer (deploy/nginx)."""

_PICTURES = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}  # in a film's box all the same
_CLEANING = Path(__file__).with_name("cleaning.py")
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")

log = logging.getLogger(__name__)


class BadFilm(BadMedium):
    """A film that is not taken."""


def max_bytes() -> int:
    """The largest that is taken, by the installation's own setting."""
    return int(settings.KOSHIKI_FILM_MB) * 1_000_000


def too_large() -> BadFilm:
    return BadFilm(f"動画は{settings.KOSHIKI_FILM_MB:,}MBまでです。短くするか、画質を下げて書き出してから選び直してください。")


def looks_like_one(head: bytes) -> bool:
    """Do these first bytes begin a film as telephones and cameras write them?"""
    return head[4:8] in FIRST_BOXES and head[8:12] not in _PICTURES


def keep(file: IO[bytes]) -> Kept:
    """Clean and store a film that lies in a file on disk. Raises BadFilm."""
    try:
        with store.beside() as film, store.beside() as poster:
            facts = _cleaned(file, film, poster)
            size = film.stat().st_size
            return Kept(store.put_file(film), MIME, facts["width"], facts["height"], size, facts["milliseconds"],
                        store.put_file(poster))
    except OSError as error:
        raise BadFilm(store.unwritten("動画", error)) from error


def _cleaned(file: IO[bytes], film: Path, poster: Path) -> dict[str, Any]:
    """Film and poster are written; width, height and milliseconds. Raises BadFilm, OSError."""
    said = _said(file, film, poster)
    if "errno" in said:
        raise OSError(said["errno"], os.strerror(said["errno"]))
    if "bad" in said:
        raise BadFilm(said["bad"])
    return said


def _said(file: IO[bytes], film: Path, poster: Path) -> dict[str, Any]:
    """What the cleaning said at its end; whatever made it end otherwise lay in the film."""
    file.seek(0)
    surroundings = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    command = [sys.executable, "-I", "-X", "utf8", str(_CLEANING), str(film), str(poster), str(max_bytes())]
    try:
        done = subprocess.run(command, stdin=file, capture_output=True, env=surroundings, timeout=SECONDS, check=False)
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise BadFilm("動画の処理が時間内に終わりません。短くするか、書き出し直してから選び直してください。") from None
    except ValueError:
        log.warning("a film ended its cleaning: %s %s", done.returncode, done.stderr[-500:])
        raise BadFilm(UNREADABLE) from None
    return said if isinstance(said, dict) else {"bad": UNREADABLE}
