"""公開用の写し — the public pages as files that any web server can show.

`releases/<n>` holds one whole copy; the link `current`, which alone is the web server's root, is flipped to it
when it is complete, so that no reader sees half of one. What did not change is the same file in both (hard links).
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection

from koshiki import clock
from koshiki.audit.models import Head
from koshiki.public import pictures, register, site
from koshiki.public.facts import Facts, facts
from koshiki.public.models import PublicCopy
from koshiki.public.release import Release

KEPT = 3
_LOCK = 0x6B6F7368  # one writer at a time, on whatever host


def refresh() -> PublicCopy | None:
    """Write the copy anew if what it shows has changed; None if it is up to date, or another is writing it.

    What fails is kept on the row, where staff see it, and raised.
    """
    with _alone() as alone:
        if not alone:
            return None
        copy, root = last(), Path(settings.KOSHIKI_PUBLIC_DIR)
        head = Head.objects.get(pk=1).number  # before reading: what comes later brings us back
        if copy.entry == head and not copy.error and (root / "current").is_dir():
            return None
        try:
            return _brought_up(copy, root, head)
        except Exception as error:
            PublicCopy.objects.update_or_create(pk=1, defaults={"error": _reason(error)})
            raise


def last() -> PublicCopy:
    """The row that says what the copy shows."""
    return PublicCopy.objects.filter(pk=1).first() or PublicCopy(pk=1)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        alone: bool = cursor.fetchone()[0]
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _brought_up(copy: PublicCopy, root: Path, head: int) -> PublicCopy | None:
    now = facts()
    changed = now.digest != copy.digest or not (root / "current").is_dir()
    if changed:
        copy.release = write(root, now)
        copy.digest, copy.written_at = now.digest, clock.now()
    copy.entry, copy.error = head, ""
    copy.save()
    return copy if changed else None


_CURES = {
    errno.ENOSPC: "ディスクに空きがありません。空きを作ると、自動で書き直します",
    errno.EDQUOT: "ディスクの割当てを使い切りました。空きを作ると、自動で書き直します",
    errno.EACCES: "フォルダーに書き込む権限がありません。koshiki を動かすシステムアカウントに権限を与えてください",
    errno.EPERM: "フォルダーに書き込む権限がありません。koshiki を動かすシステムアカウントに権限を与えてください",
    errno.EROFS: "書き込めないディスクです。書き込めるようにするか、KOSHIKI_PUBLIC_DIR に別の場所を書いてください",
}


def _reason(error: Exception) -> str:
    """Why it could not be written, and what to do about it."""
    if isinstance(error, OSError):
        what = _CURES.get(error.errno or 0, f"{error.strerror or error}。この場所を確かめてください")
        return f"{what}（{error.filename or settings.KOSHIKI_PUBLIC_DIR}）。"[:300]
    return f"{type(error).__name__}: {error}"[:300]


# ---------------------------------------------------------------- one release


def write(root: Path, now: Facts) -> int:
    """Write the next release below `root`, make it current, and drop what is too old. Returns its number."""
    releases = root / "releases"
    for folder in (root, releases, root / "staging"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    number = max(_numbers(releases), default=0) + 1
    making = releases / f".{number}"
    shutil.rmtree(making, ignore_errors=True)
    try:
        _fill(Release(making, (root / "current").resolve()), now)
        making.rename(releases / str(number))
    except OSError:
        shutil.rmtree(making, ignore_errors=True)  # what is half written only fills the disk
        raise
    _point(root / "current", Path("releases") / str(number))
    _prune(releases, number)
    return number


def _fill(release: Release, now: Facts) -> None:
    """Only what changed is drawn; the rest is the release before's."""
    known, digests = _digests_of(release.before), {path: now.of(path) for path in site.paths(now)}
    changed = [path for path, digest in digests.items() if known.get(path) != digest or not release.share(path)]
    with register.read_once():
        for path, body in site.bodies(changed):
            release.put(path, body)
    release.put("404.html", site.lost(urlsplit(settings.KOSHIKI_PUBLIC_URL).path).body)
    for name in site.ASSETS:
        release.put(f"assets/{name}", asset(name).read_bytes())
    for name in pictures.names():  # named by their content: one of the same name is the same
        if not release.share(f"media/{name}") and (source := pictures.find(name)):
            release.put(f"media/{name}", source.read_bytes())
    release.link("m", Path("../../staging"))
    release.settle()
    _digests_file(release.folder).write_text(json.dumps(digests))


def asset(name: str) -> Path:
    """The file of a style sheet, script or mark."""
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found)


def _digests_file(release: Path) -> Path:
    """What the pages of a release stand for; beside it, since what the web server shows holds only pages."""
    return release.with_name(f"{release.name.lstrip('.')}.json")


def _digests_of(release: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(_digests_file(release).read_text())
    except (OSError, ValueError):
        return {}
    return found


def _point(link: Path, target: Path) -> None:
    beside = link.with_name(".current")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)


def _prune(releases: Path, number: int) -> None:
    """Keep the last three; those that hold an account which is no longer listed go at once (§7(2))."""
    listed = _accounts_in(releases / str(number))
    for old in _numbers(releases):
        if old <= number - KEPT or not _accounts_in(releases / str(old)) <= listed:
            shutil.rmtree(releases / str(old), ignore_errors=True)
            _digests_file(releases / str(old)).unlink(missing_ok=True)


def _accounts_in(release: Path) -> set[str]:
    return {path.parent.name for path in (release / "accounts").glob("*/index.html")}


def _numbers(releases: Path) -> list[int]:
    return [int(path.name) for path in releases.iterdir() if path.name.isdigit()]
