"""What 見本SNS keeps: accounts, posts and pictures, in one SQLite file."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    handle TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', token TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS application (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, redirect_uri TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS grant_code (
    code TEXT PRIMARY KEY, application TEXT NOT NULL, handle TEXT NOT NULL, challenge TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS media (
    id INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL, mime TEXT NOT NULL, alt TEXT NOT NULL,
    body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS status (
    id INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL, text TEXT NOT NULL, media TEXT NOT NULL,
    at TEXT NOT NULL);
"""


class Duplicate(Exception):
    """The account's newest post says the same."""


class Store:
    """One connection, used by one request at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(folder / "sns.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    def ask(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def change(self, query: str, *values: Any) -> int:
        with self._lock:
            return self._db.execute(query, values).lastrowid or 0

    # Accounts

    def accounts(self) -> list[sqlite3.Row]:
        return self.ask("SELECT * FROM account ORDER BY handle")

    def account(self, handle: str) -> sqlite3.Row | None:
        return next(iter(self.ask("SELECT * FROM account WHERE handle = ?", handle)), None)

    def holder(self, token: str) -> sqlite3.Row | None:
        return next(iter(self.ask("SELECT * FROM account WHERE token = ?", token)), None)

    def make_account(self, handle: str, name: str, note: str = "") -> str:
        """Make an account, or change its name and profile. Returns its token."""
        self.change(
            "INSERT INTO account (handle, name, note, token) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (handle) DO UPDATE SET name = excluded.name, note = excluded.note",
            handle, name, note, secrets.token_urlsafe(32))
        return str(self.ask("SELECT token FROM account WHERE handle = ?", handle)[0]["token"])

    # Posts

    def publish(self, handle: str, text: str, media: list[str], at: datetime | None = None) -> sqlite3.Row:
        """Raises Duplicate where the newest post of the account says the same."""
        newest = self.statuses(handle, 1)
        if newest and newest[0]["text"] == text:
            raise Duplicate
        number = self.change("INSERT INTO status (handle, text, media, at) VALUES (?, ?, ?, ?)", handle, text,
                             ",".join(media), (at or datetime.now(UTC)).isoformat(timespec="milliseconds"))
        return self.ask("SELECT * FROM status WHERE id = ?", number)[0]

    def edit(self, number: int, text: str) -> None:
        self.change("UPDATE status SET text = ? WHERE id = ?", text, number)

    def delete(self, number: int) -> None:
        self.change("DELETE FROM status WHERE id = ?", number)

    def statuses(self, handle: str, count: int = 40, before: int = 2**62) -> list[sqlite3.Row]:
        return self.ask("SELECT * FROM status WHERE handle = ? AND id < ? ORDER BY id DESC LIMIT ?",
                        handle, before, count)

    def timeline(self, count: int = 50) -> list[sqlite3.Row]:
        return self.ask("SELECT * FROM status ORDER BY id DESC LIMIT ?", count)

    def status(self, number: int) -> sqlite3.Row | None:
        return next(iter(self.ask("SELECT * FROM status WHERE id = ?", number)), None)

    def keep_media(self, handle: str, mime: str, alt: str, body: bytes) -> int:
        return self.change("INSERT INTO media (handle, mime, alt, body) VALUES (?, ?, ?, ?)", handle, mime, alt, body)

    def media(self, number: int) -> sqlite3.Row | None:
        return next(iter(self.ask("SELECT * FROM media WHERE id = ?", number)), None)
