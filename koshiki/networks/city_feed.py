"""市の発信一覧 — the city's own feed: all that it said, on its own pages.

One entry file per delivery, named by its key: written beside, synced, then linked into place, which never
overwrites. Its presence is the look-up. What is taken back lies in a folder beside, for the archive (§4(7)).
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import tempfile
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone

from koshiki import clock, disk
from koshiki.networks.base import (
    CannotTell,
    Content,
    Deletes,
    Field,
    Found,
    LastCheck,
    LooksUp,
    LookUp,
    MediaRules,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Published,
    Publishes,
    Reads,
    SaveStage,
    Shown,
    Stage,
)

_FOREVER = 100 * 366 * 24 * 3600


@dataclass(frozen=True)
class EntryMedia:
    """A picture of an entry; `name` is its file under `media_folder()`."""

    name: str
    mime: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Entry:
    """One publication in the city's feed; `account` is the id of the account in the register."""

    key: str
    account: str
    published_at: datetime
    content: Content
    media: tuple[EntryMedia, ...]


class CityFeed(Publishes, LooksUp, Reads, Deletes):
    key: ClassVar[str] = "city_feed"
    label: ClassVar[str] = "市の発信一覧"
    needs_connection: ClassVar[bool] = False
    lives_here: ClassVar[bool] = True
    settle_seconds: ClassVar[int] = 0

    @property
    def fields(self) -> tuple[Field, ...]:
        return (
            Field("title", "見出し", "line", max=60, required=False),
            Field("text", "本文", "text", max=2000),
            Field("link", "詳しい案内のアドレス", "line", max=500, required=False),
        )

    @property
    def media_rules(self) -> MediaRules:
        return MediaRules(8, ("image/jpeg", "image/png", "image/webp"), 8_000_000, 40_000_000, 1500)

    def remote_id_in(self, address: str) -> str:
        key = address.rpartition("#e-")[2]
        try:
            return str(uuid.UUID(key))
        except ValueError:
            return ""

    def repeatable_for(self) -> int:
        """Always: the entry's name is the key, and an entry that is there is left as it is."""
        return _FOREVER

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        """Puts the pictures beside the entries, under the digest of their bytes."""
        names: list[str] = list(stage.get("media", ()))
        for item in outgoing.media[len(names) :]:
            last_check()
            names.append(_keep_media(item.bytes, item.mime))
            save_stage({"media": list(names)})
        return {"media": names}

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        path = _entry_path(outgoing.key)
        if not path.exists():
            _put(path, _as_bytes(self._entry(outgoing, stage["media"])), last_check)
        return _published(entry(outgoing.key))

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        try:
            seen = entry(outgoing.key)
        except FileNotFoundError:
            there = feed_folder().is_dir()
            return NotFound() if there else CannotTell("発信一覧のフォルダーが見つかりません。")
        except (OSError, ValueError):
            return CannotTell("発信一覧の記事を読み取れません。")
        return Found(seen.key, entry_url(seen.key, seen.published_at), seen.published_at)

    def read(self, remote_id: str) -> Shown | None:
        try:
            seen = entry(remote_id)
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise NotSent("発信一覧の記事を読み取れません。") from None
        alts = tuple(item.alt for item in seen.media)
        url = entry_url(seen.key, seen.published_at)
        return Shown(self.shown_text(seen.content), len(alts), alts, url, seen.published_at)

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        """The entry leaves the feed; `public/` says that it stood there."""
        path, removed = _entry_path(remote_id), feed_folder() / "removed"
        try:
            removed.mkdir(parents=True, exist_ok=True)
            last_check()
            path.replace(removed / path.name)
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise NotSent(f"発信一覧の記事を削除できません（{disk.why(error)}）。") from None

    def _entry(self, outgoing: Outgoing, names: list[str]) -> dict[str, Any]:
        media = [
            {"name": name, "mime": m.mime, "alt": m.alt, "width": m.width, "height": m.height}
            for name, m in zip(names, outgoing.media, strict=True)
        ]
        return {
            "key": outgoing.key,
            "account": self.link.account,
            "published_at": clock.now().astimezone(UTC).isoformat(timespec="seconds"),
            "content": json.loads(self.canonical(outgoing.content)),
            "media": media,
        }


# ---------------------------------------------------------------- what public/ reads


def feed_folder() -> Path:
    return Path(settings.KOSHIKI_FEED)


def media_folder() -> Path:
    return feed_folder() / "media"


def entry(key: str) -> Entry:
    """The entry of this delivery. Raises FileNotFoundError, or OSError, ValueError if unreadable."""
    data = json.loads(_entry_path(key).read_text("utf-8"))
    try:
        media = tuple(EntryMedia(**item) for item in data["media"])
        at = datetime.fromisoformat(data["published_at"])
        return Entry(data["key"], data["account"], at, data["content"], media)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{key} is not an entry: {error}") from None


def entries() -> Iterator[Entry]:
    """All entries, in no order. Half-written files are never among them."""
    for path in (feed_folder() / "entries").glob("*.json"):
        yield entry(path.stem)


def entry_page(at: datetime) -> str:
    """The page of that day, below the public pages' address."""
    return f"feed/{timezone.localtime(at):%Y-%m-%d}.html"


def entry_anchor(key: str) -> str:
    return f"e-{key}"


def entry_url(key: str, at: datetime) -> str:
    """The address of one publication on the city's own pages."""
    return f"{settings.KOSHIKI_PUBLIC_URL.rstrip('/')}/{entry_page(at)}#{entry_anchor(key)}"


# ---------------------------------------------------------------- files


def _entry_path(key: str) -> Path:
    return feed_folder() / "entries" / f"{uuid.UUID(key)}.json"


def _as_bytes(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _published(seen: Entry) -> Published:
    return Published(seen.key, entry_url(seen.key, seen.published_at), seen.published_at)


def _keep_media(data: bytes, mime: str) -> str:
    name = hashlib.sha256(data).hexdigest() + (mimetypes.guess_extension(mime) or "")
    path = media_folder() / name
    if not path.exists():
        _put(path, data, lambda: None)
    return name


def _put(path: Path, data: bytes, last_check: LastCheck) -> None:
    """Written beside, synced, linked into place; one that is there already is left as it is.

    Raises NotSent where the disk refuses before the entry stands, OutcomeUnknown where it refuses after.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    except OSError as error:
        raise NotSent(f"発信一覧に書き込めません（{disk.why(error)}）。") from None
    try:
        _write_synced(handle, data)
        last_check()
        _link(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _write_synced(handle: int, data: bytes) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
    except OSError as error:
        raise NotSent(f"発信一覧に書き込めません（{disk.why(error)}）。") from None


def _link(beside: str, path: Path) -> None:
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    except OSError as error:
        raise NotSent(f"発信一覧に書き込めません（{disk.why(error)}）。") from None
    try:
        _sync(path.parent)
    except OSError as error:
        raise OutcomeUnknown(f"発信一覧に書き込めたか確かめられません（{disk.why(error)}）。") from None


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
