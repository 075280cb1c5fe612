"""公開の置き場 — where services that fetch media themselves find them: approved bytes only, under a name nobody can guess.

The web server shows the folder as `m/` below the public address. A file is laid there when its delivery is carried,
under the same name at every try, and goes when the service needs it no more.
"""

from __future__ import annotations

import mimetypes
import os
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac

from koshiki import clock, disk
from koshiki.networks.base import Media, Network, NotSent, Outgoing

LONGEST = timedelta(days=60)  # what readers' apps still fetch from a message; then it is old news


def folder() -> Path:
    return Path(settings.KOSHIKI_PUBLIC_DIR) / "staging"


def is_reachable() -> bool:
    """Can a service fetch from the city's public address? They all ask for https."""
    return urlsplit(settings.KOSHIKI_PUBLIC_URL).scheme == "https"


def staged(outgoing: Outgoing, network: Network) -> Outgoing:
    """The same, its media where the service can fetch them. Raises NotSent where the disk refuses."""
    if not network.fetches_media:
        return outgoing
    try:
        return replace(outgoing, media=tuple(_laid(item, outgoing.key) for item in outgoing.media))
    except OSError as error:
        raise NotSent(f"画像や動画を公開の置き場に置けません（{disk.why(error)}）。") from None


def fetched(outgoing: Outgoing, network: Network) -> None:
    """It is out: where nobody fetches any more, the media go."""
    if network.fetches_media and not network.keeps_fetching:
        for item in outgoing.media:
            (folder() / _name(item, outgoing.key)).unlink(missing_ok=True)


def clear_old() -> None:
    """What nobody needs after so long, whatever became of its delivery."""
    before = (clock.now() - LONGEST).timestamp()
    for path in folder().iterdir() if folder().is_dir() else ():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _laid(item: Media, key: str) -> Media:
    """Written beside, then put in place whole, readable by the web server."""
    name = _name(item, key)
    if not (folder() / name).exists():
        folder().mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=folder(), prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as target, item.path.open("rb") as source:
                shutil.copyfileobj(source, target)
                os.fchmod(target.fileno(), 0o644)
            Path(beside).replace(folder() / name)
        finally:
            Path(beside).unlink(missing_ok=True)
    return replace(item, public_url=urljoin(settings.KOSHIKI_PUBLIC_URL, f"m/{name}"))


def _name(item: Media, key: str) -> str:
    """The same at every try, and for nobody else to reckon."""
    secret = salted_hmac("koshiki.posts.staging", f"{key} {item.path.name}", algorithm="sha256").hexdigest()
    return secret[:40] + (mimetypes.guess_extension(item.mime) or "")
