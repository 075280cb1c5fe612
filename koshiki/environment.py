"""環境変数 — all that a city sets comes from the environment, and every variable is read here.

What cannot be used ends the start, in a sentence for each: the variable, what is wrong with it, what belongs there.
docs/operations.md has the table of all of them.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url

T = TypeVar("T")
_faults: list[str] = []


def refuse_faults() -> None:
    """Ends the process, naming every variable that could not be used; called once all were read."""
    if _faults:
        sys.exit("\n".join([*_faults, "起動しません。設定の一覧は docs/operations.md にあります。"]))


def _read(name: str, default: T, parse: Callable[[str], T], wanted: str) -> T:
    """The variable as `parse` understands it; the default where it is not set, or (noted) not understood."""
    given = os.environ.get(name, "").strip()
    if not given:
        return default
    try:
        return parse(given)
    except (ValueError, OSError, RuntimeError):
        shown = given if _may_be_shown(name) else "（秘密のため表示しません）"
        _faults.append(f"{name} の値「{shown}」は使えません。{wanted}を書いてください。")
        return default


def _may_be_shown(name: str) -> bool:
    return not any(word in name for word in ("PASSWORD", "SECRET", "TOKEN", "DATABASE", "MIGRATE", "PROXY", "WEBHOOK"))


def text(name: str, default: str = "") -> str:
    """Whatever stands there."""
    return _read(name, default, str, "文字")


def number(name: str, default: int, *, least: int = 1, most: int) -> int:
    """A whole number within bounds."""
    def parse(given: str) -> int:
        value = int(given)
        if not least <= value <= most:
            raise ValueError(given)
        return value

    return _read(name, default, parse, f"{least} から {most} までの整数")


def switch(name: str) -> bool:
    """1 or 0; off without it."""
    return _read(name, False, lambda given: given == "1" if given in ("0", "1") else _no(given), "1 か 0 ")


def names(name: str, default: str) -> list[str]:
    """Words with commas between them."""
    return _read(name, _split(default), _split, "コンマで区切った名前")


def networks(name: str, default: str = "") -> tuple[str, ...]:
    """Networks (CIDR) with commas between them."""
    def parse(given: str) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(part)) for part in _split(given))

    return _read(name, parse(default), parse, "192.0.2.0/24 の形のネットワーク（複数はコンマで区切る。ホスト部は 0）")


def address(name: str, default: str, *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """The address of pages or of a proxy."""
    def parse(given: str) -> str:
        parts = urlsplit(given)
        usable = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
        return given if usable and not parts.query and not parts.fragment else _no(given)

    return _read(name, default, parse, f"{schemes[-1]}://ホスト名/ の形のアドレス")


def webhook(name: str) -> str:
    """The address that a chat gave out for messages: a secret, with a query perhaps. Empty without it."""
    def parse(given: str) -> str:
        parts = urlsplit(given)
        return given if parts.scheme in ("http", "https") and parts.hostname and not parts.fragment else _no(given)

    return _read(name, "", parse, "https://ホスト名/… の形のアドレス")


def folder(name: str, default: Path) -> Path:
    """A folder's absolute path; it need not be there yet."""
    def parse(given: str) -> Path:
        path = Path(given).expanduser().absolute()
        return path if path.is_dir() or not path.exists() else _no(given)

    return _read(name, default, parse, "フォルダーのパス")


def file(name: str, default: Path, *, there: bool = False) -> Path:
    """A file's path; `there`: it must be one already."""
    def parse(given: str) -> Path:
        path = Path(given).expanduser().absolute()
        return path if path.is_file() or not (there or path.exists()) else _no(given)

    return _read(name, default, parse, "ファイルのパス")


def database(name: str) -> Mapping[str, Any]:
    """The address of a PostgreSQL database, taken apart; empty without it."""
    def parse(given: str) -> Mapping[str, Any]:
        found = dj_database_url.parse(given)
        whole = given.startswith(("postgres://", "postgresql://")) and found["NAME"] and found["USER"]
        return found if whole else _no(given)

    return _read(name, {}, parse, "postgres://役割:パスワード@ホスト名/データベース名 ")


def spans(name: str) -> dict[str, str]:
    """Spans of time by name, in seconds: `lease=60,settle=150`."""
    def parse(given: str) -> dict[str, str]:
        pairs = [part.split("=", 1) for part in _split(given)]
        return {key.strip(): seconds for key, seconds in pairs if float(seconds) >= 0 or _no(given)}

    return _read(name, {}, parse, "lease=60,settle=150 の形の秒数")


def _split(given: str) -> list[str]:
    return [part.strip() for part in given.split(",") if part.strip()]


def _no(given: str) -> Any:
    raise ValueError(given)
